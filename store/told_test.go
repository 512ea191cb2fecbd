package store_test

import (
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

func TestTroubleIsToldOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		failed := claimed(t, s, event("failed"))
		must(t, s.SettleEvent(t.Context(), failed, store.StateFailed, "no template"))
		in := change(claimed(t, s, later("look", 1)), store.ChangeVoid, "dispute", "pi_1")
		in.Attention = "look at this"
		got[store.Issued](t)(s.Issue(t.Context(), in))
		dead := claimedDelivery(t, s, issue(t, s, "cs_1", 1).Deliveries[0].ID)
		must(t, s.SettleDelivery(t.Context(), dead, store.StateDead, "550"))
		exec(t, s, "INSERT INTO walks (id, kind, event_id, place, created, state, note, attempts, claimed, due, since, settled, told)"+
			" VALUES ('w1', 'change', $1, '', 1, 'failed', 'broken', 9, false, 1, 1, 1, false)", failed.ID)
		is := got[store.Trouble](t)(s.Unreported(t.Context(), 10))
		if len(is.Events) != 2 || is.Events[0].ID != failed.ID || is.Events[1].Attention != "look at this" || len(is.Deliveries) != 1 || is.Deliveries[0].ID != dead.ID || len(is.Walks) != 1 || is.Walks[0].ID != "w1" {
			t.Fatalf("%+v", is)
		}
		if one := got[store.Trouble](t)(s.Unreported(t.Context(), 1)); len(one.Events) != 1 {
			t.Errorf("%d of 1", len(one.Events))
		}
		must(t, s.MarkReported(t.Context(), is))
		if is := got[store.Trouble](t)(s.Unreported(t.Context(), 10)); len(is.Events)+len(is.Deliveries)+len(is.Walks) != 0 {
			t.Errorf("told twice: %+v", is)
		}
	})
}

// An event that was replayed while the operator was told of it, and failed
// again, is told again.
func TestWhatFailsAgainIsToldAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		must(t, s.SettleEvent(t.Context(), e, store.StateFailed, "no template"))
		told := got[store.Trouble](t)(s.Unreported(t.Context(), 10))
		must(t, s.Replay(t.Context(), e.ID))
		must(t, s.MarkReported(t.Context(), told)) // too late: it is pending
		must(t, s.SettleEvent(t.Context(), claimedAgain(t, s, e.ID), store.StateFailed, "no template"))
		if is := got[store.Trouble](t)(s.Unreported(t.Context(), 10)); len(is.Events) != 1 {
			t.Errorf("%+v", is)
		}
	})
}

func TestWhatWaitsForAnHourIsStuck(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issued := issue(t, s, "cs_1", 1)
		id := accept(t, s, event("waits"))
		p.clock.advance(time.Hour - time.Second)
		if e, d, err := s.Stuck(t.Context()); err != nil || e != nil || d != nil {
			t.Errorf("too soon: %+v, %+v, %v", e, d, err)
		}
		p.clock.advance(time.Second)
		e, d, err := s.Stuck(t.Context())
		must(t, err)
		if e == nil || e.ID != id || d == nil || d.ID != issued.Deliveries[0].ID {
			t.Errorf("%+v, %+v", e, d)
		}
		must(t, s.Replay(t.Context(), id)) // begins anew
		if e, _, _ := s.Stuck(t.Context()); e != nil {
			t.Errorf("after a replay: %+v", e)
		}
	})
}

func TestWhatWasTriedFiveTimesIsStuck(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		id := accept(t, s, event("1"))
		accept(t, s, event("2"))
		for n := range 5 {
			if e, _, err := s.Stuck(t.Context()); err != nil || e != nil {
				t.Errorf("after %d tries: %+v, %v", n, e, err)
			}
			must(t, s.RetryEvent(t.Context(), claimedAgain(t, s, id), p.clock.now(), "stripe is down"))
		}
		if e, _, err := s.Stuck(t.Context()); err != nil || e == nil || e.ID != id {
			t.Errorf("%+v, %v", e, err)
		}
	})
}
