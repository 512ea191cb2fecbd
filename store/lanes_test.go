package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// A row that hangs, such as a mail server that does not answer, holds up no
// other.
func TestARowThatHangsHoldsUpNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var ids []string
		for _, name := range []string{"hangs", "2", "3", "4", "5", "6"} {
			ids = append(ids, accept(t, s, event(name)))
		}
		begun, finish := make(chan string, 10), make(chan bool)
		running(t, s, onEvents(2, func(ctx context.Context, e *store.Event) error {
			begun <- e.ID
			if e.ExternalID == "evt_hangs" {
				select {
				case <-finish:
				case <-ctx.Done():
				}
			}
			return nil
		}))
		var worked []string
		for range ids {
			worked = append(worked, receive(t, begun, "a row"))
		}
		if slices.Sort(worked); !slices.Equal(worked, ids) {
			t.Errorf("worked on %v, want %v", worked, ids)
		}
		close(finish)
	})
}

func TestALaneHoldsUpNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		begun, finish := make(chan string, 20), make(chan bool)
		running(t, s, onEvents(1, func(ctx context.Context, e *store.Event) error {
			begun <- e.Source
			if e.Source == "stripe" {
				select {
				case <-finish:
				case <-ctx.Done():
				}
			}
			return nil
		}))
		for i := range 4 {
			accept(t, s, event(fmt.Sprint(i)))
		}
		receive(t, begun, "stripe's first event")
		for i := range 4 {
			accept(t, s, of("hooks.luma", fmt.Sprint(i)))
			if is := receive(t, begun, "an event of another source"); is != "hooks.luma" {
				t.Errorf("got one of %s", is)
			}
		}
		close(finish)
	})
}

func TestAPanicFailsItsRowOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		running(t, s, onEvents(1, func(_ context.Context, e *store.Event) error {
			if e.ExternalID == "evt_bad" {
				var none *store.Event
				_ = none.ID
			}
			return nil
		}))
		bad, good := accept(t, s, event("bad")), accept(t, s, event("good"))
		if is := settled(t, s, bad); is.State != store.StateFailed || is.Note == "" {
			t.Errorf("got %+v", is)
		}
		if is := settled(t, s, good); is.State != store.StateDone {
			t.Errorf("got %+v", is)
		}
	})
}

func TestWorkEndsAsItsErrorSays(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		errs := map[string]error{
			"evt_done": nil, "evt_never": integrations.Never(errors.New("no such template")), "evt_again": errors.New("a hiccup"),
			"evt_own": store.ErrSettled,
		}
		running(t, s, onEvents(4, func(_ context.Context, e *store.Event) error {
			if e.ExternalID == "evt_own" {
				must(t, s.SettleEvent(t.Context(), e, store.StateUnmatched, "by itself"))
			}
			return errs[e.ExternalID]
		}))
		for _, want := range []struct{ id, state, note string }{
			{"done", store.StateDone, ""}, {"never", store.StateFailed, "no such template"}, {"own", store.StateUnmatched, "by itself"},
		} {
			if is := settled(t, s, accept(t, s, event(want.id))); is.State != want.state || is.Note != want.note {
				t.Errorf("%s: %s, %q", want.id, is.State, is.Note)
			}
		}
		id := accept(t, s, event("again"))
		until(t, "it is put off", func() bool { return eventNow(t, s, id).Note == "a hiccup" })
		if is := eventNow(t, s, id); is.State != store.StatePending || !is.Due.After(p.clock.now()) {
			t.Errorf("%+v", is)
		}
	})
}

func TestADeadDeliveryWasNotSent(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		running(t, s, store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(context.Context, *store.Delivery) error {
			return integrations.Never(errors.New("550 no such user"))
		}})
		d := issue(t, s, "cs_1", 1).Deliveries[0]
		until(t, "it is dead", func() bool {
			return got[[]store.Delivery](t)(s.FindDeliveries(t.Context(), store.Filter{Query: d.ID}))[0].State == store.StateDead
		})
		if is := got[[]store.Delivery](t)(s.FindDeliveries(t.Context(), store.Filter{Query: d.ID}))[0]; !is.Sent.IsZero() || is.Note != "550 no such user" {
			t.Errorf("%+v", is)
		}
	})
}

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
		var last atomic.Int64
		alone := 0
		stalled(s, func() {
			id := fmt.Sprint("alone", alone)
			alone++
			all.Go(func() { accept(t, s, of("hooks", id)) })
		})
		for i := range 40 {
			all.Go(func() {
				accept(t, s, event(fmt.Sprint(i)))
				last.Store(time.Now().UnixNano())
			})
		}
		until(t, "they wait", func() bool { return s.Waiting() >= 40 })
		free()
		first := receive(t, begun, "an event of the burst")
		all.Wait()
		if after := first.Sub(time.Unix(0, last.Load())); after < 50*time.Millisecond {
			t.Errorf("the first was begun %s after the last answer", after)
		}
	})
}
