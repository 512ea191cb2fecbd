package bot

import (
	"context"
	"errors"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// Performed is what became of an event that was worked on at once.
type Performed struct {
	// EventID is ours.
	EventID string
	store.Issued
}

// Perform stores an event together with what it asks for itself, its orders and
// effects, in one transaction: whoever asks gets the answer, and there is nothing
// left to be done. Rules do not see it. The error is store.ErrSeen where the
// source's id of the event is known already, and integrations.Never for what is
// wrong with an order.
func (e *Engine) Perform(ctx context.Context, completed integrations.Completed) (out Performed, err error) {
	ev, err := store.Unstored(completed.Event)
	if err != nil {
		return out, err
	}
	program := e.Program()
	work := store.Issue{Event: ev, State: store.StateDone, Merge: e.merge(program), Changes: storedChanges(completed, &Plan{})}
	plan := &Plan{}
	for _, o := range completed.Orders {
		pass, err := program.ordered(o, completed)
		if err != nil {
			return out, integrations.Never(err)
		}
		plan.Passes = append(plan.Passes, pass)
	}
	if len(plan.Passes) > 0 {
		if err := e.order(&work, completed, plan, program); err != nil {
			return out, integrations.Never(err)
		}
	}
	for _, a := range completed.Answers {
		work.Messages = append(work.Messages, store.Message{Kind: store.MessageAnswer, Channel: a.To.Channel, Recipient: a.To.Address, Text: a.Text})
	}
	if out.Issued, err = e.Store.Issue(ctx, work); err != nil {
		return out, err
	}
	out.EventID = ev.ID
	return out, nil
}

// Seen reads the event that ErrSeen is about, and the passes that it issued.
func (e *Engine) Seen(ctx context.Context, source, externalID string) (*store.Event, []store.Pass, error) {
	ev, err := e.Store.EventBySource(ctx, source, externalID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	passes, _, err := e.Store.IssuedBy(ctx, ev.ID)
	return ev, passes, err
}
