package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

// afterward is something that may happen to a sale later.
type afterward struct {
	// event is Stripe's type.
	event string
	// object is what the event's object has beside what the sale says; part is
	// how much of the sale was refunded, as its divisor.
	object map[string]any
	part   int
}

var afterwards = map[string]afterward{
	stripe.TypeRefunded:             {"charge.refunded", map[string]any{"object": "charge", "refunded": true}, 1},
	"stripe.charge.refunded":        {"charge.refunded", map[string]any{"object": "charge", "refunded": false}, 2},
	"stripe.charge.dispute.created": {"charge.dispute.created", map[string]any{"object": "dispute", "status": "needs_response", "reason": "fraudulent"}, 0},
	"stripe.charge.dispute.closed":  {"charge.dispute.closed", map[string]any{"object": "dispute", "status": "won", "reason": "fraudulent"}, 0},
}

// after sends what happened to the newest sample sale.
func (s *sending) after(ctx context.Context, a afterward) error {
	sale, live, err := s.lastSample(ctx)
	if err != nil {
		return err
	}
	object := maps.Clone(a.object)
	object["id"] = "sample_" + strconv.FormatInt(s.now.UnixNano(), 36)
	object["amount"], object["currency"], object["payment_intent"], object["livemode"] = sale.Amount, sale.Currency, sale.Payment, live
	if a.part > 0 {
		object["amount_refunded"] = sale.Amount / a.part
	}
	return s.send(ctx, a.event, "", object)
}

// sampleSale is a sample checkout that the server has.
type sampleSale struct {
	Amount   int    `json:"amount_total"`
	Currency string `json:"currency"`
	Payment  string `json:"payment_intent"`
}

// devEventPrefix starts the ids of events that dev plays.
const devEventPrefix = "evt_dev_"

// lastSample is the newest sample checkout that was paid at once. Real ones are
// left alone: what is sent about a sale changes its passes.
func (s *sending) lastSample(ctx context.Context) (sale sampleSale, live bool, err error) {
	_, st, err := s.openStore(ctx)
	if err != nil {
		return sale, false, err
	}
	defer st.Close()
	events, err := st.FindEvents(ctx, store.Filter{Limit: 1000})
	if err != nil {
		return sale, false, err
	}
	for _, e := range events {
		isSample := strings.HasPrefix(e.ExternalID, stripe.SampleEventPrefix) || strings.HasPrefix(e.ExternalID, devEventPrefix)
		if isSample && e.Is(stripe.TypePaid) && json.Unmarshal(e.Data, &sale) == nil && sale.Payment != "" {
			return sale, e.Live, nil
		}
	}
	return sale, false, errors.New("there is no sample checkout that it could be about; send one first: passhook trigger " + stripe.TypePaid)
}
