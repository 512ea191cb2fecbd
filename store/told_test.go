package store_test

import (
	"context"
	"errors"
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
		register(t, s, "ada", issue(t, s, "cs_2", 1).Passes[0].Serial)
		refund(t, s, "cs_2", "refund", 1, false)
		id := accept(t, s, event("waits"))
		p.clock.advance(time.Hour - time.Second)
		if is := got[store.Stuck](t)(s.Stuck(t.Context())); is != (store.Stuck{}) {
			t.Errorf("too soon: %+v", is)
		}
		p.clock.advance(time.Second)
		is := got[store.Stuck](t)(s.Stuck(t.Context()))
		if is.Event == nil || is.Event.ID != id || is.Delivery == nil || is.Delivery.ID != issued.Deliveries[0].ID || is.Device == nil || is.Device.Library != "ada" {
			t.Errorf("%+v", is)
		}
		must(t, s.Replay(t.Context(), id)) // begins anew
		if is := got[store.Stuck](t)(s.Stuck(t.Context())); is.Event != nil {
			t.Errorf("after a replay: %+v", is.Event)
		}
	})
}

func TestWhatWasTriedFiveTimesIsStuck(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		id := accept(t, s, event("1"))
		accept(t, s, event("2"))
		for n := range 5 {
			if is := got[store.Stuck](t)(s.Stuck(t.Context())); is.Event != nil {
				t.Errorf("after %d tries: %+v", n, is.Event)
			}
			must(t, s.RetryEvent(t.Context(), claimedAgain(t, s, id), p.clock.now(), "stripe is down"))
		}
		if is := got[store.Stuck](t)(s.Stuck(t.Context())); is.Event == nil || is.Event.ID != id {
			t.Errorf("%+v", is)
		}
	})
}

func TestAPhoneHasWaitedSinceItWasWoken(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		register(t, s, "ada", issue(t, s, "cs_1", 1).Passes[0].Serial)
		refund(t, s, "cs_1", "refund", 1, false)
		p.clock.advance(50 * time.Minute)
		tries, woken := 0, make(chan bool, 2)
		running(t, s, store.Work[store.Device]{Table: store.Devices, Slots: 1, Do: func(ctx context.Context, d *store.Device) error {
			if tries++; tries > 1 {
				woken <- true
				return errors.New("503 Shutdown")
			}
			refund(t, s, "cs_1", "failed", 2, true) // it is to be woken once more
			return errors.Join(s.Pushed(ctx, d), store.ErrSettled)
		}})
		receive(t, woken, "the phone again")
		p.clock.advance(20 * time.Minute)
		if is := got[store.Stuck](t)(s.Stuck(t.Context())); is.Device != nil {
			t.Errorf("after 20 minutes: %+v", is.Device)
		}
		p.clock.advance(40 * time.Minute)
		if is := got[store.Stuck](t)(s.Stuck(t.Context())); is.Device == nil {
			t.Error("an hour is not told")
		}
	})
}
