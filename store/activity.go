package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/passhook/passhook/integrations"
)

// Kinds of activity: what became of a pass.
const (
	ActivityIssued   = "issued"
	ActivityUpdated  = "updated"
	ActivityVoided   = "voided"
	ActivityUnvoided = "unvoided"
	ActivityRedeemed = "redeemed"
	// A pass is installed with the first phone that registers it, and removed with
	// the last.
	ActivityInstalled = "installed"
	ActivityRemoved   = "removed"
)

// messageOf is what endpoints are told of an activity.
var messageOf = map[string]string{
	ActivityIssued: integrations.MessageIssued, ActivityUpdated: integrations.MessageUpdated, ActivityVoided: integrations.MessageVoided,
	ActivityUnvoided: integrations.MessageUpdated, ActivityInstalled: integrations.MessageInstalled, ActivityRemoved: integrations.MessageRemoved, ActivityRedeemed: integrations.MessageRedeemed,
}

// fact is what became of one pass.
type fact struct{ serial, kind string }

// became is what a pass becomes with other inputs and reasons. One more reason of
// several makes it void no second time.
func became(p *Pass, inputs []byte, void []string, fresh bool) (out []fact) {
	was, is := len(p.Void) > 0, len(void) > 0
	switch {
	case is && !was:
		out = append(out, fact{p.Serial, ActivityVoided})
	case was && !is:
		out = append(out, fact{p.Serial, ActivityUnvoided})
	}
	if !fresh && (!bytes.Equal(inputs, p.Inputs) || was && is && !slices.Equal(void, p.Void)) {
		out = append(out, fact{p.Serial, ActivityUpdated})
	}
	return out
}

const insertActivity = "INSERT INTO activity (id, serial, kind, event_id, at)"

// remember stores what became of passes, and queues it for the endpoints that
// want to know, in the transaction that makes it true. eventID is the event that
// did it.
func (s *Store) remember(t *transaction, eventID string, now time.Time, facts []fact) error {
	if len(facts) == 0 {
		return nil
	}
	rows, all := make([][]any, len(facts)), make([]news, len(facts))
	for i, f := range facts {
		id, err := newID()
		if err != nil {
			return err
		}
		rows[i], all[i] = []any{id, f.serial, f.kind, eventID, millis(now)}, news{messageOf[f.kind], f.serial}
	}
	if err := t.insert(insertActivity, "", rows); err != nil {
		return err
	}
	if err := s.edits(t, eventID, now, shown(facts)); err != nil {
		return err
	}
	return s.queue(t, now, eventID, all)
}

// shown are the passes that look another way than before.
func shown(facts []fact) []string {
	var out []string
	for _, f := range facts {
		if f.kind != ActivityIssued && f.kind != ActivityRedeemed {
			out = append(out, f.serial)
		}
	}
	return out
}

const activityOfEvent = "SELECT kind FROM activity WHERE serial = $1 AND event_id = $2 LIMIT 1"

// Changed reports whether an event made of a pass something that it was not:
// issued or redeemed it, made it void or valid, or changed its inputs.
func (s *Store) Changed(ctx context.Context, eventID, serial string) (bool, error) {
	kinds, err := s.strings(ctx, activityOfEvent, serial, eventID)
	return len(kinds) > 0, err
}
