package stripe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
)

// Backfill plans passes of one rule for those who bought before there was one.
type Backfill struct {
	Client  *Client
	Program *bot.Program
	Rule    string
	// Issued are the passes that the rule has issued about an object or for a
	// subscription.
	Issued func(ctx context.Context, ref string) ([]Unit, error)
}

// Unit says which pass of an object one is.
type Unit struct {
	Item string
	Unit int
}

// Planned is what one sale of the past would get.
type Planned struct {
	// Object is the Checkout Session or the invoice.
	Object string `json:"object"`
	// To is who gets the passes.
	To []string `json:"to"`
	// Passes is how many would be new.
	Passes int `json:"passes"`
	// SkipReason says why there are none.
	SkipReason string `json:"skip_reason,omitempty"`
	// Event issues them.
	Event integrations.Event `json:"-"`
}

// Kinds are what the rule issues passes for. An error is that it is on neither.
func (b *Backfill) Kinds() (sessions, members bool, err error) {
	sessions = b.Program.Listens(integrations.Event{Rule: b.Rule, Type: "stripe.checkout.session.completed", Aliases: []string{TypePaid}})
	members = b.Program.Listens(integrations.Event{Rule: b.Rule, Type: "stripe.invoice.paid", Aliases: []string{TypeSubscriptionPaid}})
	if !sessions && !members {
		err = fmt.Errorf("rule %s is neither on %s nor on %s", b.Rule, TypePaid, TypeSubscriptionPaid)
	}
	return sessions, members, err
}

// Plan gives each sale since then to each, and the members there are now.
func (b *Backfill) Plan(ctx context.Context, r Reader, since time.Time, each func(Planned) error) error {
	sessions, members, err := b.Kinds()
	take := func(p Past) error {
		planned, err := b.plan(ctx, p)
		if err != nil {
			return err
		}
		return each(planned)
	}
	if sessions {
		err = r.PaidSessions(ctx, since, take)
	}
	if members && err == nil {
		err = r.Members(ctx, take)
	}
	return err
}

// plan says who would get how many passes. A sale that cannot be planned is
// skipped and holds up no other.
func (b *Backfill) plan(ctx context.Context, p Past) (Planned, error) {
	e := p.Event
	e.Rule, e.ExternalID = b.Rule, fmt.Sprintf("backfill_%s_%s", b.Rule, p.Object)
	out := Planned{Object: p.Object, To: []string{}, SkipReason: p.SkipReason, Event: e}
	if out.SkipReason != "" {
		return out, nil
	}
	completed, err := b.Client.Complete(ctx, e)
	if err != nil && !integrations.IsNever(err) {
		return out, err
	}
	var plan *bot.Plan
	if err == nil {
		plan, err = b.Program.Plan(completed)
	}
	if err != nil {
		out.SkipReason = err.Error()
		return out, nil
	}
	there, err := b.alreadyIssued(ctx, completed.Event)
	if err != nil {
		return out, err
	}
	for _, p := range plan.Passes {
		if there(p) {
			continue
		}
		out.Passes++
		for _, to := range p.To {
			if !slices.Contains(out.To, to.Address) {
				out.To = append(out.To, to.Address)
			}
		}
	}
	switch {
	case len(plan.Passes) == 0:
		out.SkipReason = "nothing in it fits the rule"
	case out.Passes == 0:
		out.SkipReason = "it has its passes"
	}
	return out, nil
}

// alreadyIssued reports which passes of the rule are there already. A
// subscription has its own whichever of its invoices they were issued for.
func (b *Backfill) alreadyIssued(ctx context.Context, e integrations.Event) (func(bot.PlannedPass) bool, error) {
	var found []Unit
	var errs []error
	member := false
	for _, ref := range e.Refs {
		sub := strings.HasPrefix(ref, "sub_")
		if !sub && ref != e.Object {
			continue
		}
		some, err := b.Issued(ctx, ref)
		errs = append(errs, err)
		found = append(found, some...)
		member = member || sub && len(some) > 0
	}
	return func(p bot.PlannedPass) bool { return member || slices.Contains(found, Unit{p.Item, p.Unit}) }, errors.Join(errs...)
}
