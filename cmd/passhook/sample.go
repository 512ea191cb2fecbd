package main

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// sample is a paid checkout that a project is tried out with.
type sample struct {
	session map[string]any
	items   []map[string]any
}

// withLineItems is the session with its line items in it, for events about which
// Stripe is not asked.
func (s sample) withLineItems() map[string]any {
	session := maps.Clone(s.session)
	session["line_items"] = map[string]any{"object": "list", "has_more": false, "data": s.items}
	return session
}

// samples are those that the rules name, and then one of each kind: tickets, a
// membership, and tickets for nothing.
func samples(cfg *config.Config, seed string, now time.Time, live bool, email string) ([]sample, error) {
	sold := sampleCheckout(seed, now, live, email)
	member, free := sampleCheckout(seed+"m", now, live, email), sampleCheckout(seed+"f", now, live, email)
	member.Subscription, member.Items = true, []standins.Item{{Name: "Friends of Hall One", Quantity: 1, UnitAmount: 900}}
	free.Items = []standins.Item{{Name: "Open day at Hall One", Quantity: 2}}
	var out []sample
	for _, o := range []standins.CheckoutOptions{sold, member, free} {
		session, items := standins.Checkout(o)
		out = append(out, sample{session, items})
	}
	for _, r := range cfg.Rules {
		if r.Sample == "" {
			continue
		}
		own, err := readSample(r.Sample)
		if err != nil {
			return nil, err
		}
		if own != nil {
			own.session["id"], own.session["livemode"] = "cs_"+stripe.ModeOf(live)+"_"+seed+"own", live
			return append([]sample{*own}, out...), nil
		}
	}
	return out, nil
}

// readSample reads a rule's sample file; nil where that is no Checkout Session.
func readSample(name string) (*sample, error) {
	b, err := os.ReadFile(name) //nolint:gosec // the config names it
	if err != nil {
		return nil, err
	}
	var own struct {
		Items json.RawMessage `json:"line_items"`
	}
	s := sample{}
	if json.Unmarshal(b, &s.session) != nil || s.session["object"] != "checkout.session" || json.Unmarshal(b, &own) != nil {
		return nil, nil
	}
	delete(s.session, "line_items")
	var list struct {
		Data []map[string]any `json:"data"`
	}
	if json.Unmarshal(own.Items, &s.items) != nil && json.Unmarshal(own.Items, &list) == nil {
		s.items = list.Data // as Stripe's API gives it
	}
	return &s, nil
}

// firstMatching is the first sample of which the rules make passes, or fail to,
// so that the failure is seen; else the first of all.
func firstMatching(ctx context.Context, cfg *config.Config, program *bot.Program, all []sample, now time.Time) sample {
	for _, s := range all {
		live, _ := s.session["livemode"].(bool)
		body := standins.Event(standins.EventOptions{ID: stripe.SampleEventPrefix, Type: "checkout.session.completed", Created: now, Live: live}, s.withLineItems())
		client := stripe.NewClient(*cfg.Stripe)
		e, err := client.Decode(body)
		if err != nil {
			continue
		}
		completed, err := client.Complete(ctx, e)
		if err != nil {
			continue
		}
		if plan, err := program.Plan(completed); err != nil || len(plan.Passes) > 0 {
			return s
		}
	}
	return all[0]
}

// sampleCheckout is the sale of two tickets.
func sampleCheckout(seed string, now time.Time, live bool, email string) standins.CheckoutOptions {
	return standins.CheckoutOptions{
		Seed: seed, Created: now, Live: live, Email: email, Name: "Ada Lovelace", Currency: "eur",
		Items: []standins.Item{{Name: "Concert at Hall One", Quantity: 2, UnitAmount: 4950}},
	}
}
