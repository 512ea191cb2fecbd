package stripe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// flow is the flow of that name, in the shapes of today.
func flow(t *testing.T, name string) standins.StripeFlow {
	t.Helper()
	flows := standins.StripeFlows(standins.VersionBasil)
	i := slices.IndexFunc(flows, func(f standins.StripeFlow) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no flow %s", name)
	}
	return flows[i]
}

// Every request has the version that the code is written for, and names the
// connected account that the event is of.
func TestRequestsNameVersionAndAccount(t *testing.T) {
	for name, account := range map[string]string{"checkout-paid": "", "checkout-connect": "acct_1", "thin-checkout": "acct_1"} {
		t.Run(name, func(t *testing.T) {
			f := flow(t, name)
			api := standins.NewStripe()
			api.AddFlow(f)
			var wrong []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Stripe-Version") != stripe.APIVersion || r.Header.Get("Stripe-Account") != account {
					wrong = append(wrong, r.URL.Path+" "+r.Header.Get("Stripe-Version")+" "+r.Header.Get("Stripe-Account"))
				}
				api.ServeHTTP(w, r)
			}))
			defer server.Close()
			c := stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: server.URL}
			e, err := stripe.NewClient(c).Decode(f.Events[len(f.Events)-1])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stripe.NewClient(c).Complete(t.Context(), e); err != nil || len(wrong) > 0 || api.Requests() == 0 {
				t.Errorf("%v; requests %v", err, wrong)
			}
		})
	}
}

func TestTheKeyFitsTheEventsMode(t *testing.T) {
	f := flow(t, "checkout-paid")
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error","message":"No such checkout.session"}}`))
	}))
	defer server.Close()
	for _, tc := range []struct {
		configured []string
		live       bool
		want       string
	}{
		{[]string{"rk_live_1", "sk_test_1"}, true, "rk_live_1"},
		{[]string{"rk_live_1", "sk_test_1"}, false, "sk_test_1"},
	} {
		keys = nil
		c := stripe.Config{APIKeys: tc.configured, APIURL: server.URL, TestRecipient: "me@example.com"}
		e, err := stripe.NewClient(c).Decode(f.Events[1])
		if err != nil {
			t.Fatal(err)
		}
		e.Live = tc.live
		_, err = stripe.NewClient(c).Complete(t.Context(), e)
		if got := strings.Join(keys, " "); got != tc.want || !integrations.IsNever(err) {
			t.Errorf("live %t with %v: used %q, error %v", tc.live, tc.configured, got, err)
		}
	}
}

func TestStripeSaysHowLongToWait(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 10 * time.Second, "1": 10 * time.Second, "90": 90 * time.Second, "soon": 10 * time.Second, "999999": 10 * time.Second} {
		client, api, e := account(t, 1, nil)
		api.Fail(func(*http.Request) *standins.Fault {
			return &standins.Fault{Status: 429, Message: "slow down", RetryAfter: header}
		})
		if _, err := client.Complete(t.Context(), e); integrations.RetryAfter(err) != want {
			t.Errorf("Retry-After %q: %v, want %v", header, integrations.RetryAfter(err), want)
		}
	}
}

// The key is shown to the configured API and to nobody else, wherever an answer
// or an event points.
func TestTheKeyGoesNowhereElse(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v1/charges/ch_1", http.StatusFound))
	defer server.Close()
	client := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: server.URL})
	for _, url := range []string{"/v1/charges/ch_1", elsewhere.URL + "/v1/charges/ch_1", "//" + elsewhere.Listener.Addr().String() + "/v1/charges/ch_1", "/v1/charges/../../ch_1", "/v1/charges/ch_1?expand[]=x%00", "https:/v1/charges/ch_1", ":"} {
		e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.ThinEvent(standins.ThinOptions{ID: "evt_1", Type: "v1.charge.refunded", Created: now, Object: "ch_1", Kind: "charge", URL: url}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Complete(t.Context(), e); err == nil || strings.Contains(err.Error(), "rk_test_1") {
			t.Errorf("%s: error %v", url, err)
		}
	}
	if asked > 0 {
		t.Errorf("another server was asked %d times", asked)
	}
}

// Whatever Stripe's API answers, it takes no more memory than one page.
func TestAnswersAreBounded(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, n int){
		"a body without an end": func(w http.ResponseWriter, _ int) {
			_, _ = w.Write([]byte(`{"data":[{"id":"`))
			for range 20 << 10 {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<10)); err != nil {
					return
				}
			}
		},
		"a list without an end": func(w http.ResponseWriter, n int) {
			var items []string
			for i := range 100 {
				items = append(items, fmt.Sprintf(`{"id":"li_%d_%d"}`, n, i))
			}
			fmt.Fprintf(w, `{"object":"list","has_more":true,"data":[%s]}`, strings.Join(items, ","))
		},
		"a list that goes in a circle": func(w http.ResponseWriter, _ int) {
			fmt.Fprint(w, `{"object":"list","has_more":true,"data":[{"id":"li_1"}]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, int(asked.Add(1))) }))
			defer server.Close()
			_, _, e := account(t, 1, nil)
			_, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: server.URL}).Complete(t.Context(), e)
			if err == nil || integrations.IsNever(err) || integrations.IsUnavailable(err) || asked.Load() > 200 {
				t.Errorf("after %d requests: %v", asked.Load(), err)
			}
		})
	}
}

// A process that stops waits for nobody.
func TestAskingEndsWithItsContext(t *testing.T) {
	client, api, e := account(t, 1, nil)
	ctx, cancel := context.WithCancel(t.Context())
	api.Fail(func(r *http.Request) *standins.Fault {
		cancel()
		<-r.Context().Done()
		return nil
	})
	start := time.Now()
	if _, err := client.Complete(ctx, e); !errors.Is(err, context.Canceled) || integrations.IsUnavailable(err) || time.Since(start) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}
