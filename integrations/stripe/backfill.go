package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/integrations"
)

// Past is a sale that happened already, as the event that said so.
type Past struct {
	integrations.Event
	// SkipReason says why no pass is to be issued for it: it was refunded, or the
	// membership has ended. Empty: one is.
	SkipReason string
}

// goodStates are those of a subscription whose member is one. past_due is among
// them: Stripe still tries to collect.
var goodStates = map[string]bool{"active": true, "trialing": true, "past_due": true}

// PaidSessions gives the paid Checkout Sessions since a time to each, the
// newest first. What was refunded, disputed or has ended since comes with a
// SkipReason.
func (r Reader) PaidSessions(ctx context.Context, since time.Time, each func(Past) error) error {
	query := values{"status": {"complete"}, "created[gte]": {strconv.FormatInt(since.Unix(), 10)}}
	return r.each(ctx, "/v1/checkout/sessions", query, func(b json.RawMessage) error {
		e, err := r.client.FromSession(b)
		if err != nil || !e.Is(TypePaid) { // or a card that was saved
			return err
		}
		e.Account = r.Account
		past := Past{Event: e, SkipReason: e.Ignore}
		if past.SkipReason == "" {
			past.SkipReason, err = r.sessionEnded(ctx, b)
		}
		if err != nil {
			return fmt.Errorf("what became of %s: %w", e.Object, err)
		}
		return each(past)
	})
}

// sessionEnded is why what was bought is no longer good, or empty.
func (r Reader) sessionEnded(ctx context.Context, session json.RawMessage) (string, error) {
	var o struct {
		Subscription any `json:"subscription"`
		Payment      any `json:"payment_intent"`
	}
	if err := jsonv2.Unmarshal(session, &o); err != nil {
		return "", err
	}
	if sub := id(o.Subscription); sub != "" {
		var s struct {
			Status string `json:"status"`
		}
		err := r.client.get(ctx, r.Live, r.Account, path("/v1/subscriptions/", sub), nil, &s)
		if integrations.IsNever(err) {
			return "its subscription is gone", nil
		}
		if err == nil && !goodStates[s.Status] {
			return "its subscription is " + s.Status, nil
		}
		return "", err
	}
	intent := id(o.Payment)
	if intent == "" {
		return "", nil
	}
	ended := ""
	err := r.each(ctx, "/v1/charges", values{"payment_intent": {intent}}, func(b json.RawMessage) error {
		var c struct {
			Refunded bool `json:"refunded"`
			Disputed bool `json:"disputed"`
		}
		err := jsonv2.Unmarshal(b, &c)
		switch {
		case c.Refunded:
			ended = "it was refunded"
		case c.Disputed:
			ended = "its payment is disputed, or was"
		}
		return err
	})
	return ended, err
}

// Members gives the subscriptions that are good now to each, as the event that
// said that their present period is paid.
func (r Reader) Members(ctx context.Context, each func(Past) error) error {
	query := values{"expand[]": {"data.latest_invoice"}}
	return r.each(ctx, "/v1/subscriptions", query, func(b json.RawMessage) error {
		var o struct {
			ID      string          `json:"id"`
			Status  string          `json:"status"`
			Invoice json.RawMessage `json:"latest_invoice"`
		}
		if err := jsonv2.Unmarshal(b, &o); err != nil {
			return fmt.Errorf("stripe's list of subscriptions: %w", err)
		}
		if !goodStates[o.Status] {
			return nil
		}
		var invoice struct {
			Status  string `json:"status"`
			Created int64  `json:"created"`
		}
		if jsonv2.Unmarshal(o.Invoice, &invoice) != nil || invoice.Status != "paid" {
			return each(Past{Event: integrations.Event{Object: o.ID}, SkipReason: "its last invoice is not paid"})
		}
		body, err := eventAbout("invoice.paid", invoice.Created, r.Live, o.Invoice)
		if err != nil {
			return err
		}
		e, err := r.decode(body)
		if err != nil {
			return err
		}
		past := Past{Event: e, SkipReason: e.Ignore}
		if past.SkipReason == "" && !e.Is(TypeSubscriptionPaid) {
			past.SkipReason = "its last invoice pays for no period"
		}
		return each(past)
	})
}

// decode reads an event that was made here about an object.
func (r Reader) decode(body []byte) (integrations.Event, error) {
	e, err := r.client.Decode(body)
	e.Account = r.Account
	return e, err
}

// each gives every object of a list to each.
func (r Reader) each(ctx context.Context, path string, query values, each func(json.RawMessage) error) error {
	return r.client.pages(ctx, r.Live, r.Account, path, query, "starting_after", func(page []json.RawMessage) error {
		for _, b := range page {
			if err := each(b); err != nil {
				return err
			}
		}
		return nil
	})
}
