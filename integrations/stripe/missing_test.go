package stripe_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// An hour before the look, and objects made then.
var (
	hourAgo = lookNow.Add(-time.Hour)
	charge  = map[string]any{"id": "ch_1", "object": "charge", "amount": 9900, "currency": "eur", "payment_intent": "pi_1", "created": hourAgo.Unix(), "livemode": false}
	refund  = map[string]any{"id": "re_1", "object": "refund", "amount": 4950, "currency": "eur", "payment_intent": "pi_1", "charge": "ch_1", "status": "succeeded", "created": hourAgo.Unix()}
	dispute = map[string]any{"id": "dp_1", "object": "dispute", "amount": 9900, "currency": "eur", "payment_intent": "pi_1", "charge": "ch_1", "status": "needs_response", "created": hourAgo.Unix()}
	invoice = map[string]any{
		"id": "in_1", "object": "invoice", "status": "paid", "billing_reason": "subscription_cycle", "created": hourAgo.Unix(),
		"subscription": "sub_1", "status_transitions": map[string]any{"paid_at": hourAgo.Add(time.Minute).Unix()},
	}
)

// with is an object with other members.
func with(o map[string]any, members map[string]any) map[string]any {
	o = maps.Clone(o)
	maps.Copy(o, members)
	return o
}

// sold adds a paid session, made at a time.
func (l *look) sold(seed string, at time.Time, members map[string]any) {
	session, items := standins.Checkout(standins.CheckoutOptions{Seed: seed, Created: at, Email: "ada@example.com", Currency: "eur", Items: []standins.Item{{Name: "Concert", Quantity: 1, UnitAmount: 4950}}})
	l.api.AddSession(with(session, members), items)
}

// brought are the ids and types of what one look lets in, a line each.
func (l *look) brought(t *testing.T) string {
	t.Helper()
	had := len(l.fresh)
	l.again(t)
	var b strings.Builder
	for _, e := range l.fresh[had:] {
		b.WriteString(e.ExternalID + " " + strings.Join(e.Names(), " ") + "\n")
	}
	return strings.TrimSpace(b.String())
}

// Stripe may fail to make an event at all; then the object itself says what
// happened, once.
func TestWhatNoEventToldIsReadFromTheObject(t *testing.T) {
	for _, tc := range []struct {
		name    string
		objects []map[string]any
		want    string
	}{
		{"nothing happened", []map[string]any{charge}, ""},
		{"all refunded", []map[string]any{with(charge, map[string]any{"refunded": true, "amount_refunded": 9900}), refund}, "reconciled:re_1:refunded stripe.charge.refunded stripe.refunded"},
		{"a part refunded", []map[string]any{with(charge, map[string]any{"amount_refunded": 4950}), refund}, "reconciled:re_1:refunded stripe.charge.refunded"},
		{"refund that failed", []map[string]any{charge, with(refund, map[string]any{"status": "failed"})}, "reconciled:re_1:failed stripe.refund.failed"},
		{"refund that was cancelled", []map[string]any{charge, with(refund, map[string]any{"status": "canceled"})}, "reconciled:re_1:canceled stripe.refund.updated"},
		{"refund without a charge", []map[string]any{with(refund, map[string]any{"charge": nil})}, "reconciled:re_1:created stripe.refund.created"},
		{"disputed", []map[string]any{dispute}, "reconciled:dp_1:created stripe.charge.dispute.created"},
		{"won", []map[string]any{with(dispute, map[string]any{"status": "won"})}, "reconciled:dp_1:created stripe.charge.dispute.created\nreconciled:dp_1:closed stripe.charge.dispute.closed"},
		{"renewed", []map[string]any{invoice}, "reconciled:in_1:paid stripe.invoice.paid stripe.subscription.paid"},
		{"not paid", []map[string]any{with(invoice, map[string]any{"status": "open"})}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
			l.from(t, hourAgo.Add(-time.Hour))
			l.api.Add(tc.objects...)
			if got := l.brought(t); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if got := l.brought(t); got != "" {
				t.Errorf("again: %s", got)
			}
		})
	}
}

func TestASaleThatNoEventToldIsReadFromItsSession(t *testing.T) {
	for _, tc := range []struct {
		name    string
		ago     time.Duration
		members map[string]any
		want    string
	}{
		{"paid", time.Hour, nil, "reconciled:cs_test_1:paid stripe.checkout.session.completed stripe.checkout.paid"},
		{"free", time.Hour, map[string]any{"payment_status": "no_payment_required"}, "reconciled:cs_test_1:paid stripe.checkout.session.completed stripe.checkout.paid"},
		{"unpaid", time.Hour, map[string]any{"payment_status": "unpaid"}, ""},
		{"a saved card", time.Hour, map[string]any{"mode": "setup", "payment_status": "no_payment_required"}, ""},
		{"open", time.Hour, map[string]any{"status": "open", "payment_status": "unpaid"}, ""},
		{"before the first start", 3 * time.Hour, nil, ""},
		{"a moment ago, so that its event is on its way", time.Minute, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
			l.from(t, lookNow.Add(-2*time.Hour))
			l.sold("1", lookNow.Add(-tc.ago), tc.members)
			if got := l.brought(t); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// What an event told already is not told again, whatever its id.
func TestWhatAnEventToldIsNotMadeAgain(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-2*time.Hour))
	l.sold("1", hourAgo, nil)
	refunded := with(charge, map[string]any{"refunded": true, "amount_refunded": 9900})
	l.api.Add(refunded, refund, dispute, invoice)
	session, _ := standins.Checkout(standins.CheckoutOptions{Seed: "1", Created: hourAgo, Currency: "eur"})
	for id, e := range map[string]struct {
		eventType string
		object    map[string]any
	}{
		"evt_1": {"checkout.session.completed", session}, "evt_2": {"charge.refunded", refunded},
		"evt_3": {"charge.dispute.created", dispute}, "evt_4": {"invoice.paid", invoice},
	} {
		if err := l.api.AddEvent(standins.Event(standins.EventOptions{ID: id, Type: e.eventType, Created: hourAgo}, e.object)); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.brought(t); strings.Count(got, "\n") != 3 || strings.Contains(got, "reconciled") {
		t.Errorf("got\n%s", got)
	}
}

// A second part of a charge is told by an event about the charge; that there is
// one about the first part does not hide it.
func TestASecondPartOfARefundIsMissed(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-2*time.Hour))
	l.api.Add(with(charge, map[string]any{"amount_refunded": 4950}), refund)
	l.brought(t)
	l.api.Add(with(charge, map[string]any{"amount_refunded": 9000}), with(refund, map[string]any{"id": "re_2", "amount": 4050}))
	if got := l.brought(t); got != "reconciled:re_2:refunded stripe.charge.refunded" {
		t.Errorf("another part: %s", got)
	}
	l.api.Add(with(charge, map[string]any{"amount_refunded": 9900, "refunded": true}), with(refund, map[string]any{"id": "re_3", "amount": 900}))
	if got := l.brought(t); !strings.Contains(got, "stripe.refunded") {
		t.Errorf("the rest: %s", got)
	}
}

// An organization's thin event names the account, which the keys' own list does
// not: a second event would issue a second pass.
func TestASaleIsKnownWhicheverAccountItsEventNames(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-2*time.Hour))
	l.sold("1", hourAgo, nil)
	e, err := stripe.Receive(l.config, standins.ThinEvent(standins.ThinOptions{
		ID: "evt_1", Type: "v1.checkout.session.completed", Created: hourAgo, Context: "org_1/acct_1", Object: "cs_test_1", Kind: "checkout.session",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Accept(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := l.brought(t); got != "" {
		t.Errorf("got %s", got)
	}
}

// A part is told by an event about the charge and one about the refund.
func TestAPartIsKnownByTwoEvents(t *testing.T) {
	part := with(charge, map[string]any{"amount_refunded": 4950})
	for _, tc := range []struct {
		events []string
		want   bool
	}{{nil, true}, {[]string{"charge.refunded"}, true}, {[]string{"refund.created"}, true}, {[]string{"charge.refunded", "refund.created"}, false}} {
		l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
		l.from(t, lookNow.Add(-2*time.Hour))
		l.api.Add(part, refund)
		for _, eventType := range tc.events {
			about := map[string]map[string]any{"charge.refunded": part, "refund.created": refund}[eventType]
			if err := l.api.AddEvent(standins.Event(standins.EventOptions{ID: "evt_" + eventType, Type: eventType, Created: hourAgo}, about)); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.brought(t); strings.Contains(got, "reconciled:re_1:refunded") != tc.want {
			t.Errorf("%v: got\n%s", tc.events, got)
		}
	}
}

func TestAnEarlierSinceReadsObjectsAnew(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-24*time.Hour))
	l.sold("1", lookNow.Add(-5*24*time.Hour), nil)
	if got := l.brought(t); got != "" {
		t.Errorf("got %s", got)
	}
	l.from(t, lookNow.Add(-10*24*time.Hour))
	if got := l.brought(t); !strings.HasPrefix(got, "reconciled:cs_test_1:paid") {
		t.Errorf("got %q", got)
	}
}

// A bank transfer arrives days later, and a dispute is judged after months. A
// look at what is new does not see that, one at everything does, once a day.
func TestWhatChangesLateIsFoundWithinADay(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-100*24*time.Hour))
	l.sold("1", lookNow.Add(-5*24*time.Hour), map[string]any{"payment_status": "unpaid"})
	l.api.Add(with(dispute, map[string]any{"created": lookNow.Add(-60 * 24 * time.Hour).Unix()}))
	if got := l.brought(t); got != "reconciled:dp_1:created stripe.charge.dispute.created" {
		t.Fatalf("the first look: %s", got)
	}
	l.sold("1", lookNow.Add(-5*24*time.Hour), nil)
	l.api.Add(with(dispute, map[string]any{"status": "lost", "created": lookNow.Add(-60 * 24 * time.Hour).Unix()}))
	l.now = l.now.Add(5 * time.Minute)
	if got := l.brought(t); got != "" {
		t.Errorf("a look at what is new: %s", got)
	}
	l.now = l.now.Add(24 * time.Hour)
	if got := l.brought(t); !strings.Contains(got, "reconciled:cs_test_1:paid") || !strings.Contains(got, "reconciled:dp_1:closed") {
		t.Errorf("a day later: %s", got)
	}
}

// Stripe says when it could not make events; then all is looked at, at once.
func TestStripesWordOfAFailureStartsALook(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-10*24*time.Hour))
	l.brought(t)
	l.sold("1", lookNow.Add(-5*24*time.Hour), nil)
	e, err := stripe.Receive(l.config, standins.ThinEvent(standins.ThinOptions{ID: "evt_health", Type: "v2.core.health.event_generation_failure.resolved", Created: lookNow}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // Stripe repeats it
		if _, _, err := l.Accept(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-l.Wake():
	default:
		t.Error("no look is due")
	}
	if len(l.Wake()) > 0 {
		t.Error("a second look is due")
	}
	if got := l.brought(t); !strings.HasPrefix(got, "reconciled:cs_test_1:paid") {
		t.Errorf("the look brought %s", got)
	}
}

// One list that the key may not read keeps nothing else from being read.
func TestAListThatIsForbiddenHoldsUpNoOther(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-2*time.Hour))
	l.api.Add(dispute)
	l.sold("1", hourAgo, nil)
	l.api.Fail(func(r *http.Request) *standins.Fault {
		if r.URL.Path == "/v1/checkout/sessions" || r.URL.Path == "/v1/events" {
			return &standins.Fault{Status: http.StatusForbidden, Message: "needs a permission"}
		}
		return nil
	})
	if got := l.brought(t); got != "reconciled:dp_1:created stripe.charge.dispute.created" {
		t.Errorf("got %s", got)
	}
	l.api.Fail(nil)
	l.now = l.now.Add(10 * time.Hour) // and nothing is skipped
	if got := l.brought(t); !strings.HasPrefix(got, "reconciled:cs_test_1:paid") {
		t.Errorf("afterwards %s", got)
	}
}

// What cannot be read is stored, and fails when it is worked on, so that a
// person is told; what is behind it is read all the same.
func TestWhatCannotBeReadIsKept(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-2*time.Hour))
	if err := l.api.AddEvent(standins.Event(standins.EventOptions{ID: "evt_bad", Type: "charge.refunded", Created: hourAgo}, map[string]any{"id": "ch_1", "object": "charge", "description": "a\x00b"})); err != nil {
		t.Fatal(err)
	}
	l.happens(t, "evt_good", hourAgo.Add(time.Minute), false)
	l.sold("1", hourAgo, map[string]any{"metadata": map[string]any{"show": "\x00"}})
	l.api.Add(map[string]any{"id": 7, "object": "dispute", "created": hourAgo.Unix()})
	got := l.brought(t)
	for _, want := range []string{"evt_bad stripe.unreadable", "evt_good stripe.charge.refunded", "reconciled:cs_test_1:paid stripe.unreadable", "unreadable:"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	for _, e := range l.fresh {
		if e.Type != "stripe.unreadable" {
			continue
		}
		if _, err := stripe.NewClient(l.config).Complete(t.Context(), e); !e.Wanted || e.Ignore != "" || !integrations.IsNever(err) || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %v", e.ExternalID, err)
		}
	}
	if err := l.api.AddEvent(standins.Event(standins.EventOptions{ID: "evt 1", Type: "charge.refunded", Created: hourAgo}, map[string]any{"id": "ch_1"})); err != nil {
		t.Fatal(err)
	}
	l.brought(t)
	if fresh, requests := l.again(t); fresh != 0 || requests != 1 {
		t.Errorf("again: %d in %d requests", fresh, requests)
	}
}
