package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/passhook/passhook/integrations"
)

// Lease is how long a claim lasts.
const Lease = lease

// Beside is the store's database, past the store.
func (s *Store) Beside() (*sql.DB, error) {
	if s.config.URL != "" {
		return sql.Open("pgx", s.config.URL)
	}
	return sql.Open("sqlite", "file:"+s.config.Path+"?_pragma=busy_timeout(10000)")
}

// Writer runs a statement on the connection that SQLite is written over, and
// reads a number.
func (s *Store) Writer(query string) (n int, err error) {
	e, ok := s.engine.(*sqlite)
	if !ok {
		return 0, fmt.Errorf("%T has no writer", s.engine)
	}
	err = e.alone(func() error {
		err := e.writing.QueryRow(query).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return n, err
}

// Write runs statements in a transaction as the store does.
func (s *Store) Write(ctx context.Context, urgent bool, f func(exec func(query string, args ...any) error) error) error {
	return s.engine.write(ctx, urgent, func(t *transaction) error {
		return f(func(query string, args ...any) error { _, err := t.exec(query, args...); return err })
	})
}

// Worked waits until it is worth looking again what became of a row.
func (s *Store) Worked(ctx context.Context, worked <-chan struct{}, tick <-chan time.Time) error {
	return s.worked(ctx, worked, tick)
}

// Waiting is how many events wait for the next transaction.
func (s *Store) Waiting() int { return len(s.accept) }

// ClaimEvent claims one event, as a worker does, if it is due.
func (s *Store) ClaimEvent(ctx context.Context, id string) (*Event, bool, error) {
	return claimOne(ctx, s, Events, id)
}

// ClaimDelivery claims one delivery, as a worker does, if it is due.
func (s *Store) ClaimDelivery(ctx context.Context, id string) (*Delivery, bool, error) {
	return claimOne(ctx, s, Deliveries, id)
}

// ClaimWalk claims one walk, as a worker does, if it is due.
func (s *Store) ClaimWalk(ctx context.Context, id string) (*Walk, bool, error) {
	return claimOne(ctx, s, Walks, id)
}

// ClaimOutgoing claims one message, as a worker does, if it is due.
func (s *Store) ClaimOutgoing(ctx context.Context, id string) (*Outgoing, bool, error) {
	return claimOne(ctx, s, Outgoings, id)
}

func claimOne[T any](ctx context.Context, s *Store, in Table[T], id string) (out *T, ok bool, err error) {
	err = s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		rows, err := collect(ctx, t, in.scan, "UPDATE "+in.name+" SET attempts = attempts + 1, claimed = true, due = $2 WHERE id = $1 AND state = 'pending' AND due <= $3 RETURNING "+in.fields,
			id, millis(now.Add(lease)), millis(now))
		if len(rows) == 1 {
			out, ok = &rows[0], true
		}
		return err
	})
	return out, ok, err
}

// ClaimDue claims the event of a source that is due longest, as a running store
// does.
func (s *Store) ClaimDue(ctx context.Context, source string) (out []Row, err error) {
	n := newLane(&s.ledger, Work[Event]{Table: Events, Slots: 1}, source)
	claims, err := n.claim(ctx, 1)
	for _, c := range claims {
		c.lost(nil)
		n.held.Delete(n.table.name + " " + c.ID)
		out = append(out, c.Row)
	}
	return out, err
}

// allTables are those that passhook works on.
var allTables = []table{eventTable, deliveryTable, walkTable, outgoingTable, messageTable}

// Look looks once for what is due.
func (s *Store) Look(ctx context.Context) error { return s.ledger.findDue(ctx, lookQuery(allTables)) }

// Release gives back the claims of whoever worked before, as each start does.
func (s *Store) Release(ctx context.Context) error { return s.engine.release(ctx, allTables) }

// SettleEvent ends a claimed event.
func (s *Store) SettleEvent(ctx context.Context, e *Event, state, note string) error {
	return s.settleRow(ctx, eventTable, e.ID, e.Attempts, state, note)
}

// SettleDelivery ends a claimed delivery.
func (s *Store) SettleDelivery(ctx context.Context, d *Delivery, state, note string) error {
	return s.settleRow(ctx, deliveryTable, d.ID, d.Attempts, state, note)
}

func (s *Store) settleRow(ctx context.Context, in table, id string, attempts int, state, note string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		return t.changed(in.settle, id, attempts, state, note, millis(now))
	})
}

// RetryEvent gives a claimed event back.
func (s *Store) RetryEvent(ctx context.Context, e *Event, due time.Time, note string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		return t.changed(eventTable.retry, e.ID, e.Attempts, millis(due), clean(note))
	})
}

// Lane is what a running store knows of one of its lanes.
type Lane struct{ lane *lane }

// LaneOf is a lane of the running store, if it is open.
func (s *Store) LaneOf(table, name string) (Lane, bool) {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	one := s.ledger.lanes[table+" "+name]
	return Lane{one}, one != nil
}

// Oldest is for how long the lane's oldest row has been due.
func (l Lane) Oldest() time.Duration {
	at := l.lane.oldest.Load()
	if at == 0 {
		return 0
	}
	return time.Since(time.Unix(0, at))
}

// Waits is how long rows of the lane wait for us.
func (l Lane) Waits() time.Duration { return l.lane.waits() }

// What a retry is decided by.
var (
	Final       = patient.final
	Pause       = patient.pause
	SpacedFinal = spaced.final
	SpacedPause = spaced.pause
)

// Renew renews the claims of the running store.
func (s *Store) Renew(ctx context.Context) error { return s.ledger.renewAll(ctx) }

// Watch has every statement told to f until stop is called; nobody else may have
// a store open.
func Watch(f func(sqlite bool, query string, args []any)) (stop func()) {
	was := watched
	watched = func(r runner) runner {
		_, sqlite := r.(*prepared)
		return watching{r, func(query string, args []any) { f(sqlite, query, args) }}
	}
	return func() { watched = was }
}

type watching struct {
	runner
	f func(string, []any)
}

func (w watching) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	w.f(query, args)
	return w.runner.ExecContext(ctx, query, args...)
}

func (w watching) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	w.f(query, args)
	return w.runner.QueryContext(ctx, query, args...)
}

func (w watching) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	w.f(query, args)
	return w.runner.QueryRowContext(ctx, query, args...)
}

// Ready reports whether Run works.
func (s *Store) Ready() bool {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return s.ledger.open != nil
}

// Together runs functions in SQLite's writer as if all had waited for it, of which
// the last are urgent, and tells how many transactions they shared.
func (s *Store) Together(urgent int, all ...func(exec func(query string, args ...any) error) error) (errs []error, transactions int) {
	e := s.engine.(*sqlite) //nolint:forcetypeassert // for SQLite only
	w := &writer{db: e.writing, urgent: make(chan *writing, len(all)), normal: make(chan *writing, len(all))}
	queue := make([]*writing, len(all))
	for i, f := range all {
		queue[i] = &writing{done: make(chan error, 1), f: func(t *transaction) error {
			return f(func(query string, args ...any) error { _, err := t.exec(query, args...); return err })
		}}
		if to := w.normal; i < len(all)-urgent {
			to <- queue[i]
		} else {
			w.urgent <- queue[i]
		}
	}
	err := e.alone(func() error {
		for first := w.waiting(); first != nil; first = w.waiting() {
			w.batch(first)
			transactions++
		}
		return w.letGo()
	})
	for _, one := range queue {
		errs = append(errs, errors.Join(err, <-one.done))
	}
	return errs, transactions
}

// Waiters is how many wait for rows.
func (s *Store) Waiters() (n int) {
	s.waiters.mu.Lock()
	defer s.waiters.mu.Unlock()
	for _, all := range s.waiters.byID {
		n += len(all)
	}
	return n
}

// AcceptTogether stores n events in one statement.
func (s *Store) AcceptTogether(ctx context.Context, n int) error {
	return s.engine.write(ctx, true, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		var batch []acceptance
		for i := range n {
			e := integrations.Event{Source: "stripe", Type: "together", ExternalID: fmt.Sprintf("together %d of %d", i, n), Ignore: "nobody wants it"}
			a, err := newAcceptance(e, nil)
			if err != nil {
				return err
			}
			batch = append(batch, a)
		}
		_, err = insertEvents(t, now, batch)
		return err
	})
}

// Redeemed stores that a pass was redeemed, as whoever redeems it does within a
// transaction.
func (s *Store) Redeemed(ctx context.Context, eventID, serial string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		return s.remember(t, eventID, now, []fact{{serial, ActivityRedeemed}})
	})
}
