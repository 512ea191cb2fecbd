package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

// A process that dies with a claim leaves the row to the next start at once on
// SQLite, and to the others when its lease ends on PostgreSQL.
func TestAClaimOfADeadProcessIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		e := claimed(t, s, event("1"))
		retry := claimed(t, s, event("2"))
		must(t, s.RetryEvent(t.Context(), retry, p.clock.now().Add(time.Hour), "later"))
		must(t, s.Close())
		s = opened(t, p)
		work, ids := worked(2)
		running(t, s, work)
		if p.URL != "" {
			nothing(t, ids, "the process may be alive")
			p.clock.advance(store.Lease)
		}
		if id := receive(t, ids, "the event of the dead process"); id != e.ID {
			t.Errorf("got %s; a retry is not due before its time", id)
		}
		nothing(t, ids, "nothing else is due")
	})
}

// hanging works on events until they are let go, and tells whether their ctx
// ended by itself.
func hanging(slots int) (w store.Work[store.Event], begun chan string, letGo chan error) {
	begun, letGo = make(chan string, 100), make(chan error)
	return onEvents(slots, func(ctx context.Context, e *store.Event) error {
		begun <- e.ID
		select {
		case err := <-letGo:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}), begun, letGo
}

func TestALiveProcessKeepsItsClaim(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	first, second := opened(t, p), opened(t, p)
	work, begun, letGo := hanging(1)
	running(t, first, work)
	id := accept(t, first, event("1"))
	receive(t, begun, "the event")
	other, ids := worked(1)
	running(t, second, other)
	for range 3 {
		p.clock.advance(store.Lease * 2 / 3)
		must(t, first.Renew(t.Context()))
	}
	nothing(t, ids, "the claim was taken over")
	p.clock.advance(store.Lease) // it hangs as a whole
	if is := receive(t, ids, "the other process"); is != id {
		t.Errorf("got %s", is)
	}
	settled(t, second, id)
	must(t, first.Renew(t.Context())) // its work's ctx ends, and it says nothing
	_ = letGo
	if is := eventNow(t, first, id); is.State != store.StateDone || is.Attempts != 2 {
		t.Errorf("got %+v", is)
	}
}

// A process does not take what it works on, whatever the clock says.
func TestAStepOfTheClockRepeatsNoWork(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		work, begun, letGo := hanging(2)
		running(t, s, work)
		id := accept(t, s, event("1"))
		receive(t, begun, "the event")
		for _, step := range []time.Duration{time.Minute, time.Hour, 365 * 24 * time.Hour, -400 * 24 * time.Hour} {
			p.clock.advance(step)
			nothing(t, begun, "it was begun again after "+step.String())
		}
		letGo <- nil
		if is := settled(t, s, id); is.State != store.StateDone || is.Attempts != 1 {
			t.Errorf("got %+v", is)
		}
	})
}
