package store_test

import (
	"context"
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

func TestMain(m *testing.M) {
	// Most tests wait for something else than the processor.
	if err := flag.Set("test.parallel", "6"); err != nil {
		os.Exit(2)
	}
	os.Exit(storetest.Run(m))
}

// clock is handed to the store and moved by hand.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// place is a database that can be opened again.
type place struct {
	store.Config
	clock *clock
}

func (p place) open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config)
	must(t, err)
	return s
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, f func(t *testing.T, p place)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(t, sqlite(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		f(t, postgres(t))
	})
}

// migrated are databases with the tables of a store.
var migrated = storetest.Copies(func(address string) error {
	s, err := store.Open(context.Background(), store.Config{URL: address})
	if err == nil {
		err = s.Close()
	}
	return err
})

func sqlite(t testing.TB) place {
	c := newClock()
	return place{store.Config{Path: filepath.Join(t.TempDir(), "data", "passhook.db"), Now: c.now, Sweep: 20 * time.Millisecond}, c}
}

func postgres(t testing.TB) place {
	c := newClock()
	return place{store.Config{URL: migrated(t), Now: c.now, Sweep: 20 * time.Millisecond}, c}
}

// opened is a store that the test's end closes.
func opened(t testing.TB, p place) *store.Store {
	t.Helper()
	s := p.open(t)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got is a value without its error.
func got[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// onEvents is the work that a test does on events.
func onEvents(slots int, do func(ctx context.Context, e *store.Event) error) store.Work[store.Event] {
	return store.Work[store.Event]{Table: store.Events, Slots: slots, Do: do}
}

// running works until the test ends, or stop does so and waits.
func running(t testing.TB, s *store.Store, all ...store.Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, all...) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := receive(t, done, "the end of Run"); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func receive[T any](t testing.TB, ch <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing came: %s", what)
	}
	return v
}

// nothing reports what comes within a moment that is long for what wakes it.
func nothing[T any](t testing.TB, ch <-chan T, what string) {
	t.Helper()
	select {
	case v := <-ch:
		t.Errorf("%s: %v", what, v)
	case <-time.After(150 * time.Millisecond):
	}
}

// until waits for something that another goroutine brings about.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// database is the store's, past the store.
func database(t testing.TB, s *store.Store) *sql.DB {
	t.Helper()
	db := got[*sql.DB](t)(s.Beside())
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// exec runs a statement past the store.
func exec(t testing.TB, s *store.Store, query string, args ...any) {
	t.Helper()
	_, err := database(t, s).Exec(query, args...)
	must(t, err)
}

// count is how many rows there are; what follows the table's name may narrow it.
func count(t testing.TB, s *store.Store, table string, args ...any) (n int) {
	t.Helper()
	must(t, database(t, s).QueryRow("SELECT count(*) FROM "+table, args...).Scan(&n))
	return n
}

func settled(t testing.TB, s *store.Store, id string) *store.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return got[*store.Event](t)(s.WaitForEvent(ctx, id))
}
