package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// eventFields are those of scanEvent.
const eventFields = "id, source, external_id, account, object, live, types, refs, redirect, rule, data, time, received, state, note, attention, attempts, due, settled"

// scanner is a row, or rows at one of theirs.
type scanner interface{ Scan(into ...any) error }

func scanEvent(row scanner) (*Event, error) {
	var e Event
	var types []string
	var names, refs, redirect string
	var data []byte
	var happened, received, due, settled int64
	err := row.Scan(&e.ID, &e.Source, &e.ExternalID, &e.Account, &e.Object, &e.Live, &names, &refs, &redirect, &e.Rule, &data,
		&happened, &received, &e.State, &e.Note, &e.Attention, &e.Attempts, &due, &settled)
	if err != nil {
		return nil, err
	}
	e.Data, e.Time, e.Received, e.Due, e.Settled = data, fromMillis(happened), fromMillis(received), fromMillis(due), fromMillis(settled)
	e.Redirect.Channel, e.Redirect.Address, _ = strings.Cut(redirect, " ")
	err = errors.Join(json.Unmarshal([]byte(names), &types), json.Unmarshal([]byte(refs), &e.Refs))
	if len(types) > 0 {
		e.Type, e.Aliases = types[0], types[1:]
	}
	return &e, err
}

// found tells a missing row from an error.
func found[T any](v *T, err error) (*T, bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return v, err == nil, err
}

// ClaimEvent takes a pending event that is due, until the lease ends. ok is
// false where somebody else has it or there is nothing to do.
func (s *Store) ClaimEvent(ctx context.Context, id string, lease time.Duration) (e *Event, ok bool, err error) {
	s.yield(ctx)
	defer s.turn()()
	now := s.now()
	return found(scanEvent(s.db.QueryRowContext(ctx,
		"UPDATE events SET attempts = attempts + 1, claimed = true, due = $2 WHERE id = $1 AND state = 'pending' AND due <= $3 RETURNING "+eventFields,
		id, millis(now.Add(lease)), millis(now))))
}

// RetryEvent gives a claimed event back, to be due at that time.
func (s *Store) RetryEvent(ctx context.Context, e *Event, due time.Time, note string) error {
	return s.fenced(ctx, "UPDATE events SET claimed = false, due = $3, note = $4 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
		e.ID, e.Attempts, millis(due), clean(note))
}

// SettleEvent ends a claimed event: done, ignored, unmatched or failed.
func (s *Store) SettleEvent(ctx context.Context, e *Event, state, note string) error {
	return s.fenced(ctx, settleEvent, e.ID, e.Attempts, state, clean(note), millis(s.now()))
}

const settleEvent = "UPDATE events SET claimed = false, state = $3, note = $4, settled = $5 WHERE id = $1 AND attempts = $2 AND state = 'pending'"

// fenced runs an update that must change one row; else the claim was lost.
func (s *Store) fenced(ctx context.Context, query string, args ...any) error {
	defer s.turn()()
	return changed(s.db.ExecContext(ctx, query, args...))
}

func changed(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrLost, err)
	}
	return nil
}

// Reopen makes an event pending and due, for a replay, unless a worker has it.
func (s *Store) Reopen(ctx context.Context, id string) (bool, error) {
	err := s.fenced(ctx, "UPDATE events SET state = 'pending', claimed = false, note = '', attention = '', due = $2, settled = 0, told = false WHERE id = $1 AND (state <> 'pending' OR NOT claimed)", id, millis(s.now()))
	if errors.Is(err, ErrLost) {
		return false, nil
	}
	return err == nil, err
}

// Replay wakes a worker to reopen an event and work on it again. It writes
// nothing but the wake-up.
func (s *Store) Replay(ctx context.Context, id string) error {
	if _, ok, err := s.Event(ctx, id); err != nil || !ok {
		return errors.Join(fmt.Errorf("there is no event %s", id), err)
	}
	return s.wake(ctx, Job{Kind: JobReplay, IDs: []string{id}})
}

// Event reads one event by our id.
func (s *Store) Event(ctx context.Context, id string) (e *Event, ok bool, err error) {
	return found(scanEvent(s.db.QueryRowContext(ctx, "SELECT "+eventFields+" FROM events WHERE id = $1", id)))
}

const accounts = "WITH RECURSIVE seen (account) AS (SELECT min(account) FROM events WHERE source = $1 AND account <> ''" +
	" UNION ALL SELECT (SELECT min(account) FROM events WHERE source = $1 AND account <> '' AND account > seen.account) FROM seen WHERE seen.account IS NOT NULL)" +
	" SELECT account FROM seen WHERE account IS NOT NULL"

// Accounts are the connected accounts of a source that events came from.
func (s *Store) Accounts(ctx context.Context, source string) ([]string, error) {
	return s.strings(ctx, accounts, source)
}

// clean makes a note storable: PostgreSQL takes neither NUL nor broken UTF-8.
func clean(s string) string {
	const most = 2000
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
