package stripe_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// account is a stand-in for Stripe's API with one session of n line items.
func account(t *testing.T, n int, change func(session map[string]any, items []map[string]any)) (*stripe.Client, *standins.Stripe, integrations.Event) {
	t.Helper()
	o := standins.CheckoutOptions{Seed: "1", Created: now, Email: "ada@example.com", Name: "Ada Lovelace", Currency: "eur", Metadata: map[string]string{"show": "session", "only": "session"}}
	for i := range n {
		o.Items = append(o.Items, standins.Item{Name: fmt.Sprintf("Seat %d", i+1), Quantity: 1, UnitAmount: 100})
	}
	session, items := standins.Checkout(o)
	if change != nil {
		change(session, items)
	}
	api := standins.NewStripe()
	api.AddSession(session, items)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	c := stripe.Config{WebhookSecrets: []string{secret}, APIKeys: []string{"rk_test_1"}, APIURL: server.URL}
	e, err := stripe.NewClient(c).Decode(standins.Event(standins.EventOptions{ID: "evt_1", Type: "checkout.session.completed", Created: now}, session))
	if err != nil {
		t.Fatal(err)
	}
	return stripe.NewClient(c), api, e
}

// completed is the event's data after Complete.
func completed(t *testing.T, c *stripe.Client, e integrations.Event) map[string]any {
	t.Helper()
	done, err := c.Complete(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	var data map[string]any
	if err := json.Unmarshal(done.Data, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAllLineItemsAreListed(t *testing.T) {
	for _, n := range []int{1, 100, 101, 250} {
		client, api, e := account(t, n, nil)
		items, _ := completed(t, client, e)["line_items"].([]any)
		if len(items) != n {
			t.Fatalf("%d line items, want %d", len(items), n)
		}
		last, _ := items[n-1].(map[string]any)
		product, _ := last["product"].(map[string]any)
		if want := fmt.Sprintf("Seat %d", n); last["description"] != want || product["name"] != want {
			t.Errorf("the last of %d is %v with product %v", n, last["description"], product)
		}
		if want := (n + 99) / 100; api.Requests() != want {
			t.Errorf("%d requests for %d line items, want %d", api.Requests(), n, want)
		}
	}
}

func TestNearerMetadataWins(t *testing.T) {
	client, _, e := account(t, 1, func(_ map[string]any, items []map[string]any) {
		price := items[0]["price"].(map[string]any)
		price["product"].(map[string]any)["metadata"] = map[string]any{"show": "product", "seat": "product", "row": "product"}
		price["metadata"] = map[string]any{"seat": "price", "row": "price"}
		items[0]["metadata"] = map[string]any{"row": "line item"}
	})
	items := completed(t, client, e)["line_items"].([]any)
	got := items[0].(map[string]any)["metadata"].(map[string]any)
	for k, want := range map[string]string{"only": "session", "show": "product", "seat": "price", "row": "line item"} {
		if got[k] != want {
			t.Errorf("%s is of the %v, want the %s", k, got[k], want)
		}
	}
}

func TestCustomFieldsAreAMapByKey(t *testing.T) {
	client, _, e := account(t, 1, func(session map[string]any, _ []map[string]any) {
		session["custom_fields"] = []any{
			map[string]any{"key": "name", "type": "text", "text": map[string]any{"value": "Ada"}},
			map[string]any{"key": "size", "type": "dropdown", "dropdown": map[string]any{"value": "xl"}},
			map[string]any{"key": "age", "type": "numeric", "numeric": nil},
		}
	})
	if got := fmt.Sprint(completed(t, client, e)["custom_fields"]); got != "map[age:<nil> name:Ada size:xl]" {
		t.Errorf("got %s", got)
	}
}

// What Stripe's answer means for the event: never again, again, or again after
// a while; and what it says is told.
func TestAnswersOfStripesAPI(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault standins.Fault
		never bool
		// service: it is wrong with Stripe or the key, whatever was asked.
		service bool
		after   time.Duration
		says    string
	}{
		{"500", standins.Fault{Status: 500, Message: "oops"}, false, true, 0, "stripe's API said 500: oops"},
		{"503", standins.Fault{Status: 503, Message: "busy"}, false, true, 0, "busy"},
		{"hangs up", standins.Fault{}, false, true, 0, "could not be reached"},
		{"429", standins.Fault{Status: 429, Message: "slow down"}, false, false, 10 * time.Second, "slow down"},
		{"409", standins.Fault{Status: 409, Message: "in use"}, false, false, 0, "in use"},
		{"401", standins.Fault{Status: 401, Message: "Invalid API Key"}, false, true, 0, "check stripe.api_keys"},
		{"403", standins.Fault{Status: 403, Message: "needs rak_checkout_session_read"}, false, false, 0, "rak_checkout_session_read"},
		{"another account", standins.Fault{Status: 403, Code: "account_invalid", Message: "no access"}, true, false, 0, "connected account"},
		{"404", standins.Fault{Status: 404, Message: "No such checkout.session"}, true, false, 0, "belong to the account"},
		{"400", standins.Fault{Status: 400, Message: "bad request"}, true, false, 0, "bad request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, api, e := account(t, 1, nil)
			api.Fail(func(*http.Request) *standins.Fault { return &tc.fault })
			_, err := client.Complete(t.Context(), e)
			if err == nil || integrations.IsNever(err) != tc.never || integrations.IsUnavailable(err) != tc.service || integrations.IsBlocked(err) != (tc.name == "403") || integrations.RetryAfter(err) != tc.after || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("never %t, the service's %t, after %s: %v", integrations.IsNever(err), integrations.IsUnavailable(err), integrations.RetryAfter(err), err)
			}
			if err != nil && strings.Contains(err.Error(), "rk_test_1") {
				t.Error("the key stands in the error")
			}
		})
	}
}

func TestOtherObjectsStayAsTheyAre(t *testing.T) {
	client, api, e := account(t, 1, nil)
	e.Data = json.RawMessage(`{"id":"ch_1","object":"charge"}`)
	if got, err := client.Complete(t.Context(), e); err != nil || string(got.Data) != string(e.Data) || api.Requests() != 0 {
		t.Errorf("%s %v", got.Data, err)
	}
}

// The sample that rules are checked against has the members that Complete
// makes, and no others than Stripe's.
func TestTypesHaveSamples(t *testing.T) {
	types, err := stripe.NewClient(stripe.Config{}).Types()
	if err != nil {
		t.Fatal(err)
	}
	paid := types[stripe.TypePaid]
	sample, _ := paid.Samples[0].(map[string]any)
	client, _, e := account(t, 1, nil)
	for k := range completed(t, client, e) {
		if _, ok := sample[k]; !ok {
			t.Errorf("the sample lacks %s", k)
		}
	}
	if paid.ForEach != "data.line_items" || paid.Repeat != "item.quantity" {
		t.Errorf("got %+v", paid)
	}
}

// Events that passhook makes to try a server out are about things that Stripe
// does not know, so Stripe is not asked.
func TestSampleEventsCarryEverything(t *testing.T) {
	subscription := map[string]any{"id": "sub_1", "object": "subscription", "status": "active", "items": map[string]any{"data": []any{map[string]any{"current_period_start": 1, "current_period_end": 2}}}}
	for _, tc := range []struct {
		eventType string
		object    map[string]any
		alias     string
		effects   int
	}{
		{"charge.refunded", map[string]any{"id": "ch_1", "object": "charge", "refunded": true, "payment_intent": "pi_1"}, stripe.TypeRefunded, 1},
		{"refund.failed", map[string]any{"id": "re_1", "object": "refund", "status": "failed", "charge": "ch_1", "payment_intent": "pi_1"}, "", 1},
		{"charge.dispute.created", map[string]any{"id": "dp_1", "object": "dispute", "status": "needs_response", "payment_intent": "pi_1"}, "", 1},
		{"invoice.paid", map[string]any{"id": "in_1", "object": "invoice", "billing_reason": "subscription_cycle", "subscription": subscription}, stripe.TypeSubscriptionPaid, 0},
		{"invoice.paid", map[string]any{"id": "in_1", "object": "invoice", "billing_reason": "subscription_cycle", "parent": map[string]any{"subscription_details": map[string]any{"subscription": subscription}}}, stripe.TypeSubscriptionPaid, 0},
		{"customer.subscription.deleted", subscription, stripe.TypeSubscriptionEnded, 1},
	} {
		t.Run(tc.eventType, func(t *testing.T) {
			client, api, _ := account(t, 1, nil)
			e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: stripe.SampleEventPrefix + "1", Type: tc.eventType, Created: now}, tc.object))
			if err != nil {
				t.Fatal(err)
			}
			done, err := client.Complete(t.Context(), e)
			if err != nil || api.Requests() != 0 || len(done.Effects) != tc.effects || !done.Is(cmp.Or(tc.alias, "stripe."+tc.eventType)) {
				t.Errorf("%v; %d requests; %+v", err, api.Requests(), done)
			}
			if strings.HasPrefix(tc.eventType, "invoice") && !strings.Contains(string(done.Data), `"period_end":2`) {
				t.Errorf("got %s", done.Data)
			}
		})
	}
}
