package stripe

import (
	"embed"
	"fmt"
	"maps"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// samples have every member that Stripe's objects may have, in all API
// versions, and those that Complete adds. A member that is null or an empty
// object may hold anything.
//
//go:embed samples/*.json
var samples embed.FS

// sampleOf are the samples that a type's data may look like. The data of a
// subscription's paid invoice is the subscription, that of any other the
// invoice itself.
var sampleOf = map[string][]string{
	TypePaid:              {"checkout.session"},
	TypeRefunded:          {"charge"},
	TypeSubscriptionPaid:  {paidSubscription},
	TypeSubscriptionEnded: {"subscription"},

	"stripe.checkout.session.completed":               {"checkout.session"},
	"stripe.checkout.session.async_payment_succeeded": {"checkout.session"},
	"stripe.checkout.session.async_payment_failed":    {"checkout.session"},
	"stripe.checkout.session.expired":                 {"checkout.session"},

	"stripe.charge.succeeded":                {"charge"},
	"stripe.charge.captured":                 {"checkout.session", "charge"},
	"stripe.charge.refunded":                 {"charge"},
	"stripe.charge.dispute.created":          {"dispute"},
	"stripe.charge.dispute.updated":          {"dispute"},
	"stripe.charge.dispute.closed":           {"dispute"},
	"stripe.charge.dispute.funds_reinstated": {"dispute"},
	"stripe.charge.dispute.funds_withdrawn":  {"dispute"},
	"stripe.charge.refund.updated":           {"refund"},
	"stripe.refund.created":                  {"refund"},
	"stripe.refund.updated":                  {"refund"},
	"stripe.refund.failed":                   {"refund"},
	"stripe.invoice.paid":                    {paidSubscription, "invoice"},
	"stripe.invoice.payment_succeeded":       {paidSubscription, "invoice"},
	"stripe.invoice.payment_failed":          {"invoice"},
	"stripe.customer.subscription.created":   {"subscription"},
	"stripe.customer.subscription.updated":   {"subscription"},
	"stripe.customer.subscription.deleted":   {"subscription"},
	"stripe.customer.subscription.paused":    {"subscription"},
	"stripe.customer.subscription.resumed":   {"subscription"},
	"stripe.payment_intent.succeeded":        nil,
	"stripe.payment_intent.payment_failed":   nil,
	"stripe.payment_intent.canceled":         nil,
}

// paidSubscription is a subscription with the invoice that was paid.
const paidSubscription = "subscription with invoice"

// Types are the event types that passhook knows by name. Stripe's other types
// may stand in rules as well; their names and members are not checked.
// https://docs.stripe.com/api/events/types
func (c *Client) Types() (map[string]integrations.TypeInfo, error) {
	known, err := loadSamples()
	if err != nil {
		return nil, err
	}
	types := map[string]integrations.TypeInfo{}
	for name, like := range sampleOf {
		var info integrations.TypeInfo
		for _, sample := range like {
			info.Samples = append(info.Samples, known[sample])
		}
		if name == TypePaid {
			info.ForEach, info.Repeat = "data.line_items", "item.quantity"
		}
		types[name] = info
	}
	return types, nil
}

func loadSamples() (map[string]any, error) {
	known := map[string]any{}
	for _, name := range []string{"checkout.session", "charge", "refund", "dispute", "subscription", "invoice"} {
		b, err := samples.ReadFile("samples/" + name + ".json")
		if err != nil {
			return nil, err
		}
		if known[name], err = expressions.DecodeJSON(b); err != nil {
			return nil, fmt.Errorf("the sample of a %s: %w", name, err)
		}
	}
	subscription, _ := known["subscription"].(map[string]any)
	subscription = maps.Clone(subscription)
	subscription["invoice"] = known["invoice"]
	known[paidSubscription] = subscription
	return known, nil
}
