package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// until waits for something that another goroutine brings about.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(15 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

func count(t testing.TB, s *store.Store, table string) (n int) {
	t.Helper()
	must(t, s.Database().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// While one transaction is under way, all that come wait for the next one.
func TestEventsThatWaitShareATransactionAndWakeUps(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		db := s.Database()
		db.SetMaxOpenConns(1)
		held, err := db.Conn(t.Context())
		must(t, err)
		before := db.Stats().WaitCount
		var all sync.WaitGroup
		send := func(id int) { all.Go(func() { accept(t, s, event(fmt.Sprint(id))) }) }
		send(0)
		until(t, "the first transaction waits", func() bool { return db.Stats().WaitCount > before })
		for i := range 64 {
			send(1 + i)
		}
		until(t, "64 events wait", func() bool { return s.Waiting() == 64 })
		must(t, held.Close())
		all.Wait()
		if n := count(t, s, "events"); n != 65 {
			t.Errorf("%d events", n)
		}
		// A burst's wake-up may come a moment later.
		until(t, "there is 1 job for the first and 1 for the 64 that waited", func() bool { return count(t, s, "river_job") == 1+1 })
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
			if _, ok, err := s.Event(t.Context(), id); err != nil || !ok {
				t.Errorf("event %s was taken and is not there: %v", id, err)
			}
		}
	})
}

func TestAcceptGivesUpWhenItsCallerDoes(t *testing.T) {
	s := opened(t, sqlite(t))
	held, err := s.Database().Conn(t.Context())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Accept(ctx, event("1")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	must(t, held.Close())
}

func TestAnEventWithoutDataIsStored(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Data, e.Refs = nil, nil
		if got, _, err := s.Event(t.Context(), accept(t, s, e)); err != nil || len(got.Data)+len(got.Refs) != 0 {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// What cannot be written is never answered as stored, and the next event is
// stored once there is room, without a restart.
func TestAFullDiskIsAnErrorNotAnAnswer(t *testing.T) {
	s := opened(t, sqlite(t))
	var pages int
	must(t, s.Database().QueryRow("PRAGMA page_count").Scan(&pages))
	limit := func(n int) {
		var is int
		must(t, s.Database().QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&is))
	}
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
	t.Run("SQLite", func(t *testing.T) {
		s := opened(t, sqlite(t))
		_, err := s.Database().Exec("PRAGMA query_only = on")
		must(t, err)
		if _, _, err := s.Accept(t.Context(), event("1")); err == nil {
			t.Error("it was accepted")
		}
		_, err = s.Database().Exec("PRAGMA query_only = off")
		must(t, err)
		accept(t, s, event("1"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		p := place{store.Config{URL: storetest.Postgres(t), Now: newClock().now}, nil}
		s := opened(t, p)
		readOnly(t, p.URL, true)
		for i := range 5 {
			if _, _, err := s.Accept(t.Context(), event(fmt.Sprint(i))); err == nil {
				t.Error("it was accepted")
			}
		}
		readOnly(t, p.URL, false)
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
func readOnly(t testing.TB, url string, on bool) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	must(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{
		"SET default_transaction_read_only = off",
		fmt.Sprintf("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET default_transaction_read_only = %t', current_database()); END $$", on),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
	} {
		_, err := db.Exec(q)
		must(t, err)
	}
}
