package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

type stripeBackfillCmd struct {
	Rule   string `required:"" help:"The rule that issues; no other sees the sales." placeholder:"NAME"`
	Since  string `help:"For what was paid since then: 30d, 36h or 2026-11-01. Rules on stripe.checkout.paid need it, except with --dry-run, which looks at everything without it." placeholder:"TIME"`
	DryRun bool   `help:"Say who would get what; send nothing."`
	JSON   bool   `name:"json" help:"For programs."`
}

// Run queues an event for each sale; the running server issues the passes.
func (f stripeBackfillCmd) Run(ctx context.Context, c terminal) error {
	b, err := c.openStripe(ctx)
	if err != nil {
		return err
	}
	defer b.store.Close()
	plan, sessions, err := f.plan(b)
	if err != nil {
		return err
	}
	since := time.Unix(0, 0)
	if f.Since != "" {
		if since, err = parseSince(f.Since, time.Now(), b.config.Location); err != nil {
			return err
		}
	} else if sessions && !f.DryRun {
		return wrongUse("--since is missing; say how far back sales get passes: 30d or 2026-11-01")
	}
	w := backfill{stripeBackfillCmd: f, stripeProject: b, endless: sessions && f.Since == "", list: []stripe.Planned{}}
	readers, err := b.readers(ctx)
	if err != nil {
		return err
	}
	for _, reader := range readers {
		if err := plan.Plan(ctx, reader, since, func(p stripe.Planned) error { return w.queue(ctx, p) }); err != nil {
			return errors.Join(w.print(c), fmt.Errorf("%s: %w", reader, err))
		}
	}
	return w.print(c)
}

// plan is that of the rule; sessions is true where it issues for checkouts.
func (f stripeBackfillCmd) plan(b *stripeProject) (plan *stripe.Backfill, sessions bool, err error) {
	i := slices.IndexFunc(b.config.Rules, func(r bot.Rule) bool { return r.Name == f.Rule })
	if i < 0 {
		return nil, false, wrongUse(fmt.Sprintf("there is no rule %s in %s", f.Rule, b.config.File))
	}
	if a := b.config.Rules[i].Action; a != "" && a != bot.ActionIssue {
		return nil, false, wrongUse(fmt.Sprintf("rule %s does not issue passes; its action is %s", f.Rule, a))
	}
	plan = &stripe.Backfill{Client: b.client, Program: b.program, Rule: f.Rule, Issued: func(ctx context.Context, ref string) ([]stripe.Unit, error) {
		var out []stripe.Unit
		for p, err := range b.store.EachPass(ctx, store.Filter{Query: ref, Rule: f.Rule}) {
			if err != nil {
				return nil, err
			}
			out = append(out, stripe.Unit{Item: p.Item, Unit: p.Unit})
		}
		return out, nil
	}}
	sessions, _, err = plan.Kinds()
	if err != nil {
		err = wrongUse(err.Error())
	}
	return plan, sessions, err
}

// backfill is one run.
type backfill struct {
	stripeBackfillCmd
	*stripeProject
	// endless: it looked at sales however old, as only --dry-run may.
	endless bool
	list    []stripe.Planned
}

// queue stores the event, unless nothing is to be sent. One that came before and
// failed is replayed by hand.
func (w *backfill) queue(ctx context.Context, one stripe.Planned) error {
	if one.SkipReason == "" && !w.DryRun {
		id, fresh, err := w.store.Accept(ctx, one.Event)
		if err != nil {
			return err
		}
		if !fresh {
			one.SkipReason, one.Passes = "it was queued before; passhook events "+id+" says what became of it", 0
		}
	}
	w.list = append(w.list, one)
	return nil
}

func (w *backfill) print(c terminal) error {
	if w.JSON {
		return c.json(w.list)
	}
	sales, passes := 0, 0
	rows := [][]string{{"SALE", "PASSES", "TO", "NOTE"}}
	for _, one := range w.list {
		if one.SkipReason == "" {
			sales++
			passes += one.Passes
		}
		rows = append(rows, []string{one.Object, strconv.Itoa(one.Passes), orNone(one.To), oneLine(one.SkipReason)})
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
