package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

type stripeStatusCmd struct {
	JSON bool `name:"json" help:"For programs."`
}

// stripeStatus is what stripe status --json prints.
type stripeStatus struct {
	stripe.Status
	// Store counts events and deliveries here, by state.
	Store map[string]int `json:"store"`
	zone  *time.Location
}

// Run asks Stripe and the store; bad news is where anything is wrong.
func (s stripeStatusCmd) Run(ctx context.Context, c terminal) error {
	out, err := s.status(ctx, c)
	if err != nil {
		return err
	}
	if s.JSON {
		err = c.json(out)
	} else {
		out.print(c)
	}
	if err == nil && !out.OK {
		err = errSilent
	}
	return err
}

// status looks at Stripe alone where serve has not run yet.
func (s stripeStatusCmd) status(ctx context.Context, c terminal) (stripeStatus, error) {
	cfg, err := c.loadStripe()
	if err != nil {
		return stripeStatus{}, err
	}
	if sc := app.StoreConfig(cfg, nil); sc.URL == "" && !exists(sc.Path) {
		out := askStripe(ctx, cfg, time.Now(), nil)
		out.Notes = append(out.Notes, "passhook serve has not run yet, so nothing says which events have arrived")
		return out, nil
	}
	b, err := c.openStripeOf(ctx, cfg)
	if err != nil {
		return stripeStatus{}, err
	}
	defer b.store.Close()
	return b.status(ctx, time.Now()), nil
}

// status looks at everything. What cannot be asked is a problem, and the rest is
// looked at all the same.
func (b *stripeProject) status(ctx context.Context, now time.Time) stripeStatus {
	out := askStripe(ctx, b.config, now, b.stateOf)
	if err := b.count(ctx, out.Store); err != nil {
		out.Problem("the store cannot be read: %v", err)
	}
	for _, state := range []string{"events failed", "deliveries dead"} {
		if n := out.Store[state]; n > 0 {
			what, _, _ := strings.Cut(state, " ")
			out.Problem("%d %s; passhook %s --state %s lists them", n, state, what, strings.TrimPrefix(state, what+" "))
		}
	}
	return out
}

// askStripe is what Stripe says. stateOf is nil where there is no store.
func askStripe(ctx context.Context, cfg *config.Config, now time.Time, stateOf stripe.StateOf) stripeStatus {
	return stripeStatus{Status: stripe.NewClient(*cfg.Stripe).Status(ctx, cfg.URL, now, stateOf), Store: map[string]int{}, zone: cfg.Location}
}

// countUpTo is how far rows are counted.
const countUpTo = 1000

// count counts what waits and what needs a person.
func (b *stripeProject) count(ctx context.Context, into map[string]int) error {
	for _, state := range []string{store.StatePending, store.StateFailed} {
		events, err := b.store.FindEvents(ctx, store.Filter{State: state, Limit: countUpTo})
		if err != nil {
			return err
		}
		into["events "+state] = len(events)
	}
	for _, state := range []string{store.StatePending, store.StateDead} {
		deliveries, err := b.store.FindDeliveries(ctx, store.Filter{State: state, Limit: countUpTo})
		if err != nil {
			return err
		}
		into["deliveries "+state] = len(deliveries)
	}
	return nil
}

func (s stripeStatus) print(c terminal) {
	for _, m := range s.Modes {
		fmt.Fprintf(c.Out, "%s mode\n", m.Mode)
		for _, e := range m.Endpoints {
			version := e.APIVersion
			if version == "" {
				version = "the account's"
			}
			fmt.Fprintf(c.Out, "  endpoint %s: %s, %d events, API version %s\n", e.ID, e.Status, len(e.Events), version)
		}
		if m.NoAnswer {
			continue
		}
		fmt.Fprintf(c.Out, "  events of the last %d days: %d at Stripe, %d of them not here, %d not delivered\n", stripe.StatusDays, m.Recent, m.Absent, len(m.Undelivered))
		for _, e := range m.Last {
			fmt.Fprintf(c.Out, "    %s  %s  %s: %s\n", e.Time.In(s.zone).Format(time.DateTime), e.ID, e.Type, cmp.Or(e.State, "not here"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Store)) {
		fmt.Fprintf(c.Out, "%s: %d\n", name, s.Store[name])
	}
	for _, n := range s.Notes {
		fmt.Fprintln(c.Err, "note:", n)
	}
	for _, p := range s.Problems {
		fmt.Fprintln(c.Err, p)
	}
	if s.OK {
		fmt.Fprintln(c.Out, "ok")
	}
}
