package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

func TestAcceptKeepsWhatItGot(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Account, e.Redirect, e.Rule = "acct_1", integrations.Recipient{Channel: "email", Address: "me@example.com"}, "concert"
		id, fresh, err := s.Accept(t.Context(), e)
		must(t, err)
		is := eventNow(t, s, id)
		e.ID = id
		if !fresh || fmt.Sprint(is.Event) != fmt.Sprint(e) || is.State != store.StatePending || !is.Received.Equal(p.clock.now()) || !is.Since.Equal(is.Received) || !is.Due.Equal(is.Received) {
			t.Errorf("got %+v\nwant %+v", is, e)
		}
	})
}

func TestAcceptOfOneEventManyTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var fresh atomic.Int64
		var ids sync.Map
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				id, ok, err := s.Accept(t.Context(), event("1"))
				if err != nil {
					t.Error(err)
				}
				if ok {
					fresh.Add(1)
				}
				ids.Store(id, true)
			})
		}
		all.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if fresh.Load() != 1 || n != 1 {
			t.Errorf("%d fresh, %d ids", fresh.Load(), n)
		}
	})
}

func TestAcceptKnowsTheEventAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		id := accept(t, s, event("1"))
		must(t, s.Close())
		again, fresh, err := opened(t, p).Accept(t.Context(), event("1"))
		if must(t, err); fresh || again != id {
			t.Errorf("got %s, fresh %t; want %s", again, fresh, id)
		}
	})
}

func TestAcceptRefusesWhatCannotBeStored(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for name, e := range map[string]integrations.Event{"NUL": event("a\x00b"), "UTF-8": event("\xff"), "no id": {Source: "stripe", Type: "x"}} {
			if _, _, err := s.Accept(t.Context(), e); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		accept(t, s, event("good")) // and nothing is broken
	})
}

func TestIgnoredEventsAreSettledWhenAccepted(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Ignore = "test mode"
		id := accept(t, s, e)
		if is := eventNow(t, s, id); is.State != store.StateIgnored || is.Note != "test mode" || !is.Settled.Equal(p.clock.now()) {
			t.Errorf("got %+v", is)
		}
		if _, ok, _ := s.ClaimEvent(t.Context(), id); ok {
			t.Error("it could be claimed")
		}
	})
}

// While one transaction is under way, all that come wait for the next one.
func TestEventsThatWaitShareATransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		free := locked(t, s)
		var all sync.WaitGroup
		sent := 0
		send := func() {
			id := fmt.Sprint(sent)
			sent++
			all.Go(func() { accept(t, s, event(id)) })
		}
		stalled(s, send)
		for range 64 {
			send()
		}
		until(t, "they wait", func() bool { return s.Waiting() >= 64 })
		free()
		all.Wait()
		if n := count(t, s, "events"); n != sent {
			t.Errorf("%d of %d events", n, sent)
		}
		if p.URL == "" {
			return
		}
		var transactions int
		must(t, database(t, s).QueryRow("SELECT count(DISTINCT xmin::text) FROM events").Scan(&transactions))
		if transactions > 3 {
			t.Errorf("%d transactions", transactions)
		}
	})
}

// stalled sends events, of which the first are alone in a transaction that cannot
// end, until they wait for it.
func stalled(s *store.Store, send func()) {
	for waited := 0; waited < 3; {
		if s.Waiting() == 0 {
			waited = 0
			send()
		} else {
			waited++
		}
		<-time.After(10 * time.Millisecond)
	}
}

// locked keeps others from writing events until free is called.
func locked(t testing.TB, s *store.Store) (free func()) {
	t.Helper()
	conn := got[*sql.Conn](t)(database(t, s).Conn(t.Context()))
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil { // PostgreSQL has no such word
		_, err = conn.ExecContext(t.Context(), "BEGIN")
		must(t, err)
		_, err = conn.ExecContext(t.Context(), "LOCK TABLE events IN EXCLUSIVE MODE")
		must(t, err)
	}
	return sync.OnceFunc(func() {
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		must(t, errors.Join(err, conn.Close()))
	})
}

func TestAcceptWhileTheStoreCloses(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		var all sync.WaitGroup
		taken := make(chan string, 64)
		for i := range 64 {
			all.Go(func() {
				id, _, err := s.Accept(t.Context(), event(fmt.Sprint(i)))
				if err == nil {
					taken <- id
				} else if !errors.Is(err, store.ErrClosed) {
					t.Error(err)
				}
			})
		}
		must(t, s.Close())
		all.Wait()
		must(t, s.Close()) // closing again is harmless
		if _, _, err := s.Accept(t.Context(), event("late")); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a closed store: %v", err)
		}
		close(taken)
		s = opened(t, p)
		for id := range taken {
			eventNow(t, s, id)
		}
	})
}

func TestAcceptGivesUpWhenItsCallerDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		defer locked(t, s)()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := s.Accept(ctx, event("1")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnEventWithoutDataIsStored(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Data, e.Refs = nil, nil
		if is := eventNow(t, s, accept(t, s, e)); len(is.Data)+len(is.Refs) != 0 {
			t.Errorf("%+v", is)
		}
	})
}

// What cannot be written is never answered as stored, and the next event is
// stored once there is room, without a restart.
func TestAFullDiskIsAnErrorNotAnAnswer(t *testing.T) {
	t.Parallel()
	s := opened(t, sqlite(t))
	pages := got[int](t)(s.Writer("PRAGMA page_count"))
	limit := func(n int) { got[int](t)(s.Writer(fmt.Sprintf("PRAGMA max_page_count = %d", n))) }
	limit(pages)
	big := event("1")
	big.Data = []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	if id, _, err := s.Accept(t.Context(), big); err == nil || id != "" || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %q, %v", id, err)
	}
	if n := count(t, s, "events"); n != 0 {
		t.Errorf("%d events", n)
	}
	limit(pages + 1000)
	accept(t, s, big)
}

func TestAReadOnlyDatabaseIsAnErrorNotAnAnswer(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		s := opened(t, sqlite(t))
		got[int](t)(s.Writer("PRAGMA query_only = on"))
		if _, _, err := s.Accept(t.Context(), event("1")); err == nil {
			t.Error("it was accepted")
		}
		got[int](t)(s.Writer("PRAGMA query_only = off"))
		accept(t, s, event("1"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		s := opened(t, postgres(t))
		readOnly(t, s, true)
		for i := range 5 {
			if _, _, err := s.Accept(t.Context(), event(fmt.Sprint(i))); err == nil {
				t.Error("it was accepted")
			}
		}
		readOnly(t, s, false)
		until(t, "events are stored again", func() bool {
			_, _, err := s.Accept(t.Context(), event("1"))
			return err == nil
		})
		if n := count(t, s, "events"); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

// readOnly makes every new session read only, and ends the old ones.
func readOnly(t testing.TB, s *store.Store, on bool) {
	t.Helper()
	db := database(t, s)
	db.SetMaxOpenConns(1)
	for _, q := range []string{
		"SET default_transaction_read_only = off",
		fmt.Sprintf("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET default_transaction_read_only = %t', current_database()); END $$", on),
		endSessions,
	} {
		_, err := db.Exec(q)
		must(t, err)
	}
}

const endSessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
