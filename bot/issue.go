package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// workEvent claims one event, issues its passes and settles it.
func (e *Engine) workEvent(ctx context.Context, id string) error {
	ev, ok, err := e.Store.ClaimEvent(ctx, id, lease)
	if err != nil || !ok {
		return err
	}
	var issued store.Issued
	err = e.safely("event "+id, func() error {
		issued, err = e.issue(ctx, ev)
		return err
	})
	if err != nil {
		return e.settleFailure(ctx, ev, err)
	}
	return e.deliverAtOnce(ctx, issued)
}

// settleFailure records why the event is not done, and when it is tried again.
func (e *Engine) settleFailure(ctx context.Context, ev *store.Event, cause error) error {
	if errors.Is(cause, store.ErrLost) {
		return nil
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	log := e.Log.With("event", ev.ID, "external_id", ev.ExternalID, "type", ev.Type)
	if e.final(cause, ev.Received) {
		log.Error("event failed; fix the cause, then: passhook events replay "+ev.ID, "error", cause)
		return lost(e.Store.SettleEvent(ctx, ev, store.StateFailed, cause.Error()))
	}
	due := e.next(ev.Attempts, cause)
	log.Warn("event is tried again", "error", cause, "at", due, "attempt", ev.Attempts)
	return lost(e.Store.RetryEvent(ctx, ev, due, cause.Error()))
}

// issue completes, matches, plans and stores. Errors marked Never need a person.
func (e *Engine) issue(ctx context.Context, ev *store.Event) (store.Issued, error) {
	program := e.program.Load()
	completed, err := e.complete(ctx, ev.Event)
	if err != nil {
		return store.Issued{}, err
	}
	work, err := e.plan(ev, completed, program)
	if err != nil {
		return store.Issued{}, integrations.Never(err)
	}
	if work.State == store.StateUnmatched {
		e.Log.Warn("event made no pass; if it should have, change the rule, then: passhook events replay "+ev.ID, "event", ev.ID, "external_id", ev.ExternalID, "note", work.Note)
	}
	if work.Attention != "" {
		e.Log.Warn("event needs a person", "event", ev.ID, "external_id", ev.ExternalID, "attention", work.Attention)
	}
	if len(work.Deliveries) == 1 && e.senders.TryAcquire(1) {
		work.Lease = lease
	}
	issued, err := e.Store.Issue(ctx, work)
	if work.Lease > 0 && (err != nil || len(issued.Deliveries) == 0) {
		e.senders.Release(1)
	}
	return issued, err
}

// complete asks the event's source for what the event does not carry.
func (e *Engine) complete(ctx context.Context, ev integrations.Event) (integrations.Completed, error) {
	if source := e.Sources[ev.Source]; source != nil {
		return source.Complete(ctx, ev)
	}
	return integrations.Completed{Event: ev}, nil
}

// plan is what is to be stored of a completed event.
func (e *Engine) plan(ev *store.Event, completed integrations.Completed, program *Program) (store.Issue, error) {
	work := store.Issue{Event: ev, State: store.StateDone, Attention: completed.Attention, Fold: e.fold(program)}
	if completed.Ignore != "" {
		work.State, work.Note = store.StateIgnored, completed.Ignore
		return work, nil
	}
	plan, err := program.Plan(completed)
	if err != nil {
		return work, err
	}
	if work.Changes, err = storedChanges(completed, plan); err != nil {
		return work, err
	}
	switch {
	case len(plan.Passes) > 0:
		return work, e.order(&work, completed, plan, program)
	case len(work.Changes) > 0 || work.Attention != "":
	case len(plan.Rules) > 0:
		work.State = store.StateUnmatched
		work.Note = fmt.Sprintf("no pass: nothing in the event fits rule %s; if something should, mend the rule and replay the event", strings.Join(plan.Rules, ", "))
	default:
		work.State, work.Note = store.StateIgnored, nobodyListens(completed.Event)
	}
	return work, nil
}

func nobodyListens(e integrations.Event) string {
	return "no rule is on " + strings.Join(e.Names(), " or ")
}

// order turns planned passes into rows. Every pass is rendered once, so that a
// template that fails is found before anything is stored.
func (e *Engine) order(out *store.Issue, completed integrations.Completed, plan *Plan, program *Program) error {
	now, ev := e.Now(), out.Event
	out.Order = store.Order{EventID: ev.ID, Source: ev.Source, Account: ev.Account, Object: completed.Object, Live: ev.Live, Created: now}
	out.Note = fmt.Sprintf("%d passes by rule %s", len(plan.Passes), strings.Join(plan.Rules, ", "))
	current := e.Secrets.keys[0]
	groups := deliveries{index: map[string]int{}}
	for _, p := range plan.Passes {
		key := passKey(completed.Event, p)
		inputs, err := json.Marshal(p.Inputs)
		if err != nil {
			return fmt.Errorf("rule %s: the inputs are no JSON: %w", p.Rule, err)
		}
		pass := store.Pass{
			Serial: current.serial(key), Key: key, EventID: ev.ID, Rule: p.Rule, Template: p.Template, Item: p.Item, Unit: p.Unit,
			SecretID: current.id, LinkHash: LinkHash(current.linkToken(key)), Inputs: inputs, VoidOn: p.VoidOn, Refs: completed.Refs, References: completed.References, Created: now, Updated: now,
		}
		r, err := e.render(program, pass)
		if err == nil {
			err = r.Rendered.Err()
		}
		if err != nil {
			return fmt.Errorf("rule %s, template %s: %w", p.Rule, p.Template, err)
		}
		out.Passes = append(out.Passes, pass)
		groups.add(pass, p.To)
	}
	for i := range groups.list {
		d := &groups.list[i]
		d.Created, d.LinkKey, d.SecretID = now, deliveryKey(completed.Event, *d), current.id
		d.LinkHash = LinkHash(current.pageToken(d.LinkKey))
	}
	out.Deliveries = groups.list
	return nil
}

// deliveryKey is what a delivery's page is found by. Every part is quoted, so
// that no two keys can read the same.
func deliveryKey(e integrations.Event, d store.Delivery) string {
	return fmt.Sprintf("%q", []string{e.Source, e.Account, strconv.FormatBool(e.Live), e.Object, d.Channel, strings.ToLower(d.Recipient)})
}

// deliveries groups passes by channel and recipient: one mail for each.
type deliveries struct {
	list  []store.Delivery
	index map[string]int
}

func (d *deliveries) add(p store.Pass, to []integrations.Recipient) {
	for _, r := range to {
		key := r.Channel + " " + strings.ToLower(r.Address)
		i, ok := d.index[key]
		if !ok {
			i = len(d.list)
			d.index[key] = i
			d.list = append(d.list, store.Delivery{Channel: r.Channel, Recipient: r.Address})
		}
		if last := d.list[i].Passes; len(last) > 0 && last[len(last)-1] == p.Serial {
			continue // two deliver lines of one rule name the same recipient
		}
		d.list[i].Passes = append(d.list[i].Passes, p.Serial)
	}
}
