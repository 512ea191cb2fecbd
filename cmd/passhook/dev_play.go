package main

import (
	"context"
	"fmt"
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
	all, err := samples(w.config, strconv.FormatInt(now.UnixNano(), 36), now, false, "ada@example.com")
	if err != nil {
		return err
	}
	chosen := firstMatching(ctx, w.config, w.project.Program, all, now)
	session, items := chosen.session, chosen.items
	if subscription, ok := session["subscription"].(map[string]any); ok {
		w.stripe.Add(subscription)
		session["subscription"] = subscription["id"]
	}
	w.stripe.AddSession(session, items)
	body := standins.Event(standins.EventOptions{
		ID: devEventPrefix + strconv.FormatInt(now.UnixNano(), 36), Type: "checkout.session.completed", Created: now, APIVersion: "2025-06-30.basil",
	}, session)
	start := time.Now()
	id, err := post(ctx, w.config.URL+stripe.WebhookPath, body, standins.Sign(body, w.config.Stripe.WebhookSecrets[0], start))
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
	w.printResult(last.Received.Sub(start), deliveries, saved)
	return nil
}

// wait returns when the event is settled and its deliveries are sent.
func (w *workshop) wait(ctx context.Context, id string) ([]store.Delivery, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		e, err := w.app.Store.Event(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("the checkout did not arrive: %w", err)
		}
		_, deliveries, err := w.app.Store.IssuedBy(ctx, id)
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
