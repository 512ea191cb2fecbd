package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

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
