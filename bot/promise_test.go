package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

const unfitRules = `
- {name: sold, on: shop.sold, template: concert, with: {holder: Ada Lovelace}, deliver: [{email: ada@example.com}]}
- {name: moved, on: shop.moved, action: update, with: {number: "${{ data.name }}"}}
`

// mend replaces a rule's mistake while the engine runs.
func (b *bench) mend(t *testing.T, old, now string) {
	t.Helper()
	program, found := compile(t, strings.Replace(unfitRules, old, now, 1), b.keys)
	must(t, found.Err())
	b.engine.SetProgram(program)
}

// An update may come before its pass, as a membership's first invoice does.
func TestAnUpdateThatDoesNotFitCostsNoPaidOrder(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		for name, order := range map[string][]string{"before its pass": {"moved", "sold"}, "after its pass": {"sold", "moved"}} {
			if database != "" && name != "before its pass" {
				continue // one order is enough there
			}
			t.Run(name, func(t *testing.T) {
				b, s := newShop(t, database, unfitRules)
				minutes := map[string]int{"sold": 0, "moved": 1}
				got := map[string]store.Event{}
				for _, kind := range order {
					got[kind] = b.accepted(t, false, s.event(kind, minutes[kind], nil))[0]
				}
				p := b.only(t, got["sold"].ID)
				if _, _, d := b.settled(t, got["sold"].ID); len(d) != 1 || d[0].State != store.StateSent || strings.Contains(string(p.Inputs), `"moved"`) {
					t.Fatalf("deliveries %+v, inputs %s", d, p.Inputs)
				}
				told := got[order[1]]
				if told.State != store.StateDone || !strings.Contains(told.Attention, "number must be a number") || !strings.Contains(told.Attention, "passhook events replay "+got["moved"].ID) {
					t.Errorf("%s is %s: %q", told.Type, told.State, told.Attention)
				}

				b.mend(t, `${{ data.name }}`, "7")
				must(t, b.store.Replay(t.Context(), got["moved"].ID))
				again, _, _ := b.settled(t, got["moved"].ID)
				if p := b.only(t, got["sold"].ID); again.State != store.StateDone || again.Attention != "" || !strings.Contains(string(p.Inputs), `"number":7`) {
					t.Errorf("after the replay: %s, %q, inputs %s", again.Note, again.Attention, p.Inputs)
				}
			})
		}
	})
}

func TestAReplayReplacesWhatItsEventDidBefore(t *testing.T) {
	b, s := newShop(t, "", strings.Replace(unfitRules, `${{ data.name }}`, "5", 1))
	got := b.accepted(t, false, s.event("sold", 0, nil), s.event("moved", 1, nil))
	for _, step := range []struct{ rule, want string }{{"7", `"number":7`}, {"", `"number":null`}} {
		b.mend(t, `${{ data.name }}`, step.rule)
		if step.rule == "" { // the rule is gone
			program, found := compile(t, strings.Split(unfitRules, "- {name: moved")[0], b.keys)
			must(t, found.Err())
			b.engine.SetProgram(program)
		}
		must(t, b.store.Replay(t.Context(), got[1].ID))
		b.settled(t, got[1].ID)
		if p := b.only(t, got[0].ID); !strings.Contains(string(p.Inputs), step.want) {
			t.Errorf("rule %q: inputs %s, want %s", step.rule, p.Inputs, step.want)
		}
	}
}

// A refund counts even where the pass cannot be rendered: its template is gone,
// or an update does not fit it any more, or a rule on the refund is wrong.
func TestARefundVoidsWhateverElseIsWrong(t *testing.T) {
	const sold = "- {name: sold, on: shop.sold, template: concert, with: {holder: Ada Lovelace}}\n"
	for name, rules := range map[string]string{
		"an update is left out":   sold + `- {name: moved, on: shop.moved, action: update, with: {number: "${{ data.name }}"}}`,
		"a rule on it is wrong":   sold + `- {name: gone, on: shop.refunded, action: update, with: {number: "${{ int(data.name) }}"}}`,
		"another rule must issue": sold + `- {name: coupon, on: shop.refunded, template: coupon, repeat: int(data.name)}`,
	} {
		t.Run(name, func(t *testing.T) {
			b, s := newShop(t, "", rules)
			got := b.accepted(t, false, s.event("sold", 0, nil), s.event("moved", 1, nil), s.event("refunded", 2, effect("refund", false)))
			if p := b.only(t, got[0].ID); !slices.Equal(p.Void, []string{"refund"}) {
				t.Errorf("void %v; the refund is %s: %s", p.Void, got[2].State, got[2].Note)
			}
		})
	}
	t.Run("its template is gone", func(t *testing.T) {
		b, s := newShop(t, "", unfitRules)
		got := b.accepted(t, false, s.event("sold", 0, nil), s.event("moved", 1, nil))
		must(t, b.smtp.Wait(t.Context(), 1))
		empty, _ := bot.Compile(nil, bot.Options{})
		b.engine.SetProgram(empty)
		b.accepted(t, false, s.event("refunded", 2, effect("refund", false)))
		if p, err := b.store.PassBySerial(t.Context(), b.only(t, got[0].ID).Serial); err != nil || !slices.Equal(p.Void, []string{"refund"}) {
			t.Errorf("void %v, %v", p.Void, err)
		}
	})
}

// Whoever opens a Payment Link chooses client_reference_id in its address: with
// the session of a cheap ticket, or the serial number of somebody else's.
func TestWhatABuyerChoosesLeadsNoEventToAPass(t *testing.T) {
	b := newBench(t, options{})
	b.engine.Sources["stripe"] = stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: b.api})
	program, found := compile(t, rules+"- {name: again, on: stripe.checkout.paid, action: update, with: {seat: stolen}}\n", b.keys)
	must(t, found.Err())
	b.engine.SetProgram(program)
	b.run(t)
	cheap := b.checkout(t, "cheap", completed, nil)
	victim, _, err := b.engine.Accept(t.Context(), cheap)
	must(t, err)
	_, theirs, _ := b.settled(t, victim)
	for _, chosen := range []string{cheap.Object, theirs[0].Serial, "pi_cheap"} {
		dear := b.checkout(t, "dear"+chosen[:2], completed, func(session map[string]any) { session["client_reference_id"] = chosen })
		id, _, err := b.engine.Accept(t.Context(), dear)
		must(t, err)
		_, mine, _ := b.settled(t, id)
		if len(mine) == 0 {
			t.Fatal("the dear one was not sold")
		}
		refund := func(kind, id, intent string, more map[string]any) {
			t.Helper()
			object := map[string]any{"id": id, "object": "charge", "payment_intent": intent, "amount": 100, "amount_refunded": 100, "currency": "eur"}
			for name, v := range more {
				object[name] = v
			}
			e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: stripe.SampleEventPrefix + kind + id, Type: kind, Created: time.Now()}, object))
			must(t, err)
			accepted, _, err := b.engine.Accept(t.Context(), e)
			must(t, err)
			b.settled(t, accepted)
		}
		refund("charge.refunded", "ch_"+chosen[:2], intentOf(t, dear), map[string]any{"refunded": true})
		refund("refund.failed", "re_"+chosen[:2], intentOf(t, cheap), map[string]any{"object": "refund", "status": "failed"})
		now, err := b.store.PassBySerial(t.Context(), mine[0].Serial)
		must(t, err)
		if !slices.Equal(now.Void, []string{"refund"}) {
			t.Errorf("with %s the refunded pass is void for %v", chosen, now.Void)
		}
	}
	for _, p := range theirs {
		now, err := b.store.PassBySerial(t.Context(), p.Serial)
		must(t, err)
		if len(now.Void) > 0 || strings.Contains(string(now.Inputs), "stolen") != strings.Contains(string(p.Inputs), "stolen") {
			t.Errorf("somebody else's pass: void %v, inputs %s", now.Void, now.Inputs)
		}
	}
}

// intentOf is the payment of a checkout.
func intentOf(t *testing.T, e integrations.Event) string {
	t.Helper()
	for _, ref := range e.Refs {
		if strings.HasPrefix(ref, "pi_") {
			return ref
		}
	}
	t.Fatalf("no payment in %v", e.Refs)
	return ""
}
