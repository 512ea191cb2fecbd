package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// Whatever arrives first, a pass ends as what happened says, in the order in
// which it happened.
func TestChangesMayArriveInAnyOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's dice
		for round := range 8 {
			object := fmt.Sprintf("cs_%d", round)
			steps := []func(){func() { issue(t, s, object, 1) }}
			for i, c := range []store.Change{
				{Name: "last", Kind: store.ChangeUpdate},
				{Name: "void again", Kind: store.ChangeVoid, Reason: "dispute"},
				{Name: "lift", Kind: store.ChangeLift, Reason: "dispute"},
				{Name: "void", Kind: store.ChangeVoid, Reason: "dispute"},
				{Name: "first", Kind: store.ChangeUpdate},
			} {
				c.Refs = []string{"pi_" + object}
				steps = append(steps, func() { made(t, s, later(fmt.Sprint(object, i), 9-i), c) })
			}
			random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
			for _, step := range steps {
				step()
			}
			if is := passNow(t, s, "serial-"+object+"/0"); string(is.Inputs) != `["first","last"]` || string(is.Issued) != `{}` || !slices.Equal(is.Void, []string{"dispute"}) {
				t.Errorf("round %d: %s, issued %s, void %v", round, is.Inputs, is.Issued, is.Void)
			}
		}
	})
}

func TestChangesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for round := range 5 {
			object := fmt.Sprintf("cs_%d", round)
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
			if is := passNow(t, s, "serial-"+object+"/0"); string(is.Inputs) != `["0","1","2","3","4","5"]` {
				t.Errorf("round %d: %s", round, is.Inputs)
			}
		}
	})
}

func TestChangesReachOnlyTheirSourceAccountAndMode(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for name, edit := range map[string]func(*integrations.Event){
			"source":  func(e *integrations.Event) { e.Source = "hooks" },
			"account": func(e *integrations.Event) { e.Account = "acct_other" },
			"mode":    func(e *integrations.Event) { e.Live = false },
		} {
			for i, when := range []string{"before", "after"} {
				if i == 1 {
					issue(t, s, name, 1)
				}
				e := later(name+when, 1)
				edit(&e)
				if out := made(t, s, e, store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"pi_" + name}}); len(out.Changed) > 0 {
					t.Errorf("another %s changed %+v", name, out.Changed)
				}
			}
			if is := passNow(t, s, "serial-"+name+"/0"); len(is.Void) > 0 {
				t.Errorf("another %s made it void: %v", name, is.Void)
			}
		}
	})
}

// Who sees a barcode sees a serial number; that alone reaches no pass.
func TestASerialNumberLeadsToItsPassOnlyWhatPasshookItselfDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", 2)
		serial := "serial-cs_1/0"
		for _, source := range []string{"stripe", "hooks", "passhook"} {
			e := later("void from "+source, 1)
			e.Source, e.Live = source, source != "passhook" // what people do with passhook is of no mode
			out := made(t, s, e, store.Change{Name: "void", Kind: store.ChangeVoid, Reason: source, Refs: []string{serial, "serial:" + serial}})
			if is := len(out.Changed); is > 0 && source != "passhook" {
				t.Errorf("%s changed %d", source, is)
			}
		}
		own := later("own", 2)
		own.Source = "passhook"
		out := made(t, s, own, store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "operator", Serial: serial})
		if len(out.Changed) != 1 || !slices.Contains(passNow(t, s, serial).Void, "operator") {
			t.Errorf("changed %+v", out.Changed)
		}
		if is := passNow(t, s, "serial-cs_1/1"); len(is.Void) > 0 {
			t.Errorf("the other one is void: %v", is.Void)
		}
		// It still counts when another change has the pass looked at again.
		made(t, s, later("refund", 3), store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1"}})
		if is := passNow(t, s, serial); !slices.Contains(is.Void, "operator") || !slices.Contains(is.Void, "refund") || slices.Contains(is.Void, "hooks") || slices.Contains(is.Void, "stripe") {
			t.Errorf("void %v", is.Void)
		}
	})
}

func TestVoidsFollowThePassesOwnReasons(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		in := order(claimed(t, s, event("1")), "cs_1", 0, 1)
		in.Passes[0].VoidOn = []string{"dispute"}
		got[store.Issued](t)(s.Issue(t.Context(), in))
		var all []store.Change
		for _, reason := range []string{"refund", "dispute", "subscription_end", "rule late"} {
			all = append(all, store.Change{Name: reason, Kind: store.ChangeVoid, Reason: reason, Refs: []string{"cs_1"}})
		}
		made(t, s, later("2", 1), all...)
		if is := passNow(t, s, "serial-cs_1/0"); !slices.Equal(is.Void, []string{"dispute", "rule late"}) {
			t.Errorf("void %v", is.Void)
		}
	})
}

func TestAChangeOfOneTemplateLeavesTheOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		in := order(claimed(t, s, event("1")), "cs_1", 0, 2)
		in.Passes[1].Template = "coupon"
		got[store.Issued](t)(s.Issue(t.Context(), in))
		made(t, s, later("2", 1), store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "refund", Template: "coupon", Refs: []string{"cs_1"}})
		if ticket, coupon := passNow(t, s, "serial-cs_1/0"), passNow(t, s, "serial-cs_1/1"); len(ticket.Void) != 0 || len(coupon.Void) != 1 {
			t.Errorf("void %v and %v", ticket.Void, coupon.Void)
		}
	})
}

// An update that does not fit is left out and told; it keeps no pass from being
// issued and none from being void.
func TestAnUnfitUpdateIsLeftOut(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		early := made(t, s, later("early", 1), store.Change{Name: "early", Kind: store.ChangeUpdate, Inputs: []byte(unfit), Refs: []string{"cs_1"}})
		issued := issue(t, s, "cs_1", 1)
		if len(early.Unfit) != 0 || len(issued.Passes) != 1 || !slices.Equal(issued.Unfit, []string{"early does not fit"}) {
			t.Errorf("early %v; issued %+v", early.Unfit, issued)
		}
		if is := eventNow(t, s, issued.Passes[0].EventID); is.State != store.StateDone || is.Attention != "early does not fit" {
			t.Errorf("%s, %q", is.State, is.Attention)
		}
		out := made(t, s, later("refund", 2), store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1"}})
		if is := passNow(t, s, "serial-cs_1/0"); !slices.Equal(is.Void, []string{"refund"}) || len(out.Unfit) != 0 {
			t.Errorf("void %v; an old update was told again: %v", is.Void, out.Unfit)
		}
		out = made(t, s, later("late", 3), store.Change{Name: "late", Kind: store.ChangeUpdate, Inputs: []byte(unfit), Refs: []string{"cs_1"}})
		if !slices.Equal(out.Unfit, []string{"late does not fit"}) {
			t.Errorf("unfit %v", out.Unfit)
		}
	})
}

// A replay of an event changes nothing twice, and says what it reached.
func TestAChangeIsMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", 2)
		e := claimed(t, s, later("2", 1))
		p.clock.advance(time.Hour)
		first := got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1", "pi_cs_1")))
		is := passNow(t, s, "serial-cs_1/0")
		if len(first.Changed) != 2 || !is.Updated.Equal(p.clock.now()) {
			t.Errorf("%d changed, updated %s", len(first.Changed), is.Updated)
		}
		p.clock.advance(time.Hour)
		must(t, s.Replay(t.Context(), e.ID))
		second := got[store.Issued](t)(s.Issue(t.Context(), change(claimedAgain(t, s, e.ID), store.ChangeVoid, "refund", "cs_1", "pi_cs_1")))
		if now := passNow(t, s, "serial-cs_1/0"); len(second.Changed) != 0 || !now.Updated.Equal(is.Updated) || len(now.Void) != 1 {
			t.Errorf("%+v, %+v", second, now)
		}
		if is := eventNow(t, s, e.ID); is.Note != "void refund; 0 of 2 passes changed" {
			t.Errorf("note %q", is.Note)
		}
	})
}

// After a rule was mended, a replay takes back what the event did and does what
// the rule says now, to other passes as well.
func TestAReplayReplacesWhatItsEventDid(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", 1)
		issue(t, s, "cs_2", 1)
		e := claimed(t, s, later("wrong", 1))
		got[store.Issued](t)(s.Issue(t.Context(), changes(e,
			store.Change{Name: "rule a", Kind: store.ChangeVoid, Reason: "rule a", Refs: []string{"cs_1"}},
			store.Change{Name: "rule b", Kind: store.ChangeUpdate, Inputs: []byte(unfit), Refs: []string{"cs_1", "cs_2"}})))
		must(t, s.Replay(t.Context(), e.ID))
		out := got[store.Issued](t)(s.Issue(t.Context(), changes(claimedAgain(t, s, e.ID), store.Change{Name: "rule b", Kind: store.ChangeUpdate, Inputs: []byte(`{}`), Refs: []string{"cs_2"}})))
		first, second := passNow(t, s, "serial-cs_1/0"), passNow(t, s, "serial-cs_2/0")
		if len(out.Unfit) != 0 || len(first.Void) != 0 || string(second.Inputs) != `["rule b"]` {
			t.Errorf("unfit %v; %s void %v; %s", out.Unfit, first.Inputs, first.Void, second.Inputs)
		}
		must(t, s.Replay(t.Context(), e.ID))
		got[store.Issued](t)(s.Issue(t.Context(), changes(claimedAgain(t, s, e.ID)))) // the rule is gone
		if is := passNow(t, s, "serial-cs_2/0"); string(is.Inputs) != `{}` {
			t.Errorf("the update stays: %s", is.Inputs)
		}
	})
}

func TestTheNoteSaysWhatAChangeDid(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, later("1", 1))
		got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeVoid, "dispute", "pi_cs_1")))
		if is := eventNow(t, s, e.ID); is.Note != "void dispute; no pass has its refs yet" {
			t.Errorf("note %q", is.Note)
		}
		issue(t, s, "cs_1", 2)
		e = claimed(t, s, later("2", 2))
		got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeLift, "dispute", "pi_cs_1")))
		if is := eventNow(t, s, e.ID); !strings.HasSuffix(is.Note, "2 of 2 passes changed") {
			t.Errorf("note %q", is.Note)
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
			if is := got[string](t)(s.Mark(t.Context(), "cursor")); is != want {
				t.Errorf("got %q, want %q", is, want)
			}
		}
		must(t, s.CheckWrite(t.Context()))
		must(t, s.Ping(t.Context()))
	})
}
