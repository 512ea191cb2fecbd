package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// Stripe makes no event at all, of nothing: the sales are issued, a refund and a
// dispute void, a renewal changes its pass, each once.
func TestNoSaleDependsOnAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", strings.Replace(string(b), "stripe: {", "stripe: {since: "+time.Now().AddDate(0, 0, -10).Format(time.DateOnly)+", ", 1)+`
  - {name: renewed, on: stripe.subscription.paid, action: update, template: concert, with: {holder: "paid until ${{ data.period_end }}"}}
`)
	ago := func(minutes int) int64 { return time.Now().Add(-time.Duration(minutes) * time.Minute).Unix() }
	w.bought("ada", 40*time.Minute, nil)
	w.bought("grace", 3*24*time.Hour, nil)
	w.bought("mary", 40*time.Minute, map[string]any{"mode": "subscription", "payment_intent": nil, "subscription": "sub_1"},
		map[string]any{"id": "sub_1", "object": "subscription", "status": "active", "current_period_start": 1, "current_period_end": 1900000000, "livemode": false})
	p := w.serve(t, 0)
	w.mails(t, 3)
	p.stop(t)

	w.stripe.Add(
		map[string]any{"id": "ch_ada", "object": "charge", "payment_intent": "pi_ada", "amount": 9900, "amount_refunded": 9900, "refunded": true, "currency": "eur", "livemode": false},
		map[string]any{"id": "re_ada", "object": "refund", "payment_intent": "pi_ada", "charge": "ch_ada", "amount": 9900, "status": "succeeded", "currency": "eur", "created": ago(30)},
		map[string]any{"id": "dp_grace", "object": "dispute", "payment_intent": "pi_grace", "charge": "ch_grace", "amount": 9900, "status": "needs_response", "currency": "eur", "created": ago(30), "livemode": false},
		map[string]any{"id": "in_1", "object": "invoice", "subscription": "sub_1", "billing_reason": "subscription_cycle", "status": "paid", "created": ago(30), "livemode": false})
	for range 2 { // a second start changes nothing
		p = w.serve(t, 0)
		var got string
		eventually(t, 20*time.Second, "each is told", func() bool {
			got = w.state(t)
			return got == "ada void refund\ngrace void dispute\nmary valid, paid until 1900000000"
		})
		p.stop(t)
	}
	if got := w.stored(t); got["done"] != 6 || len(got) != 1 {
		t.Errorf("stored: %v", got)
	}
	w.mails(t, 3)
}

// state is what became of each checkout's passes, which are alike, a line each.
func (w *world) state(t *testing.T) string {
	t.Helper()
	var lines []string
	for _, seed := range []string{"ada", "grace", "mary"} {
		out, told, code := w.says(t, "", "passes", "cs_test_"+seed, "--json")
		var passes []passDetail
		if err := json.Unmarshal([]byte(out), &passes); err != nil || code != 0 {
			t.Fatalf("exit %d: %v: %s", code, err, told)
		}
		line := ""
		for _, p := range passes {
			line = seed + " void " + strings.Join(p.Void, " ")
			if len(p.Void) == 0 {
				var inputs map[string]string
				_ = json.Unmarshal(p.Inputs, &inputs)
				line = fmt.Sprintf("%s valid, %s", seed, inputs["holder"])
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// What was captured later is told by an event about the charge. Its session,
// read afterwards, issues no second pass.
func TestACapturedSaleIsSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", strings.Replace(string(b), "stripe: {", "stripe: {since: "+time.Now().AddDate(0, 0, -10).Format(time.DateOnly)+", ", 1))
	p := w.serve(t, 0)
	w.bought("ada", time.Hour, nil)
	captured := standins.Event(standins.EventOptions{ID: "evt_1", Type: "charge.captured", Created: time.Now()},
		map[string]any{"id": "ch_1", "object": "charge", "payment_intent": "pi_ada", "amount": 9900, "captured": true, "livemode": false})
	if _, err := w.send(t.Context(), p.url, captured); err != nil {
		t.Fatal(err)
	}
	w.mails(t, 1)
	p.stop(t)
	w.serve(t, 0)
	eventually(t, 20*time.Second, "the session is read", func() bool { return w.stored(t)["done"] == 2 })
	w.mails(t, 1)
}
