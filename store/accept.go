package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passhook/passhook/integrations"
)

// maxRows is how many rows one INSERT has: SQLite looks parameters up one by
// one, so that a statement with thousands takes quadratic time.
const maxRows = 8

// acceptance is one event that waits to be stored.
type acceptance struct {
	id     string
	event  integrations.Event
	types  string
	refs   string
	result chan<- accepted
}

type accepted struct {
	id    string
	fresh bool
	err   error
}

// Accept stores an event and returns when it is on disk. Where the source's id
// is known already, it returns the first event's id and fresh is false. Calls
// that wait at the same time share one transaction and one wake-up. An event
// whose Ignore is set is stored as ignored and wakes nobody.
func (s *Store) Accept(ctx context.Context, e integrations.Event) (id string, fresh bool, err error) {
	result := make(chan accepted, 1)
	a, err := newAcceptance(e, result)
	if err != nil {
		return "", false, err
	}
	select {
	case s.accept <- a:
	case <-s.stopped:
		return "", false, ErrClosed
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	select {
	case r := <-result:
		return r.id, r.fresh, r.err
	case <-s.stopped:
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	select {
	case r := <-result: // stored by the last batch
		return r.id, r.fresh, r.err
	default:
		return "", false, ErrClosed
	}
}

func newAcceptance(e integrations.Event, result chan<- accepted) (a acceptance, err error) {
	a = acceptance{event: e, result: result}
	if a.types, err = jsonList(e.Names()); err != nil {
		return a, err
	}
	if a.refs, err = jsonList(e.Refs); err != nil {
		return a, err
	}
	for _, v := range append([]string{e.Source, e.ExternalID, e.Account, e.Object, e.Redirect.Channel, e.Redirect.Address, e.Rule, e.Ignore}, e.Names()...) {
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			return a, errors.New("the event has text that is not UTF-8 or holds U+0000")
		}
	}
	if e.Source == "" || e.ExternalID == "" || e.Type == "" {
		return a, errors.New("the event lacks its source, id or type")
	}
	a.id, err = newID()
	return a, err
}

// redirect is how a column keeps a recipient: CHANNEL ADDRESS.
func redirect(e integrations.Event) string {
	if e.Redirect == (integrations.Recipient{}) {
		return ""
	}
	return e.Redirect.Channel + " " + e.Redirect.Address
}

// eventColumns are those of an INSERT: the parameters of eventValues, then what
// all new events have.
const eventColumns = "id, source, external_id, account, object, live, types, refs, redirect, rule, data, time, state, note, received, due, settled, attempts, claimed, told"

// eventParameters is how many of the columns are parameters; received, the last
// but one, is due as well.
const eventParameters = 16

func eventValues(a acceptance, at time.Time) []any {
	e := a.event
	state, settled := StatePending, time.Time{}
	if e.Ignore != "" {
		state, settled = StateIgnored, at
	}
	return []any{
		a.id, e.Source, e.ExternalID, e.Account, e.Object, e.Live, a.types, a.refs, redirect(e), e.Rule, append([]byte{}, e.Data...),
		millis(e.Time), state, e.Ignore, millis(at), millis(settled),
	}
}

// insertEvents returns the ids of the events that were not there. full is the
// statement that inserts maxRows of them.
func insertEvents(ctx context.Context, tx *transaction, full *sql.Stmt, now time.Time, batch []acceptance) (map[string]bool, error) {
	fresh := map[string]bool{}
	for chunk := range slices.Chunk(batch, maxRows) {
		if err := insertChunk(ctx, tx, full, now, chunk, fresh); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// insertText inserts so many events.
func insertText(rows int) string {
	var q strings.Builder
	q.WriteString("INSERT INTO events (" + eventColumns + ") VALUES ")
	for i := range rows {
		if i > 0 {
			q.WriteString(", ")
		}
		eventRow(&q, i*eventParameters)
	}
	q.WriteString(" ON CONFLICT (source, external_id) DO NOTHING RETURNING id")
	return q.String()
}

// insertChunk inserts a few events with one statement.
func insertChunk(ctx context.Context, tx *transaction, full *sql.Stmt, now time.Time, chunk []acceptance, fresh map[string]bool) error {
	var args []any
	for _, a := range chunk {
		args = append(args, eventValues(a, now)...)
	}
	var rows *sql.Rows
	var err error
	if len(chunk) == maxRows {
		rows, err = tx.StmtContext(ctx, full).QueryContext(ctx, args...) //nolint:sqlclosecheck // the transaction closes it
	} else {
		rows, err = tx.QueryContext(ctx, insertText(len(chunk)), args...)
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		fresh[id] = true
	}
	return rows.Err()
}

// jsonList is how a column keeps a list; nil is an empty one.
func jsonList(v []string) (string, error) {
	b, err := json.Marshal(append([]string{}, v...))
	return string(b), err
}

// eventRow writes the values of a row, whose parameters are those behind from.
func eventRow(q *strings.Builder, from int) {
	q.WriteByte('(')
	for i := range eventParameters - 1 {
		q.WriteString("$" + strconv.Itoa(from+i+1) + ", ")
	}
	received, settled := strconv.Itoa(from+eventParameters-1), strconv.Itoa(from+eventParameters)
	q.WriteString("$" + received + ", $" + settled + ", 0, false, false)")
}
