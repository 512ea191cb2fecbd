package standins_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// ask sends a request to the API with a key and gives its answer.
func ask(t *testing.T, api http.Handler, method, target, key, form string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s %s: %s", method, target, w.Body)
	}
	return w.Code, body
}

// listed is the ids in a list's page.
func listed(body map[string]any) string {
	var ids []string
	data, _ := body["data"].([]any)
	for _, o := range data {
		ids = append(ids, fmt.Sprint(o.(map[string]any)["id"]))
	}
	return strings.Join(ids, " ")
}

func TestStripeLists(t *testing.T) {
	api := standins.NewStripe()
	for i := range 5 {
		kind := []string{"invoice.paid", "charge.refunded"}[i%2]
		body := standins.Event(standins.EventOptions{ID: fmt.Sprintf("evt_%d", i), Type: kind, Created: time.Unix(int64(1000+i), 0), Live: i != 4}, map[string]any{"id": "x", "object": "charge"})
		if err := api.AddEvent(body); err != nil {
			t.Fatal(err)
		}
	}
	api.Add(map[string]any{"id": "inpay_1", "object": "invoice_payment", "payment": map[string]any{"type": "payment_intent", "payment_intent": "pi_1"}})
	for _, tc := range []struct {
		path, query, want string
		more              bool
	}{
		{"events", "", "evt_3 evt_2 evt_1 evt_0", false},
		{"events", "limit=2", "evt_3 evt_2", true},
		{"events", "limit=2&starting_after=evt_2", "evt_1 evt_0", false},
		{"events", "limit=2&ending_before=evt_0", "evt_2 evt_1", true},
		{"events", "limit=2&ending_before=evt_2", "evt_3", false},
		{"events", "types[]=charge.refunded", "evt_3 evt_1", false},
		{"events", "types[]=charge.refunded&types[]=invoice.paid&created[gte]=1002", "evt_3 evt_2", false},
		{"events", "created[gte]=1002&ending_before=evt_0", "evt_3 evt_2", false},
		{"events", "type=invoice.paid&created[lt]=1002", "evt_0", false},
		{"invoice_payments", "payment[type]=payment_intent&payment[payment_intent]=pi_1", "inpay_1", false},
		{"invoice_payments", "payment[payment_intent]=pi_2", "", false},
	} {
		code, body := ask(t, api, http.MethodGet, "/v1/"+tc.path+"?"+tc.query, "rk_live_1", "")
		if code != http.StatusOK || listed(body) != tc.want || body["has_more"] != tc.more {
			t.Errorf("%s?%s: %d %q, more %v", tc.path, tc.query, code, listed(body), body["has_more"])
		}
	}
}

func TestStripeRefuses(t *testing.T) {
	api := standins.NewStripe()
	api.Add(map[string]any{"id": "ch_live", "object": "charge", "livemode": true})
	for _, tc := range []struct {
		name, target, key, says string
		want                    int
	}{
		{"a key of the other mode", "/v1/charges/ch_live", "rk_test_1", "No such charge", 404},
		{"no key", "/v1/charges/ch_live", "pk_live_1", "Invalid API Key", 401},
		{"an unknown cursor", "/v1/events?ending_before=evt_gone", "rk_live_1", "No such event", 400},
		{"too many types", "/v1/events?" + url.Values{"types[]": make([]string, 21)}.Encode(), "rk_live_1", "at most 20", 400},
		{"an unknown path", "/v1/nothing", "rk_live_1", "Unrecognized request URL", 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, body := ask(t, api, http.MethodGet, tc.target, tc.key, "")
			if message := fmt.Sprint(body["error"]); code != tc.want || !strings.Contains(message, tc.says) {
				t.Errorf("got %d %s", code, message)
			}
		})
	}
}

func TestStripeKeepsWebhookEndpoints(t *testing.T) {
	api := standins.NewStripe()
	_, made := ask(t, api, http.MethodPost, "/v1/webhook_endpoints", "sk_test_1", "url=https%3A%2F%2Fexample.com&enabled_events[0]=invoice.paid&enabled_events[1]=charge.refunded&metadata[by]=passhook")
	if made["id"] != "we_1" || !strings.HasPrefix(fmt.Sprint(made["secret"]), "whsec_") || made["livemode"] != false || fmt.Sprint(made["enabled_events"]) != "[invoice.paid charge.refunded]" || fmt.Sprint(made["metadata"]) != "map[by:passhook]" {
		t.Errorf("made %v", made)
	}
	_, changed := ask(t, api, http.MethodPost, "/v1/webhook_endpoints/we_1", "sk_test_1", "enabled_events[]=invoice.paid&disabled=true")
	if fmt.Sprint(changed["enabled_events"]) != "[invoice.paid]" || changed["disabled"] != true || changed["url"] != "https://example.com" || changed["secret"] != nil {
		t.Errorf("changed %v", changed)
	}
	if _, list := ask(t, api, http.MethodGet, "/v1/webhook_endpoints", "sk_test_1", ""); listed(list) != "we_1" {
		t.Errorf("lists %v", list)
	}
	if code, _ := ask(t, api, http.MethodPost, "/v1/webhook_endpoints/we_2", "sk_test_1", "url=x"); code != http.StatusNotFound {
		t.Errorf("an unknown endpoint: %d", code)
	}
	if _, account := ask(t, api, http.MethodGet, "/v1/account", "sk_test_1", ""); account["object"] != "account" {
		t.Errorf("account %v", account)
	}
}
