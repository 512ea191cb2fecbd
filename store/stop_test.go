package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

func TestAStopWaitsForWhatRunsAndGivesBackWhatWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		begun, finish := make(chan string, 10), make(chan bool)
		ended := make(chan error, 1)
		stop := running(t, s, onEvents(1, func(ctx context.Context, e *store.Event) error {
			begun <- e.ID
			<-finish
			ended <- ctx.Err()
			return nil
		}))
		first := accept(t, s, event("first"))
		receive(t, begun, "the first")
		second := accept(t, s, event("second"))
		until(t, "the second waits in the queue", func() bool { return eventNow(t, s, second).Attempts == 1 })
		p.clock.advance(5 * time.Second)
		stopped := make(chan bool)
		go func() { stop(); close(stopped) }()
		until(t, "no lane is opened any more", func() bool { return !s.Ready() })
		nothing(t, stopped, "Run did not wait for its work")
		close(finish)
		if err := receive(t, ended, "the end of the work"); err == nil {
			t.Error("work was not told of the stop")
		}
		receive(t, stopped, "the end of Run")
		if is := eventNow(t, s, first); is.State != store.StateDone {
			t.Errorf("what was done is %+v", is)
		}
		givenBack(t, s, p, second)
		nothing(t, begun, "work was begun after the stop")
	})
}

// givenBack: anybody may claim it now, and nothing is held against it.
func givenBack(t testing.TB, s *store.Store, p place, id string) {
	t.Helper()
	is := eventNow(t, s, id)
	if n := count(t, s, "events WHERE id = $1 AND NOT claimed", id); n != 1 || is.State != store.StatePending || is.Due.After(p.clock.now()) || is.Note != "" {
		t.Errorf("not given back: %+v", is)
	}
}

// What fails because the process stops is no failure of the row, though it was
// tried often before.
func TestAnErrorAfterTheStopIsNoFailure(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		id := accept(t, s, event("1"))
		exec(t, s, "UPDATE events SET attempts = 20, since = 1")
		begun := make(chan bool, 1)
		stop := running(t, s, onEvents(1, func(ctx context.Context, _ *store.Event) error {
			begun <- true
			<-ctx.Done()
			return integrations.Never(ctx.Err())
		}))
		receive(t, begun, "the event")
		stop()
		givenBack(t, s, p, id)
	})
}

func TestNothingIsBegunAfterTheStop(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var begun, after atomic.Int64
		var stopping atomic.Bool
		stop := running(t, s, onEvents(2, func(context.Context, *store.Event) error {
			begun.Add(1)
			if stopping.Load() {
				after.Add(1)
			}
			return nil
		}))
		for i := range 40 {
			accept(t, s, event(fmt.Sprint(i)))
		}
		until(t, "work runs", func() bool { return begun.Load() > 3 })
		stop()
		stopping.Store(true)
		late := accept(t, s, event("late"))
		givenBack(t, s, p, late)
		if done := count(t, s, "events WHERE state = 'done'"); int64(done) != begun.Load() || after.Load() > 0 {
			t.Errorf("%d begun, %d done, %d after the stop", begun.Load(), done, after.Load())
		}
		if n := count(t, s, "events WHERE claimed"); n != 0 {
			t.Errorf("%d are claimed still", n)
		}
	})
}

// listening tells when something was logged.
type listening struct {
	slog.Handler
	text  string
	heard chan bool
}

func (l listening) Enabled(context.Context, slog.Level) bool { return true }
func (l listening) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l listening) Handle(_ context.Context, r slog.Record) error {
	if r.Message == l.text {
		select {
		case l.heard <- true:
		default:
		}
	}
	return nil
}

// What was sent is not sent again because the database was away just then.
func TestWhatWasDoneIsSettledOnceItCanBeWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		log := listening{text: "what became of work cannot be written; it is tried again", heard: make(chan bool, 1)}
		p.Logger = slog.New(log)
		s := opened(t, p)
		if p.URL == "" {
			got[int](t)(s.Writer("PRAGMA busy_timeout = 50"))
		}
		var calls atomic.Int64
		away := make(chan func(), 1)
		running(t, s, onEvents(1, func(context.Context, *store.Event) error {
			calls.Add(1)
			if p.URL == "" {
				away <- locked(t, s)
			} else {
				away <- refusing(t, s, p)
			}
			return nil
		}))
		id := accept(t, s, event("1"))
		back := receive(t, away, "the database is away")
		receive(t, log.heard, "it is logged")
		back()
		if is := settled(t, s, id); is.State != store.StateDone || is.Attempts != 1 || calls.Load() != 1 {
			t.Errorf("%+v, %d calls", is, calls.Load())
		}
	})
}

// While the database was away nobody could renew a claim: whoever is the first to
// reach it again takes over nothing yet.
func TestAfterTheDatabaseWasAwayClaimsCanBeRenewed(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	first := opened(t, p)
	work, begun, letGo := hanging(1)
	running(t, first, work)
	id := accept(t, first, event("1"))
	receive(t, begun, "the event")
	log := listening{text: "due work could not be looked for; it is tried again", heard: make(chan bool, 1)}
	p.Logger = slog.New(log)
	second := opened(t, p)
	other, ids := worked(1)
	running(t, second, other)
	until(t, "the other process works", second.Ready)
	back := refusing(t, first, p)
	receive(t, log.heard, "the database is away")
	p.clock.advance(2 * store.Lease)
	back()
	var fresh string
	until(t, "the database is back", func() (ok bool) {
		var err error
		fresh, _, err = second.Accept(t.Context(), of("hooks", "1"))
		return err == nil
	})
	if is := receive(t, ids, "new work"); is != fresh {
		t.Errorf("got %s", is)
	}
	nothing(t, ids, "a claim was taken over")
	must(t, first.Renew(t.Context()))
	letGo <- nil
	if is := settled(t, first, id); is.State != store.StateDone || is.Attempts != 1 {
		t.Errorf("got %+v", is)
	}
}

// refusing has PostgreSQL take no connection to the store's database, and ends
// those that are there, until back is called.
func refusing(t testing.TB, s *store.Store, p place) (back func()) {
	t.Helper()
	var name string
	must(t, database(t, s).QueryRow("SELECT current_database()").Scan(&name))
	u := got[*url.URL](t)(url.Parse(p.URL))
	u.Path = "/postgres"
	db := got[*sql.DB](t)(sql.Open("pgx", u.String()))
	t.Cleanup(func() { must(t, db.Close()) })
	allow := func(is bool) {
		_, err := db.Exec(fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS %t", name, is))
		must(t, err)
	}
	allow(false)
	_, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	must(t, err)
	return func() { allow(true) }
}
