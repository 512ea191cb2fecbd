package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// playFor is how long dev waits for its checkout to arrive as mail.
const playFor = 30 * time.Second

// play sends one signed checkout, waits for its mail, saves and verifies the
// packages, and says what can be seen.
func (w *workshop) play(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, playFor)
	defer cancel()
	now := time.Now()
	session, items, err := w.checkout(now)
	if err != nil {
		return err
	}
	w.stripe.AddSession(session, items)
	body := standins.Event(standins.EventOptions{
		ID: devEventPrefix + strconv.FormatInt(now.UnixNano(), 36), Type: "checkout.session.completed", Created: now, APIVersion: "2025-06-30.basil",
	}, session)
	start := time.Now()
	id, err := post(ctx, w.config.URL+"/webhooks/stripe", body, standins.Sign(body, w.config.Stripe.WebhookSecrets[0], start))
	if err != nil {
		return err
	}
	deliveries, err := w.wait(ctx, id)
	if err != nil {
		return err
	}
	mails := w.smtp.Messages()
	if len(mails) == 0 {
		return fmt.Errorf("the checkout made passes, but no rule of them delivers by email")
	}
	last := mails[len(mails)-1]
	saved, err := w.save(last)
	if err != nil {
		return err
	}
	w.tell(last.Received.Sub(start), deliveries, saved)
	return nil
}

// checkout is the sample of the project's first rule that has one, or ours.
func (w *workshop) checkout(now time.Time) (session map[string]any, items []map[string]any, err error) {
	seed := strconv.FormatInt(now.UnixNano(), 36)
	session, items = standins.Checkout(sampleCheckout(seed, now, false, "ada@example.com"))
	for _, r := range w.config.Rules {
		if r.Sample == "" {
			continue
		}
		b, err := os.ReadFile(r.Sample)
		if err != nil {
			return nil, nil, err
		}
		var own struct {
			LineItems []map[string]any `json:"line_items"`
		}
		var all map[string]any
		if err := json.Unmarshal(b, &all); err != nil || all["object"] != "checkout.session" || json.Unmarshal(b, &own) != nil {
			continue
		}
		delete(all, "line_items")
		all["id"], all["livemode"] = session["id"], false
		return all, own.LineItems, nil
	}
	return session, items, nil
}

// wait returns when the event is settled and its deliveries are sent.
func (w *workshop) wait(ctx context.Context, id string) ([]store.Delivery, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		e, ok, err := w.app.store.Event(ctx, id)
		if err != nil || !ok {
			return nil, fmt.Errorf("the checkout did not arrive: %w", err)
		}
		_, deliveries, err := w.app.store.IssuedBy(ctx, id)
		if err != nil {
			return nil, err
		}
		switch {
		case e.State == store.StateDone && allSent(deliveries):
			return deliveries, nil
		case e.State == store.StateIgnored || e.State == store.StateUnmatched:
			return nil, fmt.Errorf("the sample checkout made no pass: %s. Give a rule on %s a sample: FILE with a checkout of yours, or change its when", e.Note, stripe.TypePaid)
		case e.State == store.StateFailed:
			return nil, fmt.Errorf("the sample checkout failed: %s", e.Note)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the checkout's mail did not arrive: event %s is %s %s", id, e.State, e.Note)
		case <-tick.C:
		}
	}
}

func allSent(deliveries []store.Delivery) bool {
	for _, d := range deliveries {
		if d.State != store.StateSent {
			return false
		}
	}
	return true
}
