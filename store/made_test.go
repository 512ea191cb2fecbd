package store_test

import (
	"testing"

	"github.com/passhook/passhook/store"
)

func TestWhatAnEventMade(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		sold, other := issue(t, s, "cs_1", 3), issue(t, s, "cs_2", 1)
		serials := func(e *store.Event, most int) (out []string) {
			for _, p := range got[[]store.Pass](t)(s.MadeBy(t.Context(), e, most)) {
				out = append(out, p.Serial)
			}
			return out
		}
		first := eventNow(t, s, sold.Passes[0].EventID)
		if is := serials(first, 10); len(is) != 3 {
			t.Errorf("issued %q", is)
		}
		if is := serials(first, 2); len(is) != 2 {
			t.Errorf("at most two: %q", is)
		}
		update := claimed(t, s, later("update", 1))
		got[store.Issued](t)(s.Issue(t.Context(), change(update, store.ChangeUpdate, "seat", "cs_2")))
		if is := serials(update, 10); len(is) != 1 || is[0] != other.Passes[0].Serial {
			t.Errorf("changed %q", is)
		}
		elsewhere := claimed(t, s, later("elsewhere", 2))
		got[store.Issued](t)(s.Issue(t.Context(), changes(elsewhere, store.Change{Name: "x", Kind: store.ChangeVoid, Reason: "rule", Template: "none", Refs: []string{"cs_1"}})))
		if is := serials(elsewhere, 10); len(is) != 0 {
			t.Errorf("of another template: %q", is)
		}
		if d := got[[]store.Delivery](t)(s.DeliveriesOf(t.Context(), first.ID)); len(d) == 0 {
			t.Error("its deliveries are not found")
		}
	})
}
