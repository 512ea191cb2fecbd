package store

import (
	"cmp"
	"context"
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
	id    string
	event integrations.Event
	types string
	refs  string
	// headers is a JSON object, or empty.
	headers string
	result  chan<- accepted
}

type accepted struct {
	id    string
	fresh bool
	err   error
}

// ErrOverloaded says that so much waits already that new work would only wait
// behind it: whoever sends it sends it again later.
var ErrOverloaded = errors.New("more work is waiting than can be done now; send it again later")

// Accept stores an event and returns when it is on disk. Where the source's id
// is known already, it returns the first event's id and fresh is false. Calls
// that wait at the same time share one transaction and one wake-up. An event
// whose Ignore is set is stored as ignored and wakes nobody. ErrOverloaded
// refuses what can wait; passhook's own events are never refused.
func (s *Store) Accept(ctx context.Context, e integrations.Event) (id string, fresh bool, err error) {
	if e.Ignore == "" && e.Source != ownSource && s.ledger.overloaded(e.Source) {
		return "", false, ErrOverloaded
	}
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
	if len(e.Headers) > 0 {
		b, err := json.Marshal(e.Headers)
		if err != nil {
			return a, err
		}
		a.headers = string(b)
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

// Unstored is a new event that Issue stores together with what it does.
func Unstored(e integrations.Event) (*Event, error) {
	id, err := newID()
	e.ID = id
	return &Event{Event: e, State: StatePending}, err
}

// redirect is how a column keeps a recipient: CHANNEL ADDRESS.
func redirect(e integrations.Event) string {
	if e.Redirect == (integrations.Recipient{}) {
		return ""
	}
	return e.Redirect.Channel + " " + e.Redirect.Address
}

// eventColumns are those of an INSERT: the parameters of eventValues, of which
// received stands for since and due as well, then what all new events have.
const eventColumns = "id, source, external_id, account, object, live, types, refs, redirect, rule, headers, data, time, state, note, received, since, due, settled, attempts, claimed, told"

// eventParameters is how many parameters an event has.
const eventParameters = 17

func eventValues(a acceptance, at time.Time) []any {
	e := a.event
	state, settled := StatePending, time.Time{}
	if e.Ignore != "" {
		state, settled = StateIgnored, at
	}
	return []any{
		a.id, e.Source, e.ExternalID, e.Account, e.Object, e.Live, a.types, a.refs, redirect(e), e.Rule, a.headers, append([]byte{}, e.Data...),
		millis(e.Time), state, e.Ignore, millis(at), millis(settled),
	}
}

// insertEvents returns the ids of the events that were not there.
func insertEvents(t *transaction, now time.Time, batch []acceptance) (map[string]bool, error) {
	fresh := map[string]bool{}
	for chunk := range slices.Chunk(batch, maxRows) {
		var args []any
		for _, a := range chunk {
			args = append(args, eventValues(a, now)...)
		}
		ids, err := t.strings(insertTexts[len(chunk)], args...)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			fresh[id] = true
		}
	}
	return fresh, nil
}

// insertTexts insert so many events.
var insertTexts = func() (out [maxRows + 1]string) {
	for n := 1; n <= maxRows; n++ {
		var q strings.Builder
		q.WriteString("INSERT INTO events (" + eventColumns + ") VALUES ")
		for i := range n {
			if i > 0 {
				q.WriteString(", ")
			}
			eventRow(&q, i*eventParameters)
		}
		q.WriteString(" ON CONFLICT (source, external_id) DO NOTHING RETURNING id")
		out[n] = q.String()
	}
	return out
}()

// eventRow writes the values of a row, whose parameters are those behind from.
func eventRow(q *strings.Builder, from int) {
	q.WriteByte('(')
	for i := range eventParameters - 1 {
		q.WriteString("$" + strconv.Itoa(from+i+1) + ", ")
	}
	received, settled := "$"+strconv.Itoa(from+eventParameters-1), "$"+strconv.Itoa(from+eventParameters)
	q.WriteString(received + ", " + received + ", " + settled + ", 0, false, false)")
}

// jsonList is how a column keeps a list; nil is an empty one.
func jsonList(v []string) (string, error) {
	b, err := json.Marshal(append([]string{}, v...))
	return string(b), err
}

// committer stores the events that wait to be accepted, batch after batch.
type committer struct{ *Store }

const (
	// maxBatch is how many waiting events share one transaction.
	maxBatch = 256
	// acceptTimeout is how long a transaction of events may wait and take;
	// senders ask again after that.
	acceptTimeout = 10 * time.Second
)

// run commits until Close.
func (c *committer) run() {
	defer close(c.stopped)
	for {
		select {
		case first := <-c.accept:
			c.commit(first)
		case <-c.closing:
			for len(c.accept) > 0 {
				c.commit(<-c.accept)
			}
			return
		}
	}
}

// commit stores the first event with all that wait behind it.
func (c *committer) commit(first acceptance) {
	batch := []acceptance{first}
	for len(batch) < maxBatch && len(c.accept) > 0 {
		batch = append(batch, <-c.accept)
	}
	// Processes that store the same events lock them in the same order.
	slices.SortFunc(batch, func(a, b acceptance) int {
		return cmp.Or(cmp.Compare(a.event.Source, b.event.Source), cmp.Compare(a.event.ExternalID, b.event.ExternalID))
	})
	results, err := c.store(batch)
	for i, a := range batch {
		if err != nil {
			a.result <- accepted{err: err}
			continue
		}
		a.result <- results[i]
	}
}

// store writes events in one transaction and then wakes who works on them.
func (c *committer) store(batch []acceptance) ([]accepted, error) {
	ctx, cancel := context.WithTimeout(context.Background(), acceptTimeout)
	defer cancel()
	results := make([]accepted, len(batch))
	err := c.engine.write(ctx, true, func(t *transaction) error {
		now, err := c.engine.now(ctx, t)
		if err != nil {
			return err
		}
		fresh, err := insertEvents(t, now, batch)
		if err != nil {
			return err
		}
		for i, a := range batch {
			if results[i] = (accepted{id: a.id, fresh: fresh[a.id]}); fresh[a.id] {
				continue
			}
			err := t.row(eventByExternalID, a.event.Source, a.event.ExternalID).Scan(&results[i].id)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		c.ledger.arrived(len(batch))
	}
	for i, a := range batch {
		if err == nil && results[i].fresh && a.event.Ignore == "" {
			c.ledger.wake(eventTable.name, a.event.Source)
		}
	}
	return results, err
}

const eventByExternalID = "SELECT id FROM events WHERE source = $1 AND external_id = $2"
