package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

// afterwards are what may happen to a sale later: Stripe's type, and what the
// object has beside the sale's amount, currency and payment.
var afterwards = map[string]struct {
	event  string
	object map[string]any
}{
	stripe.TypeRefunded:             {"charge.refunded", map[string]any{"object": "charge", "refunded": true}},
	"stripe.charge.refunded":        {"charge.refunded", map[string]any{"object": "charge", "refunded": false}},
	"stripe.charge.dispute.created": {"charge.dispute.created", map[string]any{"object": "dispute", "status": "needs_response", "reason": "fraudulent"}},
	"stripe.charge.dispute.closed":  {"charge.dispute.closed", map[string]any{"object": "dispute", "status": "won", "reason": "fraudulent"}},
}

// sampleSale is a sample checkout that the server has.
type sampleSale struct {
	Amount   int    `json:"amount_total"`
	Currency string `json:"currency"`
	Payment  string `json:"payment_intent"`
	live     bool
}

// devEventPrefix starts the ids of events that dev plays.
const devEventPrefix = "evt_dev_"

// lastSample is the newest sample checkout. Real ones are left alone: what is
// sent about a sale changes its passes.
func (c console) lastSample(ctx context.Context) (sale sampleSale, err error) {
	_, s, err := c.beside(ctx)
	if err != nil {
		return sale, err
	}
	defer s.Close()
	events, err := s.FindEvents(ctx, store.Filter{Limit: 1000})
	if err != nil {
		return sale, err
	}
	for _, e := range events {
		sample := strings.HasPrefix(e.ExternalID, stripe.SampleEventPrefix) || strings.HasPrefix(e.ExternalID, devEventPrefix)
		if sample && slices.Contains(e.Types, stripe.TypePaid) {
			sale.live = e.Live
			return sale, json.Unmarshal(e.Data, &sale)
		}
	}
	return sale, errors.New("there is no sample checkout that it could be about; send one first: passhook trigger " + stripe.TypePaid)
}

// after makes the object of an event about the newest sample sale, and names its
// type at Stripe.
func (c console) after(ctx context.Context, name string, id string) (eventType string, object map[string]any, live bool, err error) {
	sale, err := c.lastSample(ctx)
	if err != nil {
		return "", nil, false, err
	}
	kind := afterwards[name]
	object = map[string]any{"id": id, "amount": sale.Amount, "currency": sale.Currency, "payment_intent": sale.Payment, "livemode": sale.live}
	for key, v := range kind.object {
		object[key] = v
	}
	switch object["refunded"] {
	case true:
		object["amount_refunded"] = sale.Amount
	case false:
		object["amount_refunded"] = sale.Amount / 2
	}
	return kind.event, object, sale.live, nil
}
