package bot

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

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
	*Issued
	// Void are all reasons why it is void.
	Void []string
}

// VoidByOperator is true where a person made the pass void.
func (p DecisionPass) VoidByOperator() bool {
	return slices.Contains(p.Void, integrations.ReasonOperator)
}

// decideWithin is how long the link to a decision works.
const decideWithin = 90 * 24 * time.Hour

// decisionLink is the page of an event that needs attention; empty where it is
// about no passes. Only the operator gets it.
func (e *Engine) decisionLink(ctx context.Context, ev store.Event) (string, error) {
	rows, err := e.Store.PassesAbout(ctx, ev)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return e.URL + "/console/decisions/" + strings.ReplaceAll(ev.ID, "-", "") + e.Secrets.keys[0].decisionToken(ev.ID), nil
}

// idLength is that of an event's id in a link: a UUID without hyphens.
const idLength = 32

// DecisionByLink finds a decision by the token in its link, as long as it works.
func (e *Engine) DecisionByLink(ctx context.Context, token string) (*Decision, bool, error) {
	if len(token) <= idLength {
		return nil, false, nil
	}
	id, err := uuid.Parse(token[:idLength])
	if err != nil || !slices.ContainsFunc(e.Secrets.keys, func(k secret) bool {
		return subtle.ConstantTimeCompare([]byte(k.decisionToken(id.String())), []byte(token[idLength:])) == 1
	}) {
		return nil, false, nil
	}
	ev, ok, err := e.Store.Event(ctx, id.String())
	if err != nil || !ok || ev.Attention == "" || e.Now().Sub(ev.Received) > decideWithin {
		return nil, false, err
	}
	rows, err := e.Store.PassesAbout(ctx, *ev)
	if err != nil {
		return nil, false, err
	}
	d := &Decision{Text: ev.Attention, Object: ev.Object, Time: ev.Time}
	for _, row := range rows {
		_, issued, err := e.describe(row)
		if err != nil {
			return nil, false, err
		}
		d.Passes = append(d.Passes, DecisionPass{issued, row.Void})
	}
	return d, true, nil
}

// Decide makes the passes with those serial numbers void, and gives those back
// that a person made void before. What a refund or a dispute made void stays so.
func (e *Engine) Decide(ctx context.Context, d *Decision, void []string) error {
	for _, p := range d.Passes {
		want := slices.Contains(void, p.Serial)
		if want == p.VoidByOperator() {
			continue
		}
		kind := TypeUnvoid
		if want {
			kind = TypeVoid
		}
		ev, err := OwnEvent(kind, p.Serial, nil, e.Now())
		if err == nil {
			err = e.atOnce(ctx, ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
