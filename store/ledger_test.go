package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// worked has events sent to a channel and is done with them.
func worked(slots int) (store.Work[store.Event], chan string) {
	ids := make(chan string, 1000)
	return onEvents(slots, func(_ context.Context, e *store.Event) error { ids <- e.ID; return nil }), ids
}

// No sweep helps here.
func TestAcceptWakesWhoWorks(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Sweep = time.Hour
		s := opened(t, p)
		work, ids := worked(1)
		running(t, s, work)
		first := accept(t, s, event("0")) // or the look at the start finds it
		if id := receive(t, ids, "the first event"); id != first {
			t.Errorf("got %s", id)
		}
		settled(t, s, first)
		for i := range 3 {
			id := accept(t, s, event(fmt.Sprint(1+i)))
			if is := receive(t, ids, "the event"); is != id {
				t.Errorf("got %s, want %s", is, id)
			}
		}
	})
}

func TestWhatIssueQueuesIsWorkedOnAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Sweep = time.Hour
		s := opened(t, p)
		sent := make(chan string, 10)
		running(t, s, store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(_ context.Context, d *store.Delivery) error { sent <- d.ID; return nil }})
		until(t, "Run has looked", func() bool { return s.Ready() })
		d := issue(t, s, "cs_1", 1).Deliveries[0]
		if id := receive(t, sent, "the delivery"); id != d.ID {
			t.Errorf("got %s, want %s", id, d.ID)
		}
		until(t, "it is sent", func() bool {
			found := got[[]store.Delivery](t)(s.FindDeliveries(t.Context(), store.Filter{Query: d.ID}))
			return found[0].State == store.StateSent && found[0].Sent.Equal(p.clock.now()) && found[0].Attempts == 1
		})
	})
}

func TestWorkOfOtherProcessesIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		must(t, s.SettleEvent(t.Context(), e, store.StateFailed, "no template"))
		d := issue(t, s, "cs_1", 1).Deliveries[0]
		work, ids := worked(1)
		sent := make(chan string, 10)
		running(t, s, work, store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(_ context.Context, d *store.Delivery) error { sent <- d.ID; return nil }})
		receive(t, sent, "the first delivery")
		beside := got[*store.Store](t)(store.OpenBeside(t.Context(), p.Config))
		t.Cleanup(func() { must(t, beside.Close()) })
		must(t, beside.Replay(t.Context(), e.ID))
		if id := receive(t, ids, "the replay"); id != e.ID {
			t.Errorf("got %s", id)
		}
		again := got[string](t)(beside.Resend(t.Context(), d.ID, "", 0))
		if id := receive(t, sent, "the resend"); id != again {
			t.Errorf("got %s, want %s", id, again)
		}
		if err := beside.Replay(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an event that is not there: %v", err)
		}
	})
}

func TestAReplayBeginsAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		must(t, s.Replay(t.Context(), e.ID)) // somebody works on it: nothing happens
		if is := eventNow(t, s, e.ID); !is.Due.After(p.clock.now()) {
			t.Errorf("a claim was taken away: due %s", is.Due)
		}
		must(t, s.SettleEvent(t.Context(), e, store.StateFailed, "no address"))
		p.clock.advance(time.Hour)
		must(t, s.Replay(t.Context(), e.ID))
		is := claimedAgain(t, s, e.ID)
		if is.Attempts != 2 || is.Note != "" || !is.Settled.IsZero() || !is.Since.Equal(p.clock.now()) {
			t.Errorf("got %+v", is)
		}
		must(t, s.RetryEvent(t.Context(), is, p.clock.now().Add(time.Hour), "stripe is down"))
		must(t, s.Replay(t.Context(), e.ID)) // one that waits is due now
		claimedAgain(t, s, e.ID)
	})
}

func TestOfManyProcessesOneClaims(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		const events = 150
		stores := []*store.Store{opened(t, p)}
		if p.URL != "" { // which distributes the work
			stores = append(stores, opened(t, p), opened(t, p))
		}
		free := locked(t, stores[0])
		var all sync.WaitGroup
		for i := range events {
			all.Go(func() { accept(t, stores[i%len(stores)], event(fmt.Sprint(i))) })
		}
		var done sync.Map
		var calls atomic.Int64
		for _, s := range stores {
			running(t, s, onEvents(4, func(_ context.Context, e *store.Event) error {
				if _, was := done.LoadOrStore(e.ID, true); was {
					t.Errorf("event %s was worked on twice", e.ID)
				}
				calls.Add(1)
				return nil
			}))
		}
		free() // all find them at the same time
		all.Wait()
		until(t, "all are done", func() bool { return count(t, stores[0], "events WHERE state = 'done'") == events })
		if n := calls.Load(); n != events {
			t.Errorf("%d calls", n)
		}
	})
}

// A retry that a wrong clock has put off is due once the clock is right.
func TestARetryThatAWrongClockPutOffIsDue(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		far, near := claimed(t, s, event("far")), claimed(t, s, event("near"))
		p.clock.advance(365 * 24 * time.Hour)
		must(t, s.RetryEvent(t.Context(), far, p.clock.now().Add(time.Minute), "stripe is down"))
		p.clock.advance(-365 * 24 * time.Hour)
		must(t, s.RetryEvent(t.Context(), near, p.clock.now().Add(time.Hour), "stripe is down"))
		work, ids := worked(1)
		running(t, s, work)
		if id := receive(t, ids, "the retry"); id != far.ID {
			t.Errorf("got %s", id)
		}
		nothing(t, ids, "an ordinary retry waits for its time")
	})
}

func TestARetryIsDueWhenItSays(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		calls := make(chan int, 10)
		running(t, s, onEvents(1, func(_ context.Context, e *store.Event) error {
			calls <- e.Attempts
			if e.Attempts == 1 {
				return integrations.After(time.Minute, errors.New("stripe is down\x00"))
			}
			return nil
		}))
		id := accept(t, s, event("1"))
		receive(t, calls, "the first try")
		until(t, "it is put off", func() bool { return eventNow(t, s, id).Note == "stripe is down\uFFFD" })
		p.clock.advance(59 * time.Second)
		nothing(t, calls, "it was tried too soon")
		p.clock.advance(time.Second)
		receive(t, calls, "the second try")
		if is := settled(t, s, id); is.State != store.StateDone || is.Attempts != 2 || !is.Settled.Equal(p.clock.now()) {
			t.Errorf("got %+v", is)
		}
	})
}

func TestWhatCannotBeLookedForIsLogged(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		log := listening{text: "due work could not be looked for; it is tried again", heard: make(chan bool, 1)}
		p.Logger = slog.New(log)
		s := opened(t, p)
		work, ids := worked(1)
		running(t, s, work)
		until(t, "Run works", s.Ready)
		exec(t, s, "ALTER TABLE events RENAME TO gone")
		receive(t, log.heard, "it is logged")
		exec(t, s, "ALTER TABLE gone RENAME TO events")
		accept(t, s, event("1"))
		receive(t, ids, "work goes on")
	})
}

// A verb that works by itself ends when nothing is due any more.
func TestRunDueWorksOnWhatIsDueAndReturns(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for i := range 5 {
			accept(t, s, event(fmt.Sprint(i)))
		}
		put := claimed(t, s, event("later"))
		must(t, s.RetryEvent(t.Context(), put, p.clock.now().Add(time.Hour), "stripe is down"))
		var sent atomic.Int64
		must(t, s.RunDue(t.Context(),
			onEvents(2, func(ctx context.Context, e *store.Event) error {
				if _, err := s.Issue(ctx, order(e, e.Object, 0, 1)); err != nil {
					return err
				}
				return store.ErrSettled
			}),
			store.Work[store.Delivery]{Table: store.Deliveries, Slots: 2, Do: func(context.Context, *store.Delivery) error { sent.Add(1); return nil }}))
		if n := count(t, s, "events WHERE state = 'done'"); n != 5 || sent.Load() != 5 || eventNow(t, s, put.ID).State != store.StatePending {
			t.Errorf("%d done, %d sent", n, sent.Load())
		}
	})
}
