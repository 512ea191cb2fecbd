package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

const (
	// tellEvery is how often the operator is told what is new, at most.
	tellEvery = time.Minute
	// tellMost is how many events and deliveries one notice lists, each.
	tellMost = 50
)

// Tell tells the operator, until ctx ends, what needs a person: events that
// failed or want a decision, and deliveries that are dead. Many at once are one
// notice.
func (e *Engine) Tell(ctx context.Context) {
	if len(e.Operator) == 0 {
		return
	}
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		if err := e.TellOnce(ctx); err != nil && ctx.Err() == nil {
			e.Log.Warn("the operator could not be told; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// TellOnce sends one notice of everything that is new, or none.
func (e *Engine) TellOnce(ctx context.Context) error {
	events, deliveries, err := e.Store.Untold(ctx, tellMost)
	if err != nil {
		return err
	}
	stuck, err := e.stuck(ctx)
	if err != nil || len(events)+len(deliveries) == 0 && stuck == nil {
		return err
	}
	var text strings.Builder
	ids := sha256.New()
	failed, other := 0, 0
	if stuck != nil {
		other++
		fmt.Fprintf(&text, "Event %s about %s, and perhaps others, cannot be worked on yet: %s\nThey are tried again by themselves for five days; fix the cause and all is well.\n\n", stuck.ID, stuck.Object, stuck.Note)
		fmt.Fprintf(ids, "stuck %s\n", stuck.ID)
	}
	for _, ev := range events {
		if ev.State == store.StateFailed {
			failed++
			fmt.Fprintf(&text, "Event %s about %s failed: %s\nFix the cause, then: passhook events replay %s\n\n", ev.ID, ev.Object, ev.Note, ev.ID)
		} else {
			other++
			fmt.Fprintf(&text, "Event %s about %s: %s\n", ev.ID, ev.Object, ev.Attention)
			link, err := e.decisionLink(ctx, ev)
			if err != nil {
				return err
			}
			if link != "" {
				fmt.Fprintf(&text, "Say which of its passes are void: %s\n", link)
			}
			text.WriteString("\n")
		}
		fmt.Fprintf(ids, "%s %d\n", ev.ID, ev.Attempts)
	}
	for _, d := range deliveries {
		fmt.Fprintf(&text, "Delivery %s to %s is dead: %s\nCorrect the address: passhook deliveries resend %s --to ADDRESS\n\n", d.ID, d.Recipient, d.Note, d.ID)
		fmt.Fprintln(ids, d.ID)
	}
	subject := "passhook: " + counted([]amount{{failed, "failed event", "failed events"}, {len(deliveries), "dead delivery", "dead deliveries"}, {other, "event to look at", "events to look at"}})
	if err := e.Notice(ctx, integrations.Notice{ID: "notice-" + hex.EncodeToString(ids.Sum(nil))[:24], Subject: subject, Text: text.String()}); err != nil {
		return err
	}
	if stuck != nil {
		if err := e.Store.SetMark(ctx, markStuck, stuck.ID); err != nil {
			return err
		}
	}
	return e.Store.Told(ctx, events, deliveries)
}

// Notice tells the operator over every channel that the config names for it. A
// channel that fails keeps the others from nothing.
func (e *Engine) Notice(ctx context.Context, n integrations.Notice) error {
	var errs []error
	for _, to := range e.Operator {
		channel := e.Channels[to.Channel]
		if channel == nil {
			errs = append(errs, fmt.Errorf("operator: there is no channel %s in the config", to.Channel))
			continue
		}
		errs = append(errs, channel.Notice(ctx, to.Address, n))
	}
	return errors.Join(errs...)
}

// amount is how many there are of something, with its word for one and for more.
type amount struct {
	n         int
	one, many string
}

// counted lists what there is.
func counted(list []amount) string {
	var out []string
	for _, a := range list {
		switch a.n {
		case 0:
		case 1:
			out = append(out, "1 "+a.one)
		default:
			out = append(out, fmt.Sprintf("%d %s", a.n, a.many))
		}
	}
	return strings.Join(out, ", ")
}

const (
	// stuckAfter is how many tries an event has had, in about two minutes, when
	// its trouble is the operator's: a key without a permission, or an outage.
	stuckAfter = 5
	// markStuck remembers that the operator knows.
	markStuck = "told of stuck events"
)

// stuck is an event that the operator is to be told of because it keeps being
// tried; nil where there is none, or where one was told of and trouble has
// not ended since. An outage holds up many events and is told once.
func (e *Engine) stuck(ctx context.Context) (*store.Event, error) {
	ev, ok, err := e.Store.Stuck(ctx, stuckAfter)
	if err != nil {
		return nil, err
	}
	told, err := e.Store.Mark(ctx, markStuck)
	switch {
	case err != nil || ok && told == "":
		return ev, err
	case !ok && told != "":
		return nil, e.Store.SetMark(ctx, markStuck, "")
	}
	return nil, nil
}
