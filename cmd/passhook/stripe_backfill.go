package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

type stripeBackfillCmd struct {
	Rule   string `required:"" help:"The rule that issues; no other sees the sales." placeholder:"NAME"`
	Since  string `help:"For what was paid since then: 30d, 36h or 2026-11-01. Rules on stripe.checkout.paid need it, except with --dry-run, which looks at everything without it." placeholder:"TIME"`
	DryRun bool   `help:"Say who would get what; send nothing."`
	JSON   bool   `name:"json" help:"For programs."`
}

// backfilled is one sale as --json prints it.
type backfilled struct {
	// Object is the Checkout Session or the invoice.
	Object string `json:"object"`
	// To is who gets the passes.
	To []string `json:"to"`
	// Passes is how many would be new.
	Passes int `json:"passes"`
	// Leave says why there are none.
	Leave string `json:"leave,omitempty"`
}

// Run queues an event for each sale; the running server issues the passes.
func (f stripeBackfillCmd) Run(ctx context.Context, c console) error {
	b, err := c.besideStripe(ctx)
	if err != nil {
		return err
	}
	defer b.store.Close()
	sessions, members, err := f.kinds(b)
	if err != nil {
		return err
	}
	now := time.Now()
	since := time.Unix(0, 0)
	if f.Since != "" {
		if since, err = parseSince(f.Since, now, b.config.Location); err != nil {
			return err
		}
	} else if sessions && !f.DryRun {
		return wrongUse("--since is missing; say how far back sales get passes: 30d or 2026-11-01")
	}
	w := backfill{stripeBackfillCmd: f, stripeBeside: b, since: since, endless: sessions && f.Since == "", list: []backfilled{}}
	readers, err := b.readers(ctx)
	if err != nil {
		return err
	}
	for _, reader := range readers {
		if sessions {
			err = reader.PaidSessions(ctx, since, func(p stripe.Past) error { return w.take(ctx, p) })
		}
		if members && err == nil {
			err = reader.Members(ctx, func(p stripe.Past) error { return w.take(ctx, p) })
		}
		if err != nil {
			return errors.Join(w.tell(c), fmt.Errorf("%s: %w", reader, err))
		}
	}
	return w.tell(c)
}

// kinds are what the rule issues passes for.
func (f stripeBackfillCmd) kinds(b *stripeBeside) (sessions, members bool, err error) {
	i := slices.IndexFunc(b.config.Rules, func(r bot.Rule) bool { return r.Name == f.Rule })
	if i < 0 {
		return false, false, wrongUse(fmt.Sprintf("there is no rule %s in %s", f.Rule, b.config.File))
	}
	if a := b.config.Rules[i].Action; a != "" && a != bot.ActionIssue {
		return false, false, wrongUse(fmt.Sprintf("rule %s does not issue passes; its action is %s", f.Rule, a))
	}
	sessions = b.program.Listens(integrations.Event{Rule: f.Rule, Type: "stripe.checkout.session.completed", Aliases: []string{stripe.TypePaid}})
	members = b.program.Listens(integrations.Event{Rule: f.Rule, Type: "stripe.invoice.paid", Aliases: []string{stripe.TypeSubscriptionPaid}})
	if !sessions && !members {
		return false, false, wrongUse(fmt.Sprintf("rule %s is neither on %s nor on %s", f.Rule, stripe.TypePaid, stripe.TypeSubscriptionPaid))
	}
	return sessions, members, nil
}

// backfill is one run.
type backfill struct {
	stripeBackfillCmd
	*stripeBeside
	since time.Time
	// endless: it looked at sales however old, as only --dry-run may.
	endless bool
	list    []backfilled
}

// take plans one sale and, unless nothing is to be sent, queues it.
func (w *backfill) take(ctx context.Context, p stripe.Past) error {
	one := backfilled{Object: p.Object, To: []string{}, Leave: p.Leave}
	if one.Leave == "" {
		e := p.Event
		e.Rule, e.ExternalID = w.Rule, fmt.Sprintf("backfill_%s_%s", w.Rule, p.Object)
		var err error
		if one, err = w.plan(ctx, e); err != nil {
			return err
		}
		if one.Leave == "" && !w.DryRun {
			if one, err = w.queue(ctx, e, one); err != nil {
				return err
			}
		}
	}
	w.list = append(w.list, one)
	return nil
}

// plan says who would get how many passes. A sale that cannot be planned is
// told and holds up no other.
func (w *backfill) plan(ctx context.Context, e integrations.Event) (backfilled, error) {
	one := backfilled{Object: e.Object, To: []string{}}
	completed, err := w.client.Complete(ctx, e)
	if err != nil && !integrations.IsNever(err) {
		return one, err
	}
	var plan *bot.Plan
	if err == nil {
		plan, err = w.program.Plan(completed)
	}
	if err != nil {
		one.Leave = err.Error()
		return one, nil
	}
	there, err := w.issued(ctx, completed.Event)
	if err != nil {
		return one, err
	}
	for _, p := range plan.Passes {
		if there(p) {
			continue
		}
		one.Passes++
		for _, to := range p.To {
			if !slices.Contains(one.To, to.Address) {
				one.To = append(one.To, to.Address)
			}
		}
	}
	switch {
	case len(plan.Passes) == 0:
		one.Leave = "nothing in it fits the rule"
	case one.Passes == 0:
		one.Leave = "it has its passes"
	}
	return one, nil
}

// issued tells which passes of the rule are there already. A subscription has
// its own whichever of its invoices they were issued for.
func (w *backfill) issued(ctx context.Context, e integrations.Event) (func(bot.PlannedPass) bool, error) {
	var found []store.Pass
	for _, ref := range e.Refs {
		if !strings.HasPrefix(ref, "sub_") && ref != e.Object {
			continue
		}
		some, err := w.store.FindPasses(ctx, store.Filter{Query: ref, Rule: w.Rule, Limit: allPasses})
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(ref, "sub_") && len(some) > 0 {
			return func(bot.PlannedPass) bool { return true }, nil
		}
		found = append(found, some...)
	}
	return func(p bot.PlannedPass) bool {
		return slices.ContainsFunc(found, func(is store.Pass) bool { return is.Item == p.Item && is.Unit == p.Unit })
	}, nil
}

// queue lets the event in. One that came before and failed is replayed by hand.
func (w *backfill) queue(ctx context.Context, e integrations.Event, one backfilled) (backfilled, error) {
	id, fresh, err := w.store.Accept(ctx, e)
	if err == nil && !fresh {
		one.Leave, one.Passes = "it was queued before; passhook events "+id+" says what became of it", 0
	}
	return one, err
}

func (w *backfill) tell(c console) error {
	if w.JSON {
		return c.json(w.list)
	}
	sales, passes := 0, 0
	rows := [][]string{{"SALE", "PASSES", "TO", "NOTE"}}
	for _, one := range w.list {
		if one.Leave == "" {
			sales++
			passes += one.Passes
		}
		rows = append(rows, []string{one.Object, strconv.Itoa(one.Passes), orNone(one.To), oneLine(one.Leave)})
	}
	if err := c.table(rows); err != nil {
		return err
	}
	if w.DryRun {
		next := "without --dry-run they are issued and sent"
		if w.endless {
			next = "to issue and send them, say how far back: --since 30d, without --dry-run"
		}
		fmt.Fprintf(c.Err, "%d sales would get %d passes; %s\n", sales, passes, next)
		return nil
	}
	fmt.Fprintf(c.Err, "%d sales with %d passes are queued; the running server issues and sends them now, or passhook serve when it starts\n", sales, passes)
	return nil
}
