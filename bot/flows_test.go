package bot_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

const flowRules = `
- {name: concert, on: stripe.checkout.paid, when: 'data.mode == "payment"', template: concert,
   with: {holder: "${{ data.customer_details.name ?? \"Guest\" }}", seat: "${{ item.description }}"}, deliver: [{email: "${{ data.customer_details.email }}"}]}
- {name: member, on: stripe.checkout.paid, when: 'data.mode == "subscription"', for_each: null, repeat: "1", template: member,
   with: {holder: "${{ data.customer_details.name ?? \"Guest\" }}"}, deliver: [{email: "${{ data.customer_details.email }}"}]}
- {name: renewed, on: stripe.subscription.paid, action: update, template: member, with: {expires: "${{ date_add(data.period_end, '3 days') }}"}}
`

// What everything that happens at Stripe comes to: passes, voids, mails, and
// what a person must look at. testdata/flows has one file for each; the outcome
// is the same in whatever order the events come, twice and all at once.
func TestWhatHappensAtStripeComesToTheSameInAnyOrder(t *testing.T) {
	keys, err := signingKeys()
	must(t, err)
	program, found := compile(t, flowRules, keys)
	must(t, found.Err())
	versions := [][]standins.StripeFlow{standins.StripeFlows(standins.VersionAcacia), standins.StripeFlows(standins.VersionBasil)}
	for i, flow := range versions[0] {
		t.Run(flow.Name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "flows", flow.Name+".golden")
			first := outcome(t, program, flow, false)
			if *update {
				must(t, os.WriteFile(file, []byte(first), 0o600))
			}
			want, err := os.ReadFile(file)
			must(t, err)
			for how, got := range map[string]string{
				"in order": first, "in order, newer API": outcome(t, program, versions[1][i], false),
				"shuffled": outcome(t, program, flow, true), "shuffled, newer API": outcome(t, program, versions[1][i], true),
			} {
				if got != string(want) {
					t.Errorf("%s, got\n%swant\n%s", how, got, want)
				}
			}
		})
	}
}

// outcome lets a flow happen, after the sale that it is about.
func outcome(t *testing.T, program *bot.Program, flow standins.StripeFlow, shuffled bool) string {
	t.Helper()
	b := newBench(t, options{})
	b.engine.SetProgram(program)
	b.stripe.AddFlow(flow)
	api := httptest.NewServer(b.stripe)
	t.Cleanup(api.Close)
	c := stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: api.URL}
	b.engine.Sources["stripe"] = stripe.NewClient(c)
	bodies := append(sales(b, flow), flow.Events...)
	if shuffled {
		bodies = append(bodies, bodies...)
		rand.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	}
	var ids []string
	for _, body := range bodies {
		e, err := stripe.NewClient(c).Decode(body)
		must(t, err)
		id, _, err := b.engine.Accept(t.Context(), e)
		must(t, err)
		if !shuffled {
			b.work(t)
		}
		ids = append(ids, id)
	}
	b.work(t)
	return b.told(t, ids)
}

// sales are the events of the checkouts that a flow begins with, or of a
// membership where it begins with none.
func sales(b *bench, flow standins.StripeFlow) [][]byte {
	sessions := flow.Sessions()
	if len(sessions) == 0 {
		session, items := standins.Checkout(standins.CheckoutOptions{
			Seed: "member", Created: time.Now(), Email: "member@example.com", Name: "Ada Lovelace", Currency: "eur",
			Items: []standins.Item{{Name: "Membership", Quantity: 1, UnitAmount: 9900}},
		})
		session["mode"], session["subscription"], session["payment_intent"] = "subscription", "sub_1", nil
		b.stripe.AddSession(session, items)
		sessions = append(sessions, session)
	}
	var out [][]byte
	for i, session := range sessions {
		if session["payment_status"] == "unpaid" || slices.ContainsFunc(flow.Events, func(e []byte) bool { return strings.Contains(string(e), session["id"].(string)) }) { //nolint:forcetypeassert // our own
			continue
		}
		out = append(out, standins.Event(standins.EventOptions{ID: fmt.Sprintf("evt_sale%d", i), Type: completed, Created: time.Unix(0, 0)}, session))
	}
	return out
}

// told is what is there when all is settled.
func (b *bench) told(t *testing.T, ids []string) string {
	t.Helper()
	var lines []string
	add := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, id := range ids {
		e, _, deliveries := b.settled(t, id)
		if e.Attention != "" {
			add("look at: %s", e.Attention)
		}
		if e.State == store.StateFailed {
			add("failed: %s: %s", strings.Join(e.Names(), " "), e.Note)
		}
		for _, d := range deliveries {
			add("mail to %s: %d passes, %s", d.Recipient, len(d.Passes), d.State)
		}
	}
	found, err := b.store.FindPasses(t.Context(), store.Filter{})
	must(t, err)
	for _, p := range found {
		state := "valid"
		if len(p.Void) > 0 {
			state = "void: " + strings.Join(p.Void, " ")
		}
		add("pass %s %s %d %s, %s", p.Rule, p.Item, p.Unit, p.Inputs, state)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
