package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

// unstored is an order of an event that is not stored yet.
func unstored(t *testing.T, object string, from, n int) store.Issue {
	t.Helper()
	return order(got[*store.Event](t)(store.Unstored(event(object))), "cs_"+object, from, n)
}

func TestAnEventIsStoredTogetherWithWhatItDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		in := unstored(t, "1", 0, 2)
		out := got[store.Issued](t)(s.Issue(t.Context(), in))
		if e := eventNow(t, s, in.Event.ID); e.State != store.StateDone || len(out.Passes) != 2 || len(out.Deliveries) != 1 {
			t.Errorf("event %s, %d passes, %d deliveries", e.State, len(out.Passes), len(out.Deliveries))
		}
		if _, err := s.Issue(t.Context(), unstored(t, "1", 2, 1)); !errors.Is(err, store.ErrSeen) {
			t.Errorf("the same event again: %v", err)
		}
		if n := count(t, s, "passes"); n != 2 {
			t.Errorf("%d passes", n)
		}
		seen := got[*store.Event](t)(s.EventBySource(t.Context(), "stripe", in.Event.ExternalID))
		if seen.ID != in.Event.ID {
			t.Errorf("the event is %s, want %s", seen.ID, in.Event.ID)
		}
	})
}

func TestFiguresCountWhatWasIssuedAndChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for _, object := range []string{"1", "2", "3"} {
			got[store.Issued](t)(s.Issue(t.Context(), unstored(t, object, 0, 2)))
		}
		// Only one of these changes anything.
		made(t, s, later("refund", 1), store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1"}})
		made(t, s, later("again", 2), store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1"}})
		day := p.clock.now()
		for _, tc := range []struct {
			source       string
			from, before time.Time
			want         int
		}{
			{"stripe", day, day.AddDate(0, 0, 1), 8},
			{"stripe", day.AddDate(0, 0, 1), day.AddDate(0, 0, 2), 0},
			{"stripe", day.AddDate(0, 0, -1), day, 0},
			{"api.website", day, day.AddDate(0, 0, 1), 0},
		} {
			if n := got[int](t)(s.Figure(t.Context(), tc.source, tc.from, tc.before)); n != tc.want {
				t.Errorf("%s from %s: %d, want %d", tc.source, tc.from, n, tc.want)
			}
		}
	})
}

func TestFilesAreKeptByWhatIsInThem(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		must(t, s.PutFiles(t.Context(), map[string][]byte{"a": []byte("one"), "b": []byte("two")}))
		must(t, s.PutFiles(t.Context(), map[string][]byte{"b": []byte("two"), "c": []byte("three")}))
		files := got[map[string][]byte](t)(s.Files(t.Context(), []string{"a", "b", "c"}))
		if string(files["a"])+string(files["b"])+string(files["c"]) != "onetwothree" {
			t.Errorf("%s", files)
		}
		if _, err := s.Files(t.Context(), []string{"d"}); err == nil {
			t.Error("a file was read that is not there")
		}
	})
}
