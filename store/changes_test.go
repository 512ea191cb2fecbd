package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// told folds changes into a list that says in which order they came.
func told(p store.Pass, changes []store.Change) (store.Pass, error) {
	names := make([]string, len(changes))
	p.Void = nil
	for i, c := range changes {
		names[i] = c.Name
		if c.Kind == store.ChangeVoid {
			p.Void = append(p.Void, c.Reason)
		}
	}
	var err error
	p.Inputs, err = json.Marshal(names)
	return p, err
}

// later is an event about a session that happened some minutes after it.
func later(id string, minutes int) integrations.Event {
	e := event(id)
	e.Type, e.Aliases, e.Time = "stripe.charge.refunded", nil, e.Time.Add(time.Duration(minutes)*time.Minute)
	return e
}

func change(e *store.Event, kind, name string, refs ...string) store.Issue {
	return store.Issue{Event: e, State: store.StateDone, Fold: told, Changes: []store.Change{{Name: name, Kind: kind, Reason: name, Refs: refs}}}
}

func passNow(t testing.TB, s *store.Store, serial string) *store.Pass {
	t.Helper()
	p, ok, err := s.PassBySerial(t.Context(), serial)
	must(t, err)
	if !ok {
		t.Fatalf("there is no pass %s", serial)
	}
	return p
}

// Whatever arrives first, a pass ends as what happened says, in the order in
// which it happened.
func TestChangesMayArriveInAnyOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's dice
		for round := range 6 {
			object := fmt.Sprintf("cs_%d", round)
			steps := []func(){
				func() {
					e := event(fmt.Sprintf("paid%d", round))
					_, err := s.Issue(t.Context(), order(claimed(t, s, e), object, 0, 1))
					must(t, err)
				},
			}
			for i, kind := range []string{store.ChangeVoid, store.ChangeLift, store.ChangeUpdate} {
				steps = append(steps, func() {
					_, err := s.Issue(t.Context(), change(claimed(t, s, later(fmt.Sprintf("%s%d", kind, round), 3-i)), kind, kind, "pi_"+object))
					must(t, err)
				})
			}
			random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
			for _, step := range steps {
				step()
			}
			if got := passNow(t, s, "serial-"+object+"/0"); string(got.Inputs) != `["update","lift","void"]` || string(got.Issued) != `{}` || !slices.Equal(got.Void, []string{"void"}) {
				t.Errorf("round %d: %s, issued %s, void %v", round, got.Inputs, got.Issued, got.Void)
			}
		}
	})
}

func TestChangesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for round := range 5 {
			object := fmt.Sprintf("cs_%d", round)
			serial := "serial-" + object + "/0"
			var all sync.WaitGroup
			paid := claimed(t, s, event("paid"+object))
			all.Go(func() {
				if _, err := s.Issue(t.Context(), order(paid, object, 0, 2)); err != nil {
					t.Error(err)
				}
			})
			for i := range 6 {
				ref := []string{"pi_" + object, object}[i%2]
				e := claimed(t, s, later(fmt.Sprintf("%d%s", i, object), i))
				all.Go(func() {
					if _, err := s.Issue(t.Context(), change(e, store.ChangeUpdate, fmt.Sprint(i), ref)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := passNow(t, s, serial); string(got.Inputs) != `["0","1","2","3","4","5"]` {
				t.Errorf("round %d: %s", round, got.Inputs)
			}
		}
	})
}

func TestChangesReachOnlyTheirSourceAccountAndMode(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		_, err := s.Issue(t.Context(), order(claimed(t, s, event("1")), "cs_1", 0, 1))
		must(t, err)
		for name, edit := range map[string]func(*integrations.Event){
			"source":  func(e *integrations.Event) { e.Source = "hooks" },
			"account": func(e *integrations.Event) { e.Account = "acct_other" },
			"mode":    func(e *integrations.Event) { e.Live = false },
		} {
			e := later(name, 1)
			edit(&e)
			_, err := s.Issue(t.Context(), change(claimed(t, s, e), store.ChangeVoid, name, "pi_cs_1"))
			must(t, err)
		}
		if got := passNow(t, s, "serial-cs_1/0"); len(got.Void) > 0 {
			t.Errorf("it is void: %v", got.Void)
		}
	})
}

// A replay of an event changes nothing twice, and says what it reached.
func TestAChangeIsMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		_, err := s.Issue(t.Context(), order(claimed(t, s, event("1")), "cs_1", 0, 2))
		must(t, err)
		e := claimed(t, s, later("2", 1))
		p.clock.advance(time.Hour)
		first, err := s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1", "pi_cs_1"))
		must(t, err)
		got := passNow(t, s, "serial-cs_1/0")
		if len(first.Changed) != 2 || !got.Updated.Equal(p.clock.now()) {
			t.Errorf("%d changed, updated %s", len(first.Changed), got.Updated)
		}
		_, err = s.Reopen(t.Context(), e.ID)
		must(t, err)
		p.clock.advance(time.Hour)
		again, ok, err := s.ClaimEvent(t.Context(), e.ID)
		if must(t, err); !ok {
			t.Fatal("not claimed")
		}
		second, err := s.Issue(t.Context(), change(again, store.ChangeVoid, "refund", "cs_1", "pi_cs_1"))
		must(t, err)
		if now := passNow(t, s, "serial-cs_1/0"); len(second.Changed) != 0 || !now.Updated.Equal(got.Updated) || len(now.Void) != 1 {
			t.Errorf("%+v, %+v", second, now)
		}
		if ev, _, _ := s.Event(t.Context(), e.ID); ev.Note != "void refund; 0 of 2 passes changed" {
			t.Errorf("note %q", ev.Note)
		}
	})
}

func TestAttentionIsToldOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		in := change(claimed(t, s, later("1", 1)), store.ChangeVoid, "dispute", "pi_1")
		in.Attention = "look at this"
		_, err := s.Issue(t.Context(), in)
		must(t, err)
		events, _, err := s.Untold(t.Context(), 10)
		must(t, err)
		if len(events) != 1 || events[0].Attention != "look at this" || events[0].Note != "void dispute; no pass has its refs yet" {
			t.Fatalf("%+v", events)
		}
		must(t, s.Told(t.Context(), events, nil))
		if events, _, _ = s.Untold(t.Context(), 10); len(events) > 0 {
			t.Error("told twice")
		}
	})
}

func TestMarks(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for _, want := range []string{"", "evt_1", "evt_2"} {
			if want != "" {
				must(t, s.SetMark(t.Context(), "cursor", want))
			}
			got, err := s.Mark(t.Context(), "cursor")
			must(t, err)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}
