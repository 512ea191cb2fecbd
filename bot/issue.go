package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// workEvent completes a claimed event, issues its passes, and settles it.
func (e *Engine) workEvent(ctx context.Context, ev *store.Event) error {
	program := e.Program()
	completed, err := e.complete(ctx, ev.Event)
	if err != nil {
		return err
	}
	work := e.plan(ev, completed, program)
	log := e.Log.With("event", ev.ID, "external_id", ev.ExternalID, "type", ev.Type)
	switch {
	case work.State == store.StateFailed:
		log.Error("event failed; fix the cause, then: passhook events replay "+ev.ID, "error", work.Note)
	case work.State == store.StateUnmatched:
		log.Warn("event made no pass; if it should have, change the rule, then: passhook events replay "+ev.ID, "note", work.Note)
	}
	issued, err := e.Store.Issue(ctx, work)
	if err != nil {
		return err
	}
	if work.Attention != "" {
		log.Warn("event needs a person", "attention", work.Attention)
	}
	for _, text := range issued.Unfit {
		log.Warn("an update was left out", "error", text)
	}
	return store.ErrSettled
}

// complete asks the event's source for what the event does not carry.
func (e *Engine) complete(ctx context.Context, ev integrations.Event) (integrations.Completed, error) {
	if source := e.Sources[ev.Source]; source != nil {
		return source.Complete(ctx, ev)
	}
	return integrations.Completed{Event: ev}, nil
}

// plan is what is to be stored of a completed event. One that fails still changes
// what it can: a rule's mistake keeps no refunded pass valid.
func (e *Engine) plan(ev *store.Event, completed integrations.Completed, program *Program) store.Issue {
	work := store.Issue{Event: ev, State: store.StateDone, Attention: completed.Attention, Merge: e.merge(program)}
	if completed.Ignore != "" {
		work.State, work.Note = store.StateIgnored, completed.Ignore
		return work
	}
	plan, err := program.Plan(completed)
	work.Changes, work.Push = storedChanges(completed, plan), pushed(completed)
	switch {
	case err != nil:
	case work.Push != nil:
	case len(plan.Passes) > 0:
		err = e.order(&work, completed, plan, program)
	case len(work.Changes) > 0 || work.Attention != "":
	case len(plan.Rules) > 0:
		work.State = store.StateUnmatched
		work.Note = fmt.Sprintf("no pass: nothing in the event fits rule %s; if something should, mend the rule and replay the event", strings.Join(plan.Rules, ", "))
	default:
		work.State, work.Note = store.StateIgnored, nobodyListens(completed.Event)
	}
	if err != nil {
		work.State, work.Note = store.StateFailed, err.Error()
		work.Passes, work.Deliveries, work.Messages, work.Changes = nil, nil, nil, storedChanges(completed, plan)
	}
	return work
}

func nobodyListens(e integrations.Event) string {
	return "no rule is on " + strings.Join(e.Names(), " or ")
}

// order turns planned passes into rows. Every pass is rendered once, so that a
// template that fails is found before anything is stored.
func (e *Engine) order(out *store.Issue, completed integrations.Completed, plan *Plan, program *Program) error {
	now, ev := e.Now(), out.Event
	out.Order = store.Order{EventID: ev.ID, Source: ev.Source, Account: ev.Account, Object: completed.Object, Live: ev.Live, Created: now}
	out.Note = plan.summary()
	current := e.Secrets.keys[0]
	groups := deliveries{index: map[string]int{}}
	told := notices{index: map[integrations.Recipient]int{}}
	for _, p := range plan.Passes {
		key := passKey(completed.Event, p)
		inputs, err := json.Marshal(p.Inputs)
		if err != nil {
			return fmt.Errorf("%s: the inputs are no JSON: %w", p.name(), err)
		}
		pass := store.Pass{
			Serial: current.serial(key), Key: key, EventID: ev.ID, Rule: p.Rule, Template: p.Template, Item: p.Item, Unit: p.Unit,
			SecretID: current.id, LinkHash: LinkHash(current.linkToken(key)), Inputs: inputs, VoidOn: p.VoidOn, Refs: completed.Refs, References: completed.References, Created: now, Updated: now,
		}
		if p.Key != "" {
			out.Changes = append(out.Changes, upsert(&pass, p)...)
		}
		r, err := e.render(program, pass)
		if err == nil {
			err = r.Rendered.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name(), err)
		}
		out.Passes = append(out.Passes, pass)
		groups.add(pass, p.To)
		told.add(r, p.Notify)
	}
	for i := range groups.list {
		d := &groups.list[i]
		d.Created, d.LinkKey, d.SecretID = now, deliveryKey(completed.Event, *d), current.id
		d.LinkHash = LinkHash(current.pageToken(d.LinkKey))
	}
	out.Deliveries = groups.list
	out.Messages = append(out.Messages, told.messages()...)
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
