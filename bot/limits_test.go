package bot_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

const crowdRules = `
- {name: sold, on: shop.sold, template: concert, for_each: data.items, repeat: item, with: {holder: Ada Lovelace}, deliver: [{email: ada@example.com}]}
`

// crowd is an order of so many passes for each of its items.
func (s *shop) crowd(name string, items ...int) integrations.Event {
	return s.event(name, 0, func(e *integrations.Completed) {
		e.Type, e.Object = "shop.sold", name
		e.Data, _ = json.Marshal(map[string]any{"items": items})
	})
}

func TestAnOrderOf5000PassesIsIssuedAndALargerOneIsNot(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		each := 1000
		if database != "" {
			each = long(100, each) // thousands of round trips
		}
		b, s := newShop(t, database, strings.Replace(crowdRules, ", deliver: [{email: ada@example.com}]", "", 1))
		begun := time.Now()
		id := b.accept(t, s.crowd("most", each, each, each, each, each))
		e, err := b.store.WaitForEvent(t.Context(), id)
		must(t, err)
		t.Logf("to issue it took %s", time.Since(begun))
		if e.State != store.StateDone {
			t.Fatalf("%s, %s", e.State, e.Note)
		}
		if _, issued, _ := b.now(t, id); len(issued) != 5*each {
			t.Errorf("%d passes", len(issued))
		}
		if database != "" {
			return
		}
		for want, event := range map[string]integrations.Event{
			"the event asks for 5001 passes; 5000 is the most of one order": s.crowd("more", 1000, 1000, 1000, 1000, 1000, 1),
			"rule sold: item 1: repeat: is 1001; the most is 1000":          s.crowd("item", 1001),
			"rule sold: item 2: repeat: is -1; it must be 0 or more":        s.crowd("less", 1, -1),
		} {
			if e, issued, _ := b.settled(t, b.accept(t, event)); e.State != store.StateFailed || e.Note != want || len(issued) != 0 {
				t.Errorf("%s, %s: %d passes", e.State, e.Note, len(issued))
			}
		}
	})
}

// accept lets an event in once.
func (b *bench) accept(t *testing.T, e integrations.Event) (id string) {
	t.Helper()
	id, _, err := b.engine.Accept(t.Context(), e)
	must(t, err)
	return id
}

func TestTenPassesAreAttachedAndElevenAreLinks(t *testing.T) {
	b, s := newShop(t, "", crowdRules)
	for i, n := range []int{10, 11} {
		b.settled(t, b.accept(t, s.crowd(fmt.Sprint("of", n), n)))
		mail, err := b.smtp.Messages()[i].Parse()
		must(t, err)
		if want := []int{10, 0}[i]; len(mail.Attachments) != want || strings.Count(mail.Text, "https://tickets.example.com/p/") != n {
			t.Errorf("%d passes: %d attachments in\n%s", n, len(mail.Attachments), mail.Text)
		}
	}
}

// failing is a rule that fails with the first event, beside others that do not.
const failing = `
- {name: before, on: shop.sold, template: coupon, deliver: [{email: ada@example.com}]}
- {name: ended, on: shop.sold, action: void}
- {name: wrong, on: shop.sold, template: concert, with: {holder: Ada Lovelace}}
- {name: after, on: shop.sold, template: member, with: {holder: Ada Lovelace}, deliver: [{email: ada@example.com}]}
`

func TestARulesErrorFailsTheEventAndKeepsNoVoidFromItsPasses(t *testing.T) {
	t.Parallel()
	const deliver = "with: {holder: Ada Lovelace}, deliver: "
	for name, tc := range map[string]struct{ wrong, want string }{
		"when":           {`template: concert, when: int(data.name) == 1, with: {holder: Ada Lovelace}`, "rule wrong: when: "},
		"for_each":       {`template: concert, for_each: data.name, with: {holder: Ada Lovelace}`, "rule wrong: for_each: "},
		"repeat":         {`template: concert, repeat: data.name, with: {holder: Ada Lovelace}`, "rule wrong: item 1: repeat: "},
		"with":           {`template: concert, with: {holder: "${{ int(data.name) }}"}`, "rule wrong: with: "},
		"an input":       {`template: concert, with: {holder: Ada Lovelace, number: "${{ data.name }}"}`, "rule wrong: with: number must be a number"},
		"template":       {`template: "${{ data.name }}", with: {holder: Ada Lovelace}`, `template: "sold" does not exist`},
		"rendering":      {`template: concert, with: {holder: nobody}`, "rule wrong, template concert: "},
		"no address":     {"template: concert, " + deliver + `[{email: "${{ data.email }}"}]`, "rule wrong: deliver: email: there is no address"},
		"no mail at all": {"template: concert, " + deliver + `[{email: "${{ data.name }}"}]`, "deliver: email: the address "},
		"an update":      {`action: update, with: {seat: "${{ int(data.name) }}"}`, "rule wrong: with: "},
		"its when":       {`action: update, when: int(data.name) == 1, with: {seat: A1}`, "rule wrong: when: "},
		"its template":   {`action: void, template: "${{ int(data.name) }}"`, "rule wrong: template: "},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := newShop(t, "", "- {name: first, on: shop.first, template: coupon}")
			there := b.accepted(t, false, s.event("first", 0, nil))[0]
			program, found := compile(t, strings.Replace(failing, "template: concert, with: {holder: Ada Lovelace}", tc.wrong, 1), b.keys)
			must(t, found.Err())
			b.engine.SetProgram(program)
			e, issued, d := b.settled(t, b.accept(t, s.event("sold", 1, nil)))
			if e.State != store.StateFailed || !strings.Contains(e.Note, tc.want) || len(issued)+len(d)+len(b.smtp.Messages()) != 0 {
				t.Errorf("%s, %s: %d passes, %d deliveries, %d mails", e.State, e.Note, len(issued), len(d), len(b.smtp.Messages()))
			}
			if p := b.only(t, there.ID); !slices.Equal(p.Void, []string{"rule ended"}) {
				t.Errorf("the pass of the order is void for %v", p.Void)
			}
			if log := b.log.String(); !strings.Contains(log, "passhook events replay "+e.ID) {
				t.Errorf("the log says\n%s", log)
			}
		})
	}
}

func TestAnEventThatFitsNoRuleIsInTheLog(t *testing.T) {
	b, s := newShop(t, "", "- {name: sold, on: shop.sold, when: data.name == 'other', template: coupon}")
	e := b.accepted(t, false, s.event("sold", 0, nil))[0]
	log := b.log.String()
	if e.State != store.StateUnmatched || !strings.Contains(log, "level=WARN") || !strings.Contains(log, "passhook events replay "+e.ID) {
		t.Errorf("%s, and the log says\n%s", e.State, log)
	}
}
