package orders

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// Decision is an event that wants a person to say which passes are void, as a
// refund of a part does.
type Decision struct {
	// Text says what happened, Object about what, and Time when.
	Text, Object string
	Time         time.Time
	Passes       []DecisionPass
}

// DecisionPass is one pass that shares a ref with the event.
type DecisionPass struct {
	*bot.Pass
	// Void are all reasons why it is void.
	Void []string
}

// VoidByOperator is true where a person made the pass void.
func (p DecisionPass) VoidByOperator() bool {
	return slices.Contains(p.Void, integrations.ReasonOperator)
}

// decideWithin is how long the link to a decision works.
const decideWithin = 90 * 24 * time.Hour

// DecisionByLink finds a decision by the token in its link, as long as it works.
func (o *Orders) DecisionByLink(ctx context.Context, token string) (*Decision, bool, error) {
	id, ok := o.engine.Secrets.EventByToken(bot.TokenDecision, token)
	if !ok {
		return nil, false, nil
	}
	ev, err := o.engine.Store.Event(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil || ev.Attention == "" || o.engine.Now().Sub(ev.Received) > decideWithin {
		return nil, false, err
	}
	rows, err := o.engine.Store.PassesAbout(ctx, *ev)
	if err != nil {
		return nil, false, err
	}
	d := &Decision{Text: ev.Attention, Object: ev.Object, Time: ev.Time}
	for _, row := range rows {
		p, err := o.engine.Pass(row)
		if err != nil {
			return nil, false, err
		}
		d.Passes = append(d.Passes, DecisionPass{p, row.Void})
	}
	return d, true, nil
}

// Decide makes the passes with those serial numbers void, and gives those back
// that a person made void before. What a refund or a dispute made void stays so.
func (o *Orders) Decide(ctx context.Context, d *Decision, void []string) error {
	for _, p := range d.Passes {
		want := slices.Contains(void, p.Serial)
		if want == p.VoidByOperator() {
			continue
		}
		kind := bot.TypeUnvoid
		if want {
			kind = bot.TypeVoid
		}
		ev, err := bot.OwnEvent(kind, p.Serial, nil, bot.ByOperator, o.engine.Now())
		if err == nil {
			err = o.engine.Do(ctx, ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
