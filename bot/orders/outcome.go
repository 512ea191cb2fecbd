package orders

import (
	"context"
	"errors"
	"strings"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// Outcome is what became of an event, for whoever sent it.
type Outcome struct {
	// ID is the event's own here.
	ID string
	// State is pending, done, ignored, unmatched or failed.
	State string
	// Note says for people what came of it; of one that failed, why, without what
	// is inside.
	Note string
	// Passes are those that the event issued or changed, at most MostPasses.
	Passes []*bot.Pass
	// OrderLink is the page with all of its passes; empty where there is none.
	OrderLink string
}

// MostPasses is how many passes an Outcome has at most.
const MostPasses = 100

// Pending is true while there is no outcome yet.
func (o *Outcome) Pending() bool { return o.State == store.StatePending }

// Failed is true where a person has to mend something before the event can be
// worked on.
func (o *Outcome) Failed() bool { return o.State == store.StateFailed }

// AcceptOnce stores an event, as the engine's.
func (o *Orders) AcceptOnce(ctx context.Context, e integrations.Event) (id string, fresh bool, err error) {
	return o.engine.AcceptOnce(ctx, e)
}

// URL is the public address, without a slash at the end.
func (o *Orders) URL() string { return o.engine.URL }

// StatusToken leads whoever sent an event to its outcome.
func (o *Orders) StatusToken(id string) string {
	return o.engine.Secrets.EventToken(bot.TokenStatus, id)
}

// OutcomeByToken finds what became of a source's event by its StatusToken. ok is
// false where no event of that source has it.
func (o *Orders) OutcomeByToken(ctx context.Context, source, token string) (out *Outcome, ok bool, err error) {
	id, ok := o.engine.Secrets.EventByToken(bot.TokenStatus, token)
	if !ok {
		return nil, false, nil
	}
	e, err := o.engine.Store.Event(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case e.Source != source:
		return nil, false, nil
	}
	out, err = o.outcome(ctx, e)
	return out, err == nil, err
}

// Await waits until an event has been worked on, or ctx ends; then the outcome is
// pending.
func (o *Orders) Await(ctx context.Context, id string) (*Outcome, error) {
	e, err := o.engine.Store.WaitForEvent(ctx, id)
	switch {
	case err != nil && ctx.Err() != nil:
		return &Outcome{ID: id, State: store.StatePending}, nil
	case err != nil:
		return nil, err
	}
	return o.outcome(context.WithoutCancel(ctx), e)
}

func (o *Orders) outcome(ctx context.Context, e *store.Event) (*Outcome, error) {
	out := &Outcome{ID: e.ID, State: e.State, Note: e.Note}
	switch {
	case out.Pending():
		out.Note = ""
		return out, nil
	case out.Failed():
		out.Note = whyFailed(e)
		return out, nil
	}
	rows, err := o.engine.Store.MadeBy(ctx, e, MostPasses)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		p, err := o.engine.Pass(row)
		if err != nil {
			return nil, err
		}
		out.Passes = append(out.Passes, p)
	}
	deliveries, err := o.engine.Store.DeliveriesOf(ctx, e.ID)
	if err == nil && len(deliveries) > 0 {
		out.OrderLink, err = o.engine.DeliveryLink(deliveries[0])
	}
	return out, err
}

// whyFailed is the note where it speaks of rules and templates, which is what the
// sender may have to do with; an outside service's words are the operator's.
func whyFailed(e *store.Event) string {
	first, _, _ := strings.Cut(e.Note, "\n")
	for _, about := range []string{"rule ", "template"} {
		if strings.HasPrefix(first, about) {
			return first
		}
	}
	return "it could not be worked on; whoever runs this server finds out why with: passhook events " + e.ID
}
