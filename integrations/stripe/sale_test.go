package stripe_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// A refund voids what the event itself names, also where Stripe does not say
// what else was paid with it. What may pass is waited for.
func TestARefundDoesNotWaitForAPermission(t *testing.T) {
	refunded := map[string]any{"id": "ch_1", "object": "charge", "refunded": true, "amount": 9900, "amount_refunded": 9900, "currency": "eur", "payment_intent": "pi_1"}
	failed := map[string]any{"id": "re_1", "object": "refund", "status": "failed", "charge": "ch_1", "amount": 9900, "currency": "eur", "payment_intent": "pi_1"}
	for _, tc := range []struct {
		name   string
		fault  standins.Fault
		object map[string]any
		waits  bool
		told   string
	}{
		{"charge.refunded", standins.Fault{Status: http.StatusForbidden, Message: "needs rak_checkout_session_read"}, refunded, false, "needs rak_checkout_session_read"},
		{"charge.refunded", standins.Fault{Status: http.StatusNotFound, Message: "No such payment_intent"}, refunded, false, ""},
		{"charge.refunded", standins.Fault{Status: http.StatusInternalServerError}, refunded, true, ""},
		{"refund.failed", standins.Fault{Status: http.StatusForbidden, Message: "needs rak_charge_read"}, failed, false, "needs rak_charge_read"},
		{"refund.failed", standins.Fault{Status: http.StatusTooManyRequests}, failed, true, ""},
	} {
		t.Run(tc.name+" "+http.StatusText(tc.fault.Status), func(t *testing.T) {
			client, api, _ := account(t, 1, nil)
			e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: "evt_1", Type: tc.name, Created: now}, tc.object))
			if err != nil {
				t.Fatal(err)
			}
			api.Fail(func(*http.Request) *standins.Fault { return &tc.fault })
			done, err := client.Complete(t.Context(), e)
			if (err != nil) != tc.waits {
				t.Fatal(err)
			}
			if !tc.waits && (len(done.Effects) != 1 || !slices.Contains(done.Effects[0].Refs, "pi_1")) || !strings.Contains(done.Attention, tc.told) {
				t.Errorf("got %+v, %q", done.Effects, done.Attention)
			}
		})
	}
}

// A renewal whose subscription is gone says until when it paid by itself.
func TestARenewalOfASubscriptionThatIsGone(t *testing.T) {
	client, _, _ := account(t, 1, nil)
	invoice := map[string]any{
		"id": "in_1", "object": "invoice", "billing_reason": "subscription_cycle", "subscription": "sub_gone",
		"lines": map[string]any{"data": []any{map[string]any{"period": map[string]any{"start": 1, "end": 2}}}},
	}
	e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: "evt_1", Type: "invoice.paid", Created: now}, invoice))
	if err != nil {
		t.Fatal(err)
	}
	if data := completed(t, client, e); data["id"] != "sub_gone" || data["period_end"] != 2.0 {
		t.Errorf("got %v until %v", data["id"], data["period_end"])
	}
}

// event is one about an object, decoded.
func eventAbout(t *testing.T, eventType string, object map[string]any) integrations.Event {
	t.Helper()
	e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: "evt_1", Type: eventType, Created: now}, object))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// While Stripe does not say whether the charge is refunded in spite of the
// refund that failed, no pass becomes valid again.
func TestAFailedRefundWaitsForItsCharge(t *testing.T) {
	client, api, _ := account(t, 1, nil)
	api.Fail(func(r *http.Request) *standins.Fault {
		if strings.HasPrefix(r.URL.Path, "/v1/charges/") {
			return &standins.Fault{Status: http.StatusServiceUnavailable}
		}
		return nil
	})
	e := eventAbout(t, "refund.failed", map[string]any{"id": "re_1", "object": "refund", "status": "failed", "charge": "ch_1", "amount": 9900, "currency": "eur", "payment_intent": "pi_1"})
	if _, err := client.Complete(t.Context(), e); err == nil || integrations.IsNever(err) {
		t.Errorf("got %v", err)
	}
}

// Only one that is good again gets its passes back.
func TestASubscriptionThatStripeStillTriesToCollectStaysEnded(t *testing.T) {
	for status, lifts := range map[string]bool{"active": true, "trialing": true, "past_due": false, "paused": false, "incomplete": false} {
		client, _, _ := account(t, 1, nil)
		e := eventAbout(t, "customer.subscription.updated", map[string]any{"id": "sub_1", "object": "subscription", "status": status, "previous_attributes": map[string]any{"status": "unpaid"}})
		done, err := client.Complete(t.Context(), e)
		if err != nil || (len(done.Effects) > 0) != lifts {
			t.Errorf("%s: %+v, %v", status, done.Effects, err)
		}
	}
}

func TestAmountsAreToldInTheirCurrency(t *testing.T) {
	for _, tc := range []struct {
		amount   int
		currency string
		want     string
	}{
		{0, "eur", "0.00 EUR"}, {5, "eur", "0.05 EUR"}, {50, "eur", "0.50 EUR"}, {4950, "eur", "49.50 EUR"},
		{7, "jpy", "7 JPY"}, {5, "kwd", "0.005 KWD"}, {7, "", "7 (in the currency's smallest unit)"},
	} {
		e := eventAbout(t, "refund.failed", map[string]any{"id": "re_1", "object": "refund", "status": "failed", "amount": tc.amount, "currency": tc.currency, "payment_intent": "pi_1"})
		client, _, _ := account(t, 1, nil)
		if done, err := client.Complete(t.Context(), e); err != nil || !strings.Contains(done.Attention, "a refund of "+tc.want) {
			t.Errorf("%d %s: %q, %v", tc.amount, tc.currency, done.Attention, err)
		}
	}
}
