package standins

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
)

// CheckoutOptions describe a paid checkout.
type CheckoutOptions struct {
	// Seed makes the ids: "cs_test_SEED". Equal options give equal checkouts.
	Seed        string
	Created     time.Time
	Live        bool
	Email, Name string
	Currency    string
	Items       []Item
	// Metadata is the session's.
	Metadata map[string]string
	// Subscription sells a month that renews itself.
	Subscription bool
}

// Item is one line item of a checkout.
type Item struct {
	Name       string
	Quantity   int
	UnitAmount int // in the currency's smallest unit
	// Metadata is the price's.
	Metadata map[string]string
}

// Checkout is a paid Checkout Session as Stripe's API shows it, and its line
// items with expanded products. One whose items cost nothing needs no payment.
// A subscription is expanded.
func Checkout(o CheckoutOptions) (session map[string]any, items []map[string]any) {
	mode := "test"
	if o.Live {
		mode = "live"
	}
	total := 0
	for i, item := range o.Items {
		total += item.Quantity * item.UnitAmount
		items = append(items, lineItem(o, i, item))
	}
	session = map[string]any{
		"id": "cs_" + mode + "_" + o.Seed, "object": "checkout.session", "amount_subtotal": total, "amount_total": total,
		"client_reference_id": nil, "created": o.Created.Unix(), "currency": o.Currency, "custom_fields": []any{}, "customer": nil,
		"customer_details": map[string]any{
			"address": map[string]any{"city": nil, "country": "DE", "line1": nil, "line2": nil, "postal_code": nil, "state": nil},
			"email":   o.Email, "name": o.Name, "phone": nil, "tax_exempt": "none", "tax_ids": []any{},
		},
		"customer_email": nil, "expires_at": o.Created.Add(24 * time.Hour).Unix(), "invoice": nil, "livemode": o.Live, "locale": nil,
		"metadata": metadata(o.Metadata), "mode": "payment", "payment_intent": "pi_" + o.Seed, "payment_link": nil,
		"payment_method_types": []any{"card"}, "payment_status": "paid", "status": "complete", "subscription": nil,
		"success_url": "https://example.com/success", "total_details": map[string]any{"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode": "hosted_page", "url": nil,
	}
	switch {
	case o.Subscription:
		session["mode"], session["payment_intent"], session["customer"], session["invoice"] = "subscription", nil, "cus_"+o.Seed, "in_"+o.Seed
		session["subscription"] = subscription(o, items)
	case total == 0:
		session["payment_intent"], session["payment_status"] = nil, "no_payment_required"
	}
	return session, items
}

// subscription is as it is since basil: its items say which month is paid for.
func subscription(o CheckoutOptions, items []map[string]any) map[string]any {
	var data []any
	for i, item := range items {
		price, _ := item["price"].(map[string]any)
		price["recurring"], price["type"] = map[string]any{"interval": "month", "interval_count": 1, "usage_type": "licensed"}, "recurring"
		data = append(data, map[string]any{
			"id": fmt.Sprintf("si_%s_%d", o.Seed, i+1), "object": "subscription_item", "created": o.Created.Unix(), "metadata": map[string]any{}, "price": price,
			"quantity": item["quantity"], "current_period_start": o.Created.Unix(), "current_period_end": o.Created.AddDate(0, 1, 0).Unix(),
		})
	}
	return map[string]any{
		"id": "sub_" + o.Seed, "object": "subscription", "cancel_at_period_end": false, "created": o.Created.Unix(), "currency": o.Currency,
		"customer": "cus_" + o.Seed, "items": map[string]any{"object": "list", "has_more": false, "data": data}, "latest_invoice": "in_" + o.Seed,
		"livemode": o.Live, "metadata": map[string]any{}, "start_date": o.Created.Unix(), "status": "active",
	}
}

func lineItem(o CheckoutOptions, i int, item Item) map[string]any {
	amount := item.Quantity * item.UnitAmount
	product := map[string]any{
		"id": fmt.Sprintf("prod_%s_%d", o.Seed, i+1), "object": "product", "active": true, "created": o.Created.Unix(), "description": nil,
		"images": []any{}, "livemode": o.Live, "metadata": map[string]any{}, "name": item.Name, "type": "service",
	}
	price := map[string]any{
		"id": fmt.Sprintf("price_%s_%d", o.Seed, i+1), "object": "price", "active": true, "billing_scheme": "per_unit", "created": o.Created.Unix(),
		"currency": o.Currency, "livemode": o.Live, "lookup_key": nil, "metadata": metadata(item.Metadata), "nickname": nil,
		"product": product, "recurring": nil, "type": "one_time", "unit_amount": item.UnitAmount,
	}
	return map[string]any{
		"id": fmt.Sprintf("li_%s_%d", o.Seed, i+1), "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0,
		"amount_total": amount, "currency": o.Currency, "description": item.Name, "price": price, "quantity": item.Quantity,
	}
}

func metadata(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// EventOptions describe a snapshot event.
type EventOptions struct {
	ID, Type string
	Created  time.Time
	Live     bool
	// APIVersion defaults to 2025-06-30.basil.
	APIVersion string
	// Account is a connected account, or empty.
	Account string
}

// Event is a snapshot event about an object, as Stripe posts it.
// https://docs.stripe.com/api/events/object
func Event(o EventOptions, object map[string]any) []byte { return snapshotEvent(o, object, nil) }

// snapshotEvent has the former values of what an update changed, or nil.
func snapshotEvent(o EventOptions, object, before map[string]any) []byte {
	if o.APIVersion == "" {
		o.APIVersion = VersionBasil
	}
	data := map[string]any{"object": object}
	if before != nil {
		data["previous_attributes"] = before
	}
	event := map[string]any{
		"id": o.ID, "object": "event", "api_version": o.APIVersion, "created": o.Created.Unix(), "data": data,
		"livemode": o.Live, "pending_webhooks": 1, "request": map[string]any{"id": nil, "idempotency_key": nil}, "type": o.Type,
	}
	if o.Account != "" {
		event["account"] = o.Account
	}
	return indented(event)
}

// indented is JSON as Stripe posts it.
func indented(event map[string]any) []byte {
	b, err := json.MarshalIndent(event, "", "  ")
	if err != nil {
		return nil
	}
	return b
}

// Sign is the Stripe-Signature header for a body.
func Sign(payload []byte, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: payload, Secret: secret, Timestamp: at}).Header
}
