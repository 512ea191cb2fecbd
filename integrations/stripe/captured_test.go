package stripe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// A payment that is captured after the checkout pays its session, whatever the
// session's own event said.
func TestACapturedPaymentPaysItsSession(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(session map[string]any)
		types  string
		again  bool
	}{
		{"paid", nil, "stripe.charge.captured stripe.checkout.paid", false},
		{"not yet said to be paid", func(s map[string]any) { s["payment_status"] = "unpaid" }, "stripe.charge.captured", true},
		{"some future status", func(s map[string]any) { s["payment_status"] = "partially_paid" }, "stripe.charge.captured", false},
		{"of another payment", func(s map[string]any) { s["payment_intent"] = "pi_2" }, "stripe.charge.captured", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, _, _ := account(t, 1, func(session map[string]any, _ []map[string]any) {
				if tc.change != nil {
					tc.change(session)
				}
			})
			charge := map[string]any{"id": "ch_1", "object": "charge", "captured": true, "payment_intent": "pi_1"}
			e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: "evt_1", Type: "charge.captured", Created: now}, charge))
			if err != nil {
				t.Fatal(err)
			}
			done, err := client.Complete(t.Context(), e)
			if got := strings.Join(done.Names(), " "); got != tc.types || (err != nil) != tc.again || integrations.IsNever(err) || tc.again && integrations.RetryAfter(err) != time.Minute {
				t.Errorf("types %s, error %v", got, err)
			}
			if want := map[bool]string{true: "cs_test_1", false: "ch_1"}[done.Is(stripe.TypePaid)]; done.Object != want {
				t.Errorf("it is about %s, want %s", done.Object, want)
			}
		})
	}
}
