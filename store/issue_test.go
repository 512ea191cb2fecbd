package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/passhook/passhook/store"
)

func TestIssueStoresEverythingOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		issued, err := s.Issue(t.Context(), order(e, "cs_1", 0, 3))
		must(t, err)
		is := eventNow(t, s, e.ID)
		passes, deliveries, err := s.IssuedBy(t.Context(), e.ID)
		must(t, err)
		if is.State != store.StateDone || is.Note != "issued" || len(issued.Passes) != 3 || len(passes) != 3 || len(deliveries) != 1 || strings.Join(deliveries[0].Passes, " ") != "serial-cs_1/0 serial-cs_1/1 serial-cs_1/2" {
			t.Errorf("%+v\n%+v\n%+v", is, passes, deliveries)
		}
		bad := claimed(t, s, event("2"))
		in := order(bad, "cs_2", 0, 2)
		in.Passes[1].LinkHash = in.Passes[0].LinkHash // violates a constraint
		if _, err := s.Issue(t.Context(), in); err == nil {
			t.Fatal("that should have failed")
		}
		leftNothing(t, s, bad.ID)
	})
}

func leftNothing(t testing.TB, s *store.Store, event string) {
	t.Helper()
	passes, deliveries, err := s.IssuedBy(t.Context(), event)
	must(t, err)
	if is := eventNow(t, s, event); len(passes)+len(deliveries) != 0 || is.State != store.StatePending {
		t.Errorf("something was left: %+v %+v %+v", is, passes, deliveries)
	}
	if n := count(t, s, "orders WHERE event_id = $1", event); n != 0 {
		t.Errorf("%d orders were left", n)
	}
}

// Passes whose delivery was not stored would reach nobody.
func TestIssueFailsAsAWholeWhereAnyInsertDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for _, table := range []string{"orders", "passes", "pass_refs", "deliveries", "delivery_passes"} {
			e := claimed(t, s, event(table))
			allow := refuse(t, s, table, p.URL != "")
			if issued, err := s.Issue(t.Context(), order(e, table, 0, 2)); err == nil || len(issued.Passes) > 0 {
				t.Errorf("%s: %+v, %v", table, issued, err)
			}
			leftNothing(t, s, e.ID)
			allow()
		}
	})
}

func TestIssueFailsAsAWholeWhereAChangeIsNotStored(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", many)
		for _, table := range []string{"changes", "change_refs", "walks"} {
			e := claimed(t, s, later(table, 1))
			allow := refuse(t, s, table, p.URL != "")
			if _, err := s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1")); err == nil {
				t.Errorf("%s: it was stored", table)
			}
			if n := count(t, s, "changes"); n != 0 {
				t.Errorf("%s: %d changes", table, n)
			}
			leftNothing(t, s, e.ID)
			allow()
		}
	})
}

// refuse has a table take no more rows, until allow is called.
func refuse(t testing.TB, s *store.Store, table string, postgres bool) (allow func()) {
	t.Helper()
	if !postgres {
		exec(t, s, "CREATE TRIGGER refuse BEFORE INSERT ON "+table+" BEGIN SELECT RAISE(FAIL, 'refused'); END")
		return func() { exec(t, s, "DROP TRIGGER refuse") }
	}
	exec(t, s, "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'refused'; END $$ LANGUAGE plpgsql")
	exec(t, s, "CREATE TRIGGER refuse BEFORE INSERT ON "+table+" FOR EACH ROW EXECUTE FUNCTION refuse()")
	return func() { exec(t, s, "DROP TRIGGER refuse ON "+table) }
}

func TestTwoEventsAboutOneObjectAtOnceMakeOneOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var all sync.WaitGroup
		var made, deliveries atomic.Int64
		for i := range 8 {
			e := claimed(t, s, event(fmt.Sprint(i)))
			all.Go(func() {
				issued, err := s.Issue(t.Context(), order(e, "cs_same", 0, 5))
				if err != nil {
					t.Error(err)
				}
				made.Add(int64(len(issued.Passes)))
				deliveries.Add(int64(len(issued.Deliveries)))
			})
		}
		all.Wait()
		if made.Load() != 5 || deliveries.Load() != 1 || count(t, s, "orders") != 1 {
			t.Errorf("%d passes, %d deliveries", made.Load(), deliveries.Load())
		}
		events, err := s.FindEvents(t.Context(), store.Filter{State: store.StateDone})
		must(t, err)
		named := 0
		for _, e := range events {
			if strings.HasPrefix(e.Note, "nothing new: order ") {
				named++
			}
		}
		if len(events) != 8 || named != 7 {
			t.Errorf("%d done, %d of them name the other order", len(events), named)
		}
	})
}

func TestOnlyNewPassesAreDelivered(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", 3)
		issued, err := s.Issue(t.Context(), order(claimed(t, s, event("2")), "cs_1", 2, 3))
		must(t, err)
		if len(issued.Passes) != 2 || strings.Join(issued.Deliveries[0].Passes, " ") != "serial-cs_1/3 serial-cs_1/4" {
			t.Errorf("got %+v", issued)
		}
	})
}

func TestALostClaimChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		stale := claimed(t, s, event("1"))
		p.clock.advance(store.Lease)
		second := claimedAgain(t, s, stale.ID)
		if second.Attempts != 2 {
			t.Fatalf("%d attempts", second.Attempts)
		}
		for name, err := range map[string]error{
			"settle": s.SettleEvent(t.Context(), stale, store.StateFailed, "stale"),
			"retry":  s.RetryEvent(t.Context(), stale, p.clock.now(), "stale"),
		} {
			if !errors.Is(err, store.ErrLost) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Issue(t.Context(), order(stale, "cs_1", 0, 2)); !errors.Is(err, store.ErrLost) {
			t.Errorf("issue: %v", err)
		}
		leftNothing(t, s, stale.ID)
		must(t, s.SettleEvent(t.Context(), second, store.StateDone, ""))
	})
}
