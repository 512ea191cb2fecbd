package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSettled is what Do returns when it has settled the row itself, in the
// transaction that its work ended with.
var ErrSettled = errors.New("the row is settled already")

// Work is how the rows of one table are worked on.
type Work[T any] struct {
	Table Table[T]
	// Slots is how many rows of a lane are worked on at once.
	Slots int
	// After names a table whose rows go first: while some of them have waited for
	// long, one row of this table is worked on at a time.
	After string
	// Do does what a row asks for. nil settles it as done; other errors than
	// ErrSettled follow the rule of integrations. When the process is asked to
	// stop, ctx ends; what Do then fails with is no failure of the row.
	Do func(ctx context.Context, row *T) error
}

// Worker is a Work of any type.
type Worker interface {
	of() (t table, slots int, after string)
	claim(t *transaction, query string, args ...any) ([]*claim, error)
}

func (w Work[T]) of() (table, int, string) { return w.Table.table, w.Slots, w.After }

func (w Work[T]) claim(t *transaction, query string, args ...any) ([]*claim, error) {
	rows, err := collect(t.ctx, t, w.Table.scan, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]*claim, len(rows))
	for i := range rows {
		row := &rows[i]
		out[i] = &claim{Row: w.Table.row(row), table: w.Table.table, do: func(ctx context.Context) error { return w.Do(ctx, row) }}
	}
	return out, nil
}

// claim is a row that this process works on, or will.
type claim struct {
	Row
	table table
	do    func(ctx context.Context) error
	// ctx is that of the work, which lost ends when the claim does.
	ctx  context.Context //nolint:containedctx // as long as the claim
	lost context.CancelCauseFunc
}

// lease is how long a claim lasts unless it is renewed, which a process that
// lives does.
const lease = 30 * time.Second

// ledger works on the rows of all tables.
type ledger struct {
	store   *Store
	started time.Time
	// lanes are those of the running ledger, by table and name; nil: it does not
	// run.
	mu      sync.Mutex
	workers map[string]Worker
	lanes   map[string]*lane
	open    func(*lane)
	// held are the claims, by table and id.
	held sync.Map
	// back is when the database answered again after it had not, in Unix
	// nanoseconds.
	back atomic.Int64
	// burst is when many events arrived last, in Unix nanoseconds.
	burst atomic.Int64
}

// Run works until ctx ends, and then waits for what has begun. Rows that nobody
// was woken for are found by a look at all tables, once a second.
func (s *Store) Run(ctx context.Context, all ...Worker) error { return s.ledger.run(ctx, all) }

func (l *ledger) run(ctx context.Context, all []Worker) error {
	tables, err := l.prepare(ctx, all)
	for ; err != nil; tables, err = l.prepare(ctx, all) {
		l.store.config.Logger.Error("work cannot begin; it is tried again", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(l.store.config.Sweep):
		}
	}
	var lanes, rest sync.WaitGroup
	l.begin(all, func(one *lane) { lanes.Go(func() { one.run(ctx) }) })
	renewing, stopRenewing := context.WithCancel(context.WithoutCancel(ctx))
	rest.Go(func() { l.renew(renewing) })
	l.sweep(ctx, tables)
	l.end()
	lanes.Wait()
	stopRenewing()
	rest.Wait()
	return nil
}

// prepare gives back the claims of whoever worked before, where they are dead for
// sure.
func (l *ledger) prepare(ctx context.Context, all []Worker) ([]table, error) {
	tables := make([]table, len(all))
	for i, w := range all {
		tables[i], _, _ = w.of()
	}
	if err := l.store.engine.release(ctx, tables); err != nil {
		return nil, fmt.Errorf("the claims of the last run could not be given back: %w", err)
	}
	now, err := l.store.engine.now(ctx, l.store.reader)
	l.started = now
	return tables, err
}

func (l *ledger) begin(all []Worker, open func(*lane)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.workers, l.lanes, l.open = map[string]Worker{}, map[string]*lane{}, open
	for _, w := range all {
		t, _, _ := w.of()
		l.workers[t.name] = w
	}
}

// runs reports whether this process works.
func (l *ledger) runs() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lanes != nil
}

// end keeps new lanes from being opened.
func (l *ledger) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lanes, l.open = nil, nil
}

// lane is the one of that name, opened where it is not yet; nil: nobody works on
// that table.
func (l *ledger) lane(table, name string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := table + " " + name
	if one := l.lanes[key]; one != nil {
		return one
	}
	w := l.workers[table]
	if w == nil || l.open == nil {
		return nil
	}
	one := newLane(l, w, name)
	l.lanes[key] = one
	l.open(one)
	return one
}

// wake tells a lane that it has something to do. It is a hint: the sweep finds
// what it is lost for.
func (l *ledger) wake(table, name string) {
	if one := l.lane(table, name); one != nil {
		one.wake()
	}
}

// behind reports whether rows of a table wait for long, other than for a service
// that is unavailable.
func (l *ledger) behind(table string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.lanes {
		if one.table.name == table && one.waits() > behindAfter {
			return true
		}
	}
	return false
}

const (
	// behindAfter is how long rows wait when those that they go before must give
	// way.
	behindAfter = 2 * time.Second
	// overloadedAfter is how long events wait when no more are taken.
	overloadedAfter = time.Minute
)

// overloaded reports whether events of a source wait for so long that more would
// only wait behind them.
func (l *ledger) overloaded(source string) bool {
	l.mu.Lock()
	one := l.lanes[eventTable.name+" "+source]
	l.mu.Unlock()
	return one != nil && one.waits() > overloadedAfter
}

const (
	// burstOf is how many events in one transaction are a burst, and burstLasts
	// how long after it no event is claimed: senders are answered first.
	burstOf    = 16
	burstLasts = 100 * time.Millisecond
	// burstMost is how long claims wait for the end of a burst.
	burstMost = time.Second
)

func (l *ledger) arrived(events int) {
	if events >= burstOf {
		l.burst.Store(time.Now().UnixNano())
	}
}

func (l *ledger) bursting() bool { return time.Since(time.Unix(0, l.burst.Load())) < burstLasts }
