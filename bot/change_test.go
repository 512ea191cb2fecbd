package bot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// shop is a source whose events say all there is to say.
type shop struct{ events sync.Map }

func (s *shop) Types() (map[string]integrations.TypeInfo, error) { return nil, nil }

func (s *shop) Decode([]byte) (integrations.Event, error) {
	return integrations.Event{}, errors.New("the shop has no bodies")
}

func (s *shop) Complete(_ context.Context, e integrations.Event) (integrations.Completed, error) {
	v, _ := s.events.Load(e.ExternalID)
	out, _ := v.(integrations.Completed)
	out.ID = e.ID
	return out, nil
}

// event is one about order 1001, some minutes after it.
func (s *shop) event(name string, minutes int, edit func(*integrations.Completed)) integrations.Event {
	e := integrations.Completed{Event: integrations.Event{
		Source: "shop", Type: "shop." + name, ExternalID: name, Object: "1001", Live: true, Refs: []string{"1001"},
		Time: time.Date(2026, 11, 20, 18, minutes, 0, 0, time.UTC), Data: json.RawMessage(`{"seat":"A1","name":"` + name + `"}`),
	}}
	if edit != nil {
		edit(&e)
	}
	e.Wanted = len(e.Effects) > 0 || e.Attention != ""
	s.events.Store(e.ExternalID, e)
	return e.Event
}

func effect(reason string, lift bool) func(*integrations.Completed) {
	return func(e *integrations.Completed) {
		e.Effects = []integrations.Effect{{Reason: reason, Lift: lift, Refs: []string{"1001"}}}
	}
}

const shopRules = `
- {name: sold, on: shop.sold, template: concert, with: {holder: Ada Lovelace, seat: "${{ data.seat }}"}, deliver: [{email: ada@example.com}]}
- {name: moved, on: shop.moved*, action: update, with: {seat: "${{ data.name }}"}}
- {name: ended, on: shop.ended, action: void, template: coupon}
`

// newShop is an engine with the shop's rules.
func newShop(t *testing.T, database, rules string) (*bench, *shop) {
	t.Helper()
	s := &shop{}
	b := newBench(t, options{database: database})
	b.engine.Sources["shop"] = s
	program, found := compile(t, rules, b.keys)
	must(t, found.Err())
	b.engine.SetProgram(program)
	b.run(t)
	return b, s
}

// accepted lets events happen, each twice, and waits until they are settled:
// one after the other, or all together.
func (b *bench) accepted(t *testing.T, together bool, events ...integrations.Event) []store.Event {
	t.Helper()
	ids := make([]string, len(events))
	for i, e := range append(events, events...) {
		id, _, err := b.engine.Accept(context.Background(), e)
		must(t, err)
		ids[i%len(events)] = id
		if !together {
			b.settled(t, id)
		}
	}
	out := make([]store.Event, len(events))
	for i, id := range ids {
		out[i], _, _ = b.settled(t, id)
	}
	return out
}

// only is the one pass of an event.
func (b *bench) only(t *testing.T, eventID string) store.Pass {
	t.Helper()
	_, p, _ := b.settled(t, eventID)
	if len(p) != 1 {
		t.Fatalf("%d passes", len(p))
	}
	return p[0]
}

func TestWhatHappensToAPassEndsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		make func(*shop) []integrations.Event
		void string
		seat string
	}{
		{"refunded", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("refunded", 1, effect("refund", false))}
		}, "refund", "A1"},
		{"refunded, and the refund failed", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("refunded", 1, effect("refund", false)), s.event("failed", 2, effect("refund", true))}
		}, "", "A1"},
		{"disputed and refunded, dispute won", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("disputed", 1, effect("dispute", false)), s.event("refunded", 2, effect("refund", false)), s.event("won", 3, effect("dispute", true))}
		}, "refund", "A1"},
		{"what void_on does not name", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("over", 1, effect("subscription_end", false))}
		}, "", "A1"},
		{"moved twice", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("moved1", 1, nil), s.event("moved2", 2, nil)}
		}, "", "moved2"},
		{"moved and refunded", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("moved1", 1, nil), s.event("refunded", 1, effect("refund", false))}
		}, "refund", "moved1"},
		{"voided by a rule for another template", func(s *shop) []integrations.Event {
			return []integrations.Event{s.event("ended", 1, nil)}
		}, "", "A1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			on := engines
			if !strings.Contains(tc.name, " and refunded") { // two events do not get in each other's way much
				on = func(t *testing.T, f func(*testing.T, string)) { f(t, "") }
			}
			on(t, func(t *testing.T, database string) {
				b, s := newShop(t, database, shopRules)
				events := append(tc.make(s), s.event("sold", 0, nil))
				rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				for _, e := range b.accepted(t, database != "", events...) {
					if e.State != store.StateDone {
						t.Errorf("%s is %s: %s", e.ExternalID, e.State, e.Note)
					}
					if e.ExternalID != "sold" {
						continue
					}
					p := b.only(t, e.ID)
					var inputs map[string]any
					must(t, json.Unmarshal(p.Inputs, &inputs))
					if got := strings.Join(p.Void, " "); got != tc.void || inputs["seat"] != tc.seat || inputs["holder"] != "Ada Lovelace" {
						t.Errorf("void %q, inputs %s", got, p.Inputs)
					}
				}
			})
		})
	}
}

func TestARuleSaysWhatVoidsItsPasses(t *testing.T) {
	for _, tc := range []struct {
		voidOn string
		source []string
		want   string
	}{
		{"", nil, "refund"},
		{"void_on: [dispute], ", nil, ""},
		{"void_on: [], ", nil, ""},
		{"void_on: [refund], ", []string{"subscription_end"}, "refund"},
		{"", []string{"subscription_end"}, ""},
	} {
		t.Run(fmt.Sprint(tc.voidOn, tc.source), func(t *testing.T) {
			b, s := newShop(t, "", "- {name: sold, on: shop.sold, template: concert, "+tc.voidOn+"with: {holder: Ada Lovelace}}")
			got := b.accepted(t, false, s.event("sold", 0, func(e *integrations.Completed) { e.VoidOn = tc.source }), s.event("refunded", 1, effect("refund", false)))
			if p := b.only(t, got[0].ID); strings.Join(p.Void, " ") != tc.want {
				t.Errorf("void %v", p.Void)
			}
		})
	}
}

func TestAPersonVoidsUnvoidsAndUpdates(t *testing.T) {
	b, s := newShop(t, "", shopRules)
	sold := b.accepted(t, false, s.event("sold", 0, nil))[0]
	p := b.only(t, sold.ID)
	for i, step := range []struct {
		kind   string
		inputs map[string]any
		void   string
		seat   string
	}{
		{bot.TypeVoid, nil, "operator", `"A1"`},
		{bot.TypeUpdate, map[string]any{"seat": "B2"}, "operator", `"B2"`},
		{bot.TypeUnvoid, nil, "", `"B2"`},
	} {
		e, err := bot.OwnEvent(step.kind, p.Serial, step.inputs, bot.ByOperator, sold.Time.Add(time.Duration(i+1)*time.Hour))
		must(t, err)
		b.accepted(t, false, e)
		p = b.only(t, sold.ID)
		if strings.Join(p.Void, " ") != step.void || !strings.Contains(string(p.Inputs), `"seat":`+step.seat) {
			t.Errorf("%s: void %v, inputs %s", step.kind, p.Void, p.Inputs)
		}
	}
}

// The serial number is known before the pass is there where a backup was restored.
func TestWhatAPersonVoidedStaysVoidWhenItsPassComesLater(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b, s := newShop(t, database, shopRules)
		e, err := bot.OwnEvent(bot.TypeVoid, "jg2bt2sssowr7hxsbzxs33kehm", nil, bot.ByOperator, time.Now())
		must(t, err)
		b.accepted(t, false, e)
		if p := b.only(t, b.accepted(t, false, s.event("sold", 0, nil))[0].ID); strings.Join(p.Void, " ") != "operator" {
			t.Errorf("pass %s is void for %v", p.Serial, p.Void)
		}
	})
}

func TestWhatNeedsAPersonIsTold(t *testing.T) {
	b, s := newShop(t, "", shopRules)
	b.accepted(t, false, s.event("partly", 1, func(e *integrations.Completed) { e.Attention = "10.00 EUR of order 1001 were refunded" }))
	must(t, b.engine.NotifyOperator(t.Context()))
	must(t, b.smtp.Wait(t.Context(), 1))
	if text := string(b.smtp.Messages()[0].Raw); !strings.Contains(text, "were refunded") {
		t.Errorf("the operator reads\n%s", text)
	}
}

// A backfill is about one rule: the others would issue what nobody asked for.
func TestAnEventForOneRuleRunsNoOther(t *testing.T) {
	b, s := newShop(t, "", shopRules+"- {name: coupon, on: shop.sold, template: coupon}\n")
	got := b.accepted(t, false, s.event("sold", 0, func(e *integrations.Completed) { e.Rule = "coupon" }))
	if p := b.only(t, got[0].ID); p.Rule != "coupon" {
		t.Errorf("rule %s issued", p.Rule)
	}
}
