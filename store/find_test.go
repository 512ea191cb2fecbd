package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

func TestFind(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		in := order(e, "cs_1", 0, 1)
		in.Passes[0].References = []string{"order-77"}
		issued := got[store.Issued](t)(s.Issue(t.Context(), in))
		accept(t, s, event("2"))
		d, serial := issued.Deliveries[0], "serial-cs_1/0"
		for _, q := range []string{e.ID, "evt_1", "cs_1", "pi_cs_1", "order-77", serial, "ada@EXAMPLE.com"} {
			if found, err := s.FindEvents(t.Context(), store.Filter{Query: q}); err != nil || len(found) != 1 || found[0].ID != e.ID {
				t.Errorf("events by %s: %v %v", q, found, err)
			}
		}
		for _, q := range []string{d.ID, d.OrderID, "pi_cs_1", "order-77", serial, "ada@example.com", e.ID} {
			if found, err := s.FindDeliveries(t.Context(), store.Filter{Query: q}); err != nil || len(found) != 1 || !slices.Equal(found[0].Passes, []string{serial}) {
				t.Errorf("deliveries by %s: %v %v", q, found, err)
			}
		}
		for _, q := range []string{d.ID, d.OrderID, "pi_cs_1", "order-77", serial, "ada@example.com", e.ID} {
			if found, err := s.FindPasses(t.Context(), store.Filter{Query: q, Rule: "concert"}); err != nil || len(found) != 1 || found[0].Serial != serial {
				t.Errorf("passes by %s: %v %v", q, found, err)
			}
		}
		if found, _ := s.FindPasses(t.Context(), store.Filter{Rule: "other"}); len(found) != 0 {
			t.Errorf("passes of another rule: %+v", found)
		}
		if found, _ := s.FindEvents(t.Context(), store.Filter{}); len(found) != 2 || found[0].ExternalID != "evt_2" {
			t.Errorf("newest first: %+v", found)
		}
		if found, _ := s.FindEvents(t.Context(), store.Filter{State: store.StatePending, Limit: 1}); len(found) != 1 || found[0].ExternalID != "evt_2" {
			t.Errorf("pending: %+v", found)
		}
		if found, _ := s.FindEvents(t.Context(), store.Filter{Query: "nobody"}); len(found) != 0 {
			t.Errorf("got %+v", found)
		}
	})
}

// Passes of one order were made at the same time, of several at others.
func TestEachPassComesOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for i, n := range []int{700, 900, 1} {
			issue(t, s, fmt.Sprint("cs_", i), n)
			p.clock.advance(time.Minute)
		}
		for want, f := range map[int]store.Filter{1601: {Rule: "concert", Limit: 1}, 900: {Query: "pi_cs_1"}, 0: {Rule: "gone"}} {
			seen := map[string]bool{}
			last := p.clock.now()
			for pass, err := range s.EachPass(t.Context(), f) {
				if must(t, err); seen[pass.Serial] || pass.Created.After(last) {
					t.Fatalf("%s comes again, or too late", pass.Serial)
				}
				seen[pass.Serial], last = true, pass.Created
			}
			if len(seen) != want {
				t.Errorf("%d passes, want %d", len(seen), want)
			}
		}
		for range s.EachPass(t.Context(), store.Filter{}) {
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range s.EachPass(ctx, store.Filter{}) {
			if err == nil {
				t.Error("a pass without a database")
			}
		}
	})
}

// What a buyer can choose finds a pass for people only.
func TestAReferenceIsNoRef(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		in := order(claimed(t, s, event("1")), "cs_1", 0, 1)
		in.Passes[0].References = []string{"pi_other"}
		got[store.Issued](t)(s.Issue(t.Context(), in))
		e := later("other", 1)
		if out := made(t, s, e, store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "refund", Refs: e.Refs}); len(out.Changed) != 0 {
			t.Errorf("it voids %+v", out.Changed)
		}
		if about := got[[]store.Pass](t)(s.PassesAbout(t.Context(), store.Event{Event: e})); len(about) != 0 {
			t.Errorf("about %+v", about)
		}
	})
}

func TestPassesAreFoundByWhatNamesThem(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", 3)
		if pass := got[*store.Pass](t)(s.PassByLink(t.Context(), "hash-cs_1/0")); pass.Serial != "serial-cs_1/0" || pass.Source != "stripe" || !pass.Live || string(pass.Inputs) != "{}" {
			t.Errorf("%+v", pass)
		}
		if _, err := s.PassBySerial(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if _, err := s.PassByLink(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if _, err := s.Event(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if ids := got[[]string](t)(s.Secrets(t.Context())); !slices.Equal(ids, []string{"s1"}) {
			t.Errorf("%v", ids)
		}
		e := later("about", 1)
		e.Refs = []string{"pi_cs_1", "cs_1"}
		about := got[[]store.Pass](t)(s.PassesAbout(t.Context(), store.Event{Event: e}))
		if len(about) != 3 || about[0].Unit != 0 || about[2].Unit != 2 {
			t.Errorf("%+v", about)
		}
		for _, account := range []string{"acct_2", "acct_1", "acct_2", ""} {
			e := event("of" + account + fmt.Sprint(len(account)))
			e.Account = account
			accept(t, s, e)
		}
		if is := got[[]string](t)(s.Accounts(t.Context(), "stripe")); !slices.Equal(is, []string{"acct_1", "acct_2"}) {
			t.Errorf("accounts %v", is)
		}
	})
}

func TestTextThatPostgreSQLCannotHoldIsAnError(t *testing.T) {
	t.Parallel()
	s := opened(t, postgres(t))
	for _, bad := range []string{"a\x00b", "\xff"} {
		if _, err := s.FindEvents(t.Context(), store.Filter{Query: bad}); err == nil {
			t.Errorf("FindEvents %q", bad)
		}
		if _, _, err := s.ClaimEvent(t.Context(), bad); err == nil {
			t.Errorf("ClaimEvent %q", bad)
		}
	}
	e := claimed(t, s, event("1"))
	if _, err := s.Issue(t.Context(), order(e, "cs_1\x00", 0, 1)); err == nil {
		t.Error("Issue")
	}
	must(t, s.SettleEvent(t.Context(), e, store.StateDone, "")) // nothing is broken
}
