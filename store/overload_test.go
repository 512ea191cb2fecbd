package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// What would only wait behind others is refused, so that its sender comes back.
func TestUnderOverloadNewEventsOfThatSourceAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		work, begun, letGo := hanging(1)
		running(t, s, work)
		for i := range 4 { // one at work, one in the queue, two that wait
			accept(t, s, event(fmt.Sprint(i)))
		}
		receive(t, begun, "the first")
		p.clock.advance(61 * time.Second)
		refused := func() bool {
			_, _, err := s.Accept(t.Context(), event("new"))
			return errors.Is(err, store.ErrOverloaded)
		}
		until(t, "new events are refused", refused)
		accept(t, s, of("hooks", "1")) // another source
		ignored := event("ignored")
		ignored.Ignore = "test mode"
		accept(t, s, ignored)
		stop := make(chan bool)
		go func() {
			for {
				select {
				case letGo <- nil:
				case <-stop:
					return
				}
			}
		}()
		until(t, "the oldest are done and new ones taken", func() bool { return !refused() })
		close(stop)
	})
}

// What people do with passhook itself is never refused.
func TestUnderOverloadPasshooksOwnEventsAreTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		work, begun, _ := hanging(1)
		running(t, s, work)
		for i := range 4 {
			accept(t, s, of("passhook", fmt.Sprint(i)))
		}
		receive(t, begun, "the first")
		p.clock.advance(2 * time.Minute)
		until(t, "they wait for long", func() bool {
			l, ok := s.LaneOf("events", "passhook")
			return ok && l.Waits() > time.Minute
		})
		accept(t, s, of("passhook", "new"))
	})
}

// A service that is away is no reason to refuse: nothing here would be faster.
func TestAnUnavailableServiceIsNoOverload(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Probe = time.Minute
		s := opened(t, p)
		away := make(chan bool, 10)
		running(t, s, onEvents(1, func(context.Context, *store.Event) error {
			away <- true
			return integrations.Unavailable(errors.New("stripe is down"))
		}))
		for i := range 5 {
			accept(t, s, event(fmt.Sprint(i)))
		}
		receive(t, away, "a try")
		p.clock.advance(2 * time.Minute)
		until(t, "the waiting was seen", func() bool {
			l, ok := s.LaneOf("events", "stripe")
			return ok && l.Oldest() > time.Minute
		})
		accept(t, s, event("new"))
	})
}

// While mail waits for long, events, which make more of it, hold back.
func TestRowsThatGoFirstLeaveOneSlotToTheRest(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for i := range 4 {
			issue(t, s, fmt.Sprintf("cs_%d", i), 1)
		}
		mails, sent := make(chan bool), make(chan bool, 10)
		var most, now atomic.Int64
		began := make(chan bool, 100)
		finish := make(chan bool)
		events := onEvents(4, func(ctx context.Context, _ *store.Event) error {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			began <- true
			select {
			case <-finish:
			case <-ctx.Done():
			}
			return nil
		})
		events.After = store.Deliveries.Name()
		running(t, s, events, store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(ctx context.Context, _ *store.Delivery) error {
			sent <- true
			select {
			case <-mails:
			case <-ctx.Done():
			}
			return nil
		}})
		receive(t, sent, "a mail")
		p.clock.advance(3 * time.Second)
		until(t, "mail waits", func() bool {
			l, ok := s.LaneOf("deliveries", "email")
			return ok && l.Waits() > 2*time.Second
		})
		for i := range 8 {
			accept(t, s, event(fmt.Sprint(i)))
		}
		for range 3 {
			receive(t, began, "an event")
			nothing(t, began, "a second event at the same time")
			finish <- true
		}
		if n := most.Load(); n != 1 {
			t.Errorf("%d events at once", n)
		}
		close(mails)
		until(t, "events have all slots again", func() bool { return now.Load() == 4 })
		close(finish)
	})
}

// Senders are answered first: events that came in a burst wait for its end, but
// not for long.
func TestABurstIsAnsweredBeforeItIsWorkedOn(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		begun := make(chan time.Time, 100)
		running(t, s, onEvents(1, func(_ context.Context, e *store.Event) error {
			if e.Source == "stripe" {
				begun <- time.Now()
			}
			return nil
		}))
		until(t, "Run works", s.Ready)
		free := locked(t, s)
		var all sync.WaitGroup
		alone := 0
		stalled(s, func() {
			id := fmt.Sprint("alone", alone)
			alone++
			all.Go(func() { accept(t, s, of("hooks", id)) })
		})
		for i := range 40 {
			all.Go(func() { accept(t, s, event(fmt.Sprint(i))) })
		}
		until(t, "they wait", func() bool { return s.Waiting() >= 40 })
		stored := time.Now() // not before
		free()
		if after := receive(t, begun, "an event of the burst").Sub(stored); after < 100*time.Millisecond {
			t.Errorf("the first was begun after %s", after)
		}
		all.Wait()
	})
}
