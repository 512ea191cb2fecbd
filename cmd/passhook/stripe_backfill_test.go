package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// bought adds a checkout of the past, with what else is known of it, and gives
// its session's id.
func (w *world) bought(seed string, ago time.Duration, members map[string]any, known ...map[string]any) string {
	session, items := standins.Checkout(sampleCheckout(seed, time.Now().Add(-ago), false, seed+"@example.com"))
	maps.Copy(session, members)
	w.stripe.AddSession(session, items)
	w.stripe.Add(known...)
	return "cs_test_" + seed
}

// append adds text to a file of the project.
func (w *world) append(t testing.TB, name, text string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, name, string(b)+text)
}

// backfill runs the verb and gives its list, a line for each sale, sorted.
func (w *world) backfill(t testing.TB, args ...string) string {
	t.Helper()
	out, told, code := w.says(t, "", append([]string{"stripe", "backfill", "--json"}, args...)...)
	var list []stripe.Planned
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	var lines []string
	for _, one := range list {
		note, _, _ := strings.Cut(one.SkipReason, ";")
		lines = append(lines, strings.TrimSpace(fmt.Sprint(one.Object, " ", one.Passes, " ", one.To, " ", note)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestBackfillIssuesOnceToWhoBoughtBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	const week = 7 * 24 * time.Hour
	charge := func(seed, fact string) map[string]any {
		return map[string]any{"id": "ch_" + seed, "object": "charge", "payment_intent": "pi_" + seed, "livemode": false, fact: true}
	}
	w.bought("ada", week, nil, charge("ada", "paid"))
	w.bought("free", week, map[string]any{"payment_status": "no_payment_required", "payment_intent": nil})
	w.bought("unpaid", week, map[string]any{"payment_status": "unpaid"})
	w.bought("open", week, map[string]any{"status": "open", "payment_status": "unpaid"})
	w.bought("refunded", week, nil, charge("refunded", "refunded"))
	w.bought("disputed", week, nil, charge("disputed", "disputed"))
	w.bought("longago", 10*week, nil)
	w.bought("left", week, map[string]any{"mode": "subscription", "payment_intent": nil, "subscription": "sub_left"},
		map[string]any{"id": "sub_left", "object": "subscription", "status": "canceled", "livemode": false})
	w.bought("nowhere", week, map[string]any{"customer_details": map[string]any{"name": "Ada Lovelace", "email": nil}})

	p := w.serve(t, 0)
	if _, err := w.send(t.Context(), p.url, w.checkout("told", 2)); err != nil {
		t.Fatal(err)
	}
	w.mails(t, 1)

	const want = `cs_test_ada 2 [ada@example.com]
cs_test_disputed 0 [] its payment is disputed, or was
cs_test_free 2 [free@example.com]
cs_test_left 0 [] its subscription is canceled
cs_test_nowhere 0 [] rule concert, item li_nowhere_1, unit 1: deliver: email: there is no address
cs_test_refunded 0 [] it was refunded
cs_test_told 0 [] it has its passes`
	if all, code := w.verb(t, "stripe", "backfill", "--rule", "concert", "--dry-run"); code != 0 || !strings.Contains(all, "say how far back: --since") {
		t.Errorf("without --since: exit %d: %s", code, all)
	}
	if got := w.backfill(t, "--rule", "concert", "--since", "30d", "--dry-run"); got != want {
		t.Errorf("a dry run:\n%s", got)
	}
	w.mails(t, 1)
	out, told, code := w.says(t, "", "stripe", "backfill", "--rule", "concert", "--since", "30d")
	if code != 0 || !strings.Contains(told, "2 sales with 4 passes are queued") || !strings.Contains(out, "cs_test_refunded  0") {
		t.Errorf("exit %d\n%s%s", code, out, told)
	}
	w.mails(t, 3)
	again := strings.NewReplacer("cs_test_ada 2 [ada@example.com]", "cs_test_ada 0 [] it has its passes", "cs_test_free 2 [free@example.com]", "cs_test_free 0 [] it has its passes").Replace(want)
	if got := w.backfill(t, "--rule", "concert", "--since", "30d"); got != again {
		t.Errorf("again:\n%s", got)
	}
	// The event that Stripe sends after all issues nothing either.
	session, _ := standins.Checkout(sampleCheckout("ada", time.Now().Add(-week), false, "ada@example.com"))
	id, err := w.send(t.Context(), p.url, standins.Event(standins.EventOptions{ID: "evt_ada", Type: "checkout.session.completed", Created: time.Now()}, session))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the event is done", func() bool {
		out, _ := w.verb(t, "events", id)
		return strings.Contains(out, "done")
	})
	w.mails(t, 3)
}

const memberRules = `  - name: member
    on: stripe.subscription.paid
    template: concert
    with: {holder: "${{ data.invoice.customer_name }}"}
    deliver: [{email: "${{ data.invoice.customer_email }}"}]
  - name: other
    on: stripe.refunded
    template: concert
    with: {holder: Ada}
    deliver: [{email: ada@example.com}]
  - name: renewed
    on: stripe.subscription.paid
    action: update
    template: concert
    with: {number: renewed}
`

func TestBackfillIssuesToMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.append(t, "passhook.yaml", memberRules)
	member := func(n int, status, invoice, reason string) map[string]any {
		return map[string]any{
			"id": fmt.Sprint("sub_", n), "object": "subscription", "status": status, "livemode": false, "current_period_end": time.Now().Unix(),
			"latest_invoice": map[string]any{
				"id": fmt.Sprint("in_", n), "object": "invoice", "status": invoice, "billing_reason": reason, "subscription": fmt.Sprint("sub_", n), "created": time.Now().Unix(),
				"customer_name": "Ada Lovelace", "customer_email": fmt.Sprintf("member%d@example.com", n),
			},
		}
	}
	w.stripe.Add(member(1, "active", "paid", "subscription_cycle"), member(2, "past_due", "open", "subscription_cycle"), member(3, "unpaid", "open", "subscription_cycle"), member(4, "trialing", "paid", "manual"))
	p := w.serve(t, 0)
	const others = "\nin_4 0 [] its last invoice pays for no period\nsub_2 0 [] its last invoice is not paid"
	if got, want := w.backfill(t, "--rule", "member"), "in_1 1 [member1@example.com]"+others; got != want {
		t.Errorf("got\n%s", got)
	}
	w.mails(t, 1)
	// The next month has an invoice of its own, and needs no other pass.
	next := member(1, "active", "paid", "subscription_cycle")
	next["latest_invoice"].(map[string]any)["id"] = "in_0" //nolint:forcetypeassert // our own
	w.stripe.Add(next)
	if got, want := w.backfill(t, "--rule", "member"), "in_0 0 [] it has its passes"+others; got != want {
		t.Errorf("a month later\n%s", got)
	}
	p.stop(t)
}

func TestBackfillRefuses(t *testing.T) {
	t.Parallel()
	w := started(t)
	w.append(t, "passhook.yaml", memberRules)
	for _, tc := range []struct{ args, says string }{
		{"--rule concert", "--since is missing"},
		{"--rule nobody", "there is no rule nobody"},
		{"--rule other", "neither on stripe.checkout.paid nor on stripe.subscription.paid"},
		{"--rule renewed", "does not issue passes; its action is update"},
		{"--rule concert --since soon", "write 30d"},
		{"", "missing flags: --rule"},
	} {
		_, told, code := w.says(t, "", append([]string{"stripe", "backfill"}, strings.Fields(tc.args)...)...)
		if code != exitWrongUse || !strings.Contains(told, tc.says) {
			t.Errorf("%s: exit %d: %s", tc.args, code, told)
		}
	}
}
