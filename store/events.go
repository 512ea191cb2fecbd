package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
)

// eventFields are those of scanEvent.
const eventFields = "id, source, external_id, account, object, live, types, refs, redirect, rule, headers, data, time, received, state, note, attention, attempts, since, due, settled"

// scanner is a row, or rows at one of theirs.
type scanner interface{ Scan(into ...any) error }

func scanEvent(row scanner) (*Event, error) {
	var e Event
	var types []string
	var names, refs, redirect, headers string
	var data []byte
	var happened, received, since, due, settled int64
	err := row.Scan(&e.ID, &e.Source, &e.ExternalID, &e.Account, &e.Object, &e.Live, &names, &refs, &redirect, &e.Rule, &headers, &data,
		&happened, &received, &e.State, &e.Note, &e.Attention, &e.Attempts, &since, &due, &settled)
	if err != nil {
		return nil, err
	}
	e.Data, e.Time, e.Received = data, fromMillis(happened), fromMillis(received)
	e.Since, e.Due, e.Settled = fromMillis(since), fromMillis(due), fromMillis(settled)
	e.Redirect.Channel, e.Redirect.Address, _ = strings.Cut(redirect, " ")
	err = errors.Join(json.Unmarshal([]byte(names), &types), json.Unmarshal([]byte(refs), &e.Refs))
	if headers != "" {
		err = errors.Join(err, json.Unmarshal([]byte(headers), &e.Headers))
	}
	if len(types) > 0 {
		e.Type, e.Aliases = types[0], types[1:]
	}
	return &e, err
}

// found tells a missing row from another error.
func found[T any](v *T, err error) (*T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (e *Event) row() Row {
	return Row{ID: e.ID, Lane: e.Source, State: e.State, Note: e.Note, Attempts: e.Attempts, Since: e.Since, Due: e.Due}
}

const replayEvent = "UPDATE events SET state = 'pending', claimed = false, note = '', attention = '', due = $2, since = $2, settled = 0, told = false WHERE id = $1 AND (state <> 'pending' OR NOT claimed)"

// Replay makes an event pending and due again, unless somebody works on it now.
// The error is ErrNotFound where there is no such event.
func (s *Store) Replay(ctx context.Context, id string) error {
	e, err := s.Event(ctx, id)
	if err != nil {
		return err
	}
	err = s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err == nil {
			_, err = t.exec(replayEvent, id, millis(now))
		}
		return err
	})
	if err == nil {
		s.ledger.wake(eventTable.name, e.Source)
	}
	return err
}

const eventByID = "SELECT " + eventFields + " FROM events WHERE id = $1"

// Event reads one event by our id. The error is ErrNotFound where there is none.
func (s *Store) Event(ctx context.Context, id string) (*Event, error) {
	return found(scanEvent(s.reader.QueryRowContext(ctx, eventByID, id)))
}

const eventBySource = "SELECT " + eventFields + " FROM events WHERE source = $1 AND external_id = $2"

// EventBySource reads one event by its source's id. The error is ErrNotFound
// where there is none.
func (s *Store) EventBySource(ctx context.Context, source, externalID string) (*Event, error) {
	return found(scanEvent(s.reader.QueryRowContext(ctx, eventBySource, source, externalID)))
}

const accounts = "WITH RECURSIVE seen (account) AS (SELECT min(account) FROM events WHERE source = $1 AND account <> ''" +
	" UNION ALL SELECT (SELECT min(account) FROM events WHERE source = $1 AND account <> '' AND account > seen.account) FROM seen WHERE seen.account IS NOT NULL)" +
	" SELECT account FROM seen WHERE account IS NOT NULL"

// Accounts are the connected accounts of a source that events came from.
func (s *Store) Accounts(ctx context.Context, source string) ([]string, error) {
	return s.strings(ctx, accounts, source)
}

// strings reads one column.
func (s *Store) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return column(rows)
}

// clean makes a note storable: PostgreSQL takes neither NUL nor broken UTF-8.
func clean(s string) string {
	const most = 2000
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
