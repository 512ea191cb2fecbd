package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

// Who works here tells who waits here: a pass is in the answer at once.
func TestWaitingEndsWithTheWork(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		work, begun, letGo := hanging(1)
		running(t, s, work)
		for range 5 {
			id := accept(t, s, event(time.Now().String()))
			receive(t, begun, "the event")
			ended := make(chan time.Time, 1)
			go func() {
				settled(t, s, id)
				ended <- time.Now()
			}()
			until(t, "somebody waits", func() bool { return s.Waiters() == 1 })
			start := time.Now()
			letGo <- nil
			if took := receive(t, ended, "the end of the waiting").Sub(start); took > 700*time.Millisecond {
				t.Errorf("it took %s", took)
			}
		}
		if n := s.Waiters(); n != 0 {
			t.Errorf("%d wait still", n)
		}
	})
}

func TestWaitingFindsWhatAnotherProcessDid(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		other := got[*store.Store](t)(store.OpenBeside(t.Context(), p.Config))
		t.Cleanup(func() { must(t, other.Close()) })
		e := claimed(t, s, event("1"))
		ended := make(chan *store.Event, 1)
		go func() { ended <- settled(t, s, e.ID) }()
		until(t, "somebody waits", func() bool { return s.Waiters() == 1 })
		must(t, other.SettleEvent(t.Context(), e, store.StateDone, "elsewhere"))
		if is := receive(t, ended, "the end of the waiting"); is.Note != "elsewhere" {
			t.Errorf("got %+v", is)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		id := accept(t, s, event("1"))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if e, err := s.WaitForEvent(ctx, id); !errors.Is(err, context.DeadlineExceeded) || e != nil && e.State != store.StatePending {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := s.WaitForEvent(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if n := s.Waiters(); n != 0 {
			t.Errorf("%d wait still", n)
		}
	})
}

// On SQLite nobody else works: who waits is woken, and does not ask meanwhile.
func TestWhoWaitsAsksOnlyWhereOthersWork(t *testing.T) {
	for name, place := range map[string]func(testing.TB) place{"SQLite": sqlite, "PostgreSQL": postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := opened(t, place(t))
			asks := func() bool {
				worked, tick, ended := make(chan struct{}), make(chan time.Time), make(chan error, 1)
				go func() { ended <- s.Worked(t.Context(), worked, tick) }()
				tick <- time.Time{}
				select {
				case tick <- time.Time{}: // it went on waiting
					close(worked)
					must(t, receive(t, ended, "the end"))
					return false
				case err := <-ended:
					must(t, err)
					return true
				}
			}
			if !asks() {
				t.Error("while nobody works here, it must ask")
			}
			work, _, _ := hanging(1)
			running(t, s, work)
			until(t, "it works as it should", func() bool { return asks() == (name == "PostgreSQL") })
		})
	}
}
