package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/store"
)

// many is more passes than one transaction changes.
const many = 201

func TestAChangeOfFewPassesIsNoWalk(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", many-1)
		e := claimed(t, s, later("2", 1))
		out := got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1")))
		if n := count(t, s, "walks"); n != 0 || len(out.Changed) != many-1 {
			t.Errorf("%d walks, %d changed", n, len(out.Changed))
		}
	})
}

// walking takes the walk's steps; step is called after each.
func walking(s *store.Store, merge store.Merge, step func(ctx context.Context, changed []store.Pass) error) store.Work[store.Walk] {
	return store.Work[store.Walk]{Table: store.Walks, Slots: 1, Do: func(ctx context.Context, w *store.Walk) error {
		for {
			changed, done, err := s.Step(ctx, w, merge)
			if err == nil {
				err = step(ctx, changed)
			}
			if err != nil || done {
				return err
			}
		}
	}}
}

func TestAWalkGoesOnWhereItWasAndEndsRight(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		const passes, walkPage = 1000, 50
		s := p.open(t)
		for i := range passes / 100 {
			in := order(claimed(t, s, event(fmt.Sprint(i))), "cs_1", i*100, 100)
			in.Deliveries = nil
			got[store.Issued](t)(s.Issue(t.Context(), in))
		}
		e := claimed(t, s, later("refund", 1))
		got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1", "pi_cs_1")))
		if is := eventNow(t, s, e.ID); !strings.Contains(is.Note, "more than 200 passes are being changed") || is.State != store.StateDone {
			t.Errorf("%s, %q", is.State, is.Note)
		}
		seen, reached := map[string]int{}, make(chan bool, 1)
		stop := running(t, s, walking(s, named, func(ctx context.Context, changed []store.Pass) error {
			if len(changed) > walkPage {
				t.Errorf("a page of %d", len(changed))
			}
			for _, p := range changed {
				seen[p.Serial]++
			}
			if len(seen) < 2*walkPage {
				return nil
			}
			reached <- true
			<-ctx.Done()
			return ctx.Err()
		}))
		receive(t, reached, "the second page")
		// More passes come while it walks, before and behind its place.
		more := order(claimed(t, s, event("more")), "cs_1", passes, 2)
		more.Passes[0].Serial, more.Passes[1].Serial, more.Deliveries = "a first", "z last", nil
		got[store.Issued](t)(s.Issue(t.Context(), more))
		stop()
		if n := count(t, s, "walks WHERE state = 'pending' AND NOT claimed AND place = (SELECT max(serial) FROM passes WHERE void <> '[]' AND serial LIKE 'serial%')"); n != 1 {
			t.Error("its place was not stored")
		}
		must(t, s.Close())
		s = opened(t, p)
		running(t, s, walking(s, named, func(_ context.Context, changed []store.Pass) error {
			for _, p := range changed {
				seen[p.Serial]++
			}
			return nil
		}))
		until(t, "the walk is done", func() bool { return count(t, s, "walks WHERE state = 'done'") == 1 })
		if n := count(t, s, `passes WHERE void = '["refund"]'`); n != passes+2 || len(seen) != passes {
			t.Errorf("%d are void, %d changed by the walk", n, len(seen))
		}
		for serial, times := range seen {
			if times != 1 {
				t.Errorf("%s was changed %d times", serial, times)
			}
		}
	})
}

// What is wrong with one pass is wrong with many: one is told.
func TestAnUnfitUpdateOfManyPassesIsToldOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", many)
		e := claimed(t, s, later("seats", 1))
		in := changes(e, store.Change{Name: "rule seats", Kind: store.ChangeUpdate, Inputs: []byte(unfit), Refs: []string{"cs_1"}},
			store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1"}})
		in.Attention = "100 % look"
		got[store.Issued](t)(s.Issue(t.Context(), in))
		must(t, s.MarkReported(t.Context(), store.Trouble{Events: []store.Event{*eventNow(t, s, e.ID)}}))
		running(t, s, walking(s, func(p store.Pass, updates []store.Change) ([]byte, map[int]string) {
			return p.Issued, map[int]string{0: updates[0].Name + " does not fit " + p.Serial}
		}, func(context.Context, []store.Pass) error { return nil }))
		until(t, "the walk is done", func() bool { return count(t, s, "walks WHERE state = 'done'") == 1 })
		is := eventNow(t, s, e.ID)
		if n := strings.Count(is.Attention, "does not fit"); n != 1 || !strings.HasPrefix(is.Attention, "100 % look; ") {
			t.Errorf("told %d times: %s", n, is.Attention)
		}
		if trouble := got[store.Trouble](t)(s.Unreported(t.Context(), 10)); len(trouble.Events) != 1 {
			t.Errorf("untold: %+v", trouble.Events)
		}
		if n := count(t, s, `passes WHERE void = '["refund"]'`); n != many {
			t.Errorf("%d are void", n)
		}
	})
}

func TestAWalkWhoseClaimIsLostChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", many)
		e := claimed(t, s, later("refund", 1))
		got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1")))
		var id string
		must(t, database(t, s).QueryRow("SELECT id FROM walks").Scan(&id))
		stale, ok, err := s.ClaimWalk(t.Context(), id)
		if must(t, err); !ok {
			t.Fatal("not claimed")
		}
		stale.Attempts--
		if _, _, err := s.Step(t.Context(), stale, named); err == nil {
			t.Error("a stale walk went on")
		}
		if n := count(t, s, "passes WHERE void <> '[]'"); n != 0 {
			t.Errorf("%d are void", n)
		}
		stale.Attempts++
		changed, done, err := s.Step(t.Context(), stale, named)
		if must(t, err); done || len(changed) != 50 || !slices.IsSortedFunc(changed, func(a, b store.Pass) int { return strings.Compare(a.Serial, b.Serial) }) {
			t.Errorf("done %t, %d changed", done, len(changed))
		}
		if stale.Place != changed[49].Serial {
			t.Errorf("place %s", fmt.Sprint(stale.Place))
		}
	})
}
