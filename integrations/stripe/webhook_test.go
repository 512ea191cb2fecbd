package stripe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

const (
	secret    = "whsec_test_secret_one"
	oldSecret = "whsec_test_secret_two"
)

var now = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

func config() stripe.Config {
	return stripe.Config{WebhookSecrets: []string{secret, oldSecret}, APIKeys: []string{"rk_live_1"}}
}

// session is a paid checkout as the event of that type carries it.
func session(eventType, status string, live bool) string {
	return fmt.Sprintf(`{"id":"evt_1","object":"event","api_version":"2025-06-30.basil","created":1795197600,"livemode":%t,"type":%q,
		"data":{"object":{"id":"cs_1","object":"checkout.session","payment_status":%q,"payment_intent":"pi_1","subscription":null,"client_reference_id":"order-7"}}}`,
		live, eventType, status)
}

func sign(body, key string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: key, Timestamp: at}).Header
}

func newWebhook(t *testing.T, c stripe.Config, accept stripe.Accept) *stripe.Webhook {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h, err := stripe.NewWebhook(c, integrations.NewIntake(nil, func() time.Time { return now }, log), stripe.NewReconciler(c, nil, accept, nil, nil, log), log)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post sends a body and returns the answer and the events that were accepted.
func post(t *testing.T, c stripe.Config, body, header string) (*httptest.ResponseRecorder, []integrations.Event) {
	t.Helper()
	var accepted []integrations.Event
	h := newWebhook(t, c, func(_ context.Context, e integrations.Event) (string, bool, error) {
		accepted = append(accepted, e)
		return "id-1", true, nil
	})
	r := httptest.NewRequest(http.MethodPost, "/webhooks/stripe", strings.NewReader(body))
	if header != "" {
		r.Header.Set("Stripe-Signature", header)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w, accepted
}

func TestSignatures(t *testing.T) {
	body := session("checkout.session.completed", "paid", true)
	good := sign(body, secret, now)
	mac := good[strings.Index(good, "v1="):]
	for _, tc := range []struct {
		name, header string
		want         int
	}{
		{"first secret", good, 200},
		{"second secret", sign(body, oldSecret, now), 200},
		{"299 s old", sign(body, secret, now.Add(-299*time.Second)), 200},
		{"299 s ahead", sign(body, secret, now.Add(299*time.Second)), 200},
		{"rolled: two signatures, one fits", good + ",v1=" + strings.Repeat("0", 64), 200},
		{"missing", "", 401},
		{"junk", "junk", 401},
		{"other secret", sign(body, "whsec_of_somebody_else", now), 401},
		{"empty secret", sign(body, "", now), 401},
		{"301 s old", sign(body, secret, now.Add(-301*time.Second)), 401},
		{"301 s ahead", sign(body, secret, now.Add(301*time.Second)), 401},
		{"ten years ahead", sign(body, secret, now.AddDate(10, 0, 0)), 401},
		{"no time", mac, 401},
		{"two times", fmt.Sprintf("t=%d,%s", now.Unix(), good), 401},
		{"negative time", fmt.Sprintf("t=-%d,%s", now.Unix(), mac), 401},
		{"time overflows", "t=99999999999999999999," + mac, 401},
		{"cut signature", good[:len(good)-2], 401},
		{"only v0", strings.Replace(good, "v1=", "v0=", 1), 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, accepted := post(t, config(), body, tc.header)
			if w.Code != tc.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tc.want)
			}
			if stored := len(accepted) > 0; stored != (tc.want == 200) {
				t.Errorf("stored: %t", stored)
			}
		})
	}
}

func TestChangedBodyIsRefused(t *testing.T) {
	body := session("checkout.session.completed", "paid", true)
	w, accepted := post(t, config(), body+" ", sign(body, secret, now))
	if w.Code != http.StatusUnauthorized || len(accepted) > 0 {
		t.Errorf("got %d, accepted %d", w.Code, len(accepted))
	}
}

func TestRefusalDoesNotTellTheSignature(t *testing.T) {
	body := session("checkout.session.completed", "paid", true)
	good := sign(body, secret, now)
	w, _ := post(t, config(), body, strings.Replace(good, "v1=", "v1=00", 1))
	if bytes.Contains(w.Body.Bytes(), []byte(good[strings.Index(good, "v1=")+3:])) {
		t.Error("the answer holds the expected signature")
	}
}

func TestAnEmptySecretNeverStarts(t *testing.T) {
	for _, empty := range []string{"", " ", "whsec_"} {
		c := config()
		c.WebhookSecrets = append(c.WebhookSecrets, empty)
		if _, err := stripe.NewWebhook(c, nil, nil, nil); err == nil || !strings.Contains(err.Error(), "stripe.webhook_secrets: secret 2 is empty") {
			t.Errorf("secret %q: %v", empty, err)
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	for name, body := range map[string]string{
		"empty":               ``,
		"not JSON":            `{`,
		"list":                `[]`,
		"trailing data":       session("x", "paid", true) + `{}`,
		"duplicate key":       `{"id":"evt_1","id":"evt_2","object":"event","created":1,"livemode":true,"type":"x","data":{"object":{}}}`,
		"duplicate deep down": strings.Replace(session("x", "paid", true), `"id":"cs_1"`, `"id":"cs_1","id":"cs_2"`, 1),
		"livemode missing":    `{"id":"evt_1","object":"event","created":1,"LiveMode":true,"type":"x","data":{"object":{}}}`,
		"no id":               strings.Replace(session("x", "paid", true), `"evt_1"`, `""`, 1),
		"id with a space":     strings.Replace(session("x", "paid", true), `"evt_1"`, `"evt 1"`, 1),
		"NUL":                 strings.Replace(session("x", "paid", true), `"order-7"`, `"\u0000"`, 1),
		"huge number":         strings.Replace(session("x", "paid", true), `1795197600`, `1e999`, 1),
		"negative time":       strings.Replace(session("x", "paid", true), `1795197600`, `-5`, 1),
		"invalid UTF-8":       strings.Replace(session("x", "paid", true), `order-7`, "\xff", 1),
		"depth":               strings.Replace(session("x", "paid", true), `"order-7"`, strings.Repeat(`[`, 10_000)+strings.Repeat(`]`, 10_000), 1),
		"session without id":  strings.Replace(session("x", "paid", true), `"cs_1"`, `null`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			w, accepted := post(t, config(), body, sign(body, secret, now))
			if w.Code != http.StatusBadRequest || len(accepted) > 0 {
				t.Errorf("got %d %s, accepted %d", w.Code, w.Body, len(accepted))
			}
		})
	}
}

// Text that shows such an escape is text.
func TestAnEscapedBackslashIsNoNUL(t *testing.T) {
	for text, want := range map[string]int{`\\u0000`: 200, `\\\\u0000`: 200, `x\\u0000 \\u0000`: 200, `\\\u0000`: 400, `\\u0000\u0000`: 400} {
		body := strings.Replace(session("checkout.session.completed", "paid", true), `"order-7"`, `"`+text+`"`, 1)
		if w, _ := post(t, config(), body, sign(body, secret, now)); w.Code != want {
			t.Errorf("%s: got %d %s", text, w.Code, w.Body)
		}
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	body := strings.Repeat(" ", integrations.MaxBody+1)
	if w, _ := post(t, config(), body, sign(body, secret, now)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", w.Code)
	}
}

func TestPaidIsAnAlias(t *testing.T) {
	for _, tc := range []struct {
		event, status string
		want          bool
	}{
		{"checkout.session.completed", "paid", true},
		{"checkout.session.completed", "no_payment_required", true},
		{"checkout.session.completed", "unpaid", false},
		{"checkout.session.completed", "some_future_status", false},
		{"checkout.session.async_payment_succeeded", "paid", true},
		{"checkout.session.async_payment_failed", "unpaid", false},
		{"checkout.session.expired", "unpaid", false},
		{"payment_intent.succeeded", "paid", false},
	} {
		t.Run(tc.event+" "+tc.status, func(t *testing.T) {
			body := session(tc.event, tc.status, true)
			_, accepted := post(t, config(), body, sign(body, secret, now))
			e := accepted[0]
			if got := len(e.Aliases) == 1 && e.Is(stripe.TypePaid); got != tc.want {
				t.Errorf("types are %v", e.Names())
			}
			if e.Type != "stripe."+tc.event || e.Object != "cs_1" || strings.Join(e.Refs, " ") != "cs_1 pi_1" || strings.Join(e.References, " ") != "order-7" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestModes(t *testing.T) {
	const rkLive, rkTest = "rk_live_1", "rk_test_1"
	for _, tc := range []struct {
		name, mode string
		keys       []string
		live       bool
		ignored    bool
		redirect   string
	}{
		{"live key, live event", "", []string{rkLive}, true, false, ""},
		{"live key, test event", "", []string{rkLive}, false, true, ""},
		{"test key, test event", "", []string{rkTest}, false, false, ""},
		{"test key, live event", "", []string{rkTest}, true, true, ""},
		{"both, live event", "", []string{rkLive, rkTest}, true, false, ""},
		{"both, test event goes to the test recipient", "", []string{rkLive, rkTest}, false, false, "me@example.com"},
		{"both keys, but mode live", stripe.ModeLive, []string{rkLive, rkTest}, false, true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := config()
			c.Mode, c.APIKeys, c.TestRecipient = tc.mode, tc.keys, "me@example.com"
			body := session("checkout.session.completed", "paid", tc.live)
			w, accepted := post(t, c, body, sign(body, secret, now))
			if w.Code != http.StatusOK {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if e := accepted[0]; (e.Ignore != "") != tc.ignored || e.Redirect.Address != tc.redirect {
				t.Errorf("ignore %q, redirect %q", e.Ignore, e.Redirect)
			}
		})
	}
}

func TestThinEventsOfOthersAreRecordedNotRefused(t *testing.T) {
	body := `{"id":"evt_1","object":"v2.core.event","type":"v2.money_management.transaction.created","created":"2026-11-20T18:00:00Z","livemode":true,"related_object":{"id":"trxn_1","type":"transaction"}}`
	w, accepted := post(t, config(), body, sign(body, secret, now))
	if w.Code != http.StatusOK || len(accepted) != 1 || accepted[0].Ignore == "" {
		t.Errorf("got %d, %+v", w.Code, accepted)
	}
}

// A thin event and the snapshot of it are about one object and have the same
// types, so that together they issue once. Where the thin one names its
// snapshot, they are one event.
func TestThinEventsAreTheirSnapshots(t *testing.T) {
	snapshot, err := stripe.NewClient(config()).Decode([]byte(session("checkout.session.completed", "paid", true)))
	if err != nil {
		t.Fatal(err)
	}
	thin := standins.ThinOptions{ID: "evt_thin", Type: "v1.checkout.session.completed", Created: now, Live: true, Object: "cs_1", Kind: "checkout.session"}
	for _, twin := range []string{"", "evt_1"} {
		thin.Snapshot = twin
		e, err := stripe.NewClient(config()).Decode(standins.ThinEvent(thin))
		if err != nil {
			t.Fatal(err)
		}
		if e.Object != snapshot.Object || !slices.Equal(e.Names(), snapshot.Names()) || e.Live != snapshot.Live || !e.Time.Equal(now) || (e.ExternalID == snapshot.ExternalID) != (twin != "") {
			t.Errorf("thin %+v\nsnapshot %+v", e, snapshot)
		}
	}
}

func TestThinEventsHaveModes(t *testing.T) {
	for _, tc := range []struct {
		live    bool
		keys    []string
		ignored bool
	}{{true, []string{"rk_live_1"}, false}, {false, []string{"rk_live_1"}, true}, {false, []string{"rk_test_1"}, false}, {true, []string{"rk_test_1"}, true}} {
		body := standins.ThinEvent(standins.ThinOptions{ID: "evt_1", Type: "v1.invoice.paid", Created: now, Live: tc.live, Object: "in_1", Kind: "invoice"})
		e, err := stripe.NewClient(stripe.Config{APIKeys: tc.keys}).Decode(body)
		if err != nil || e.Live != tc.live || (e.Ignore != "") != tc.ignored {
			t.Errorf("live %t with %v: ignore %q, error %v", tc.live, tc.keys, e.Ignore, err)
		}
	}
}

func TestAStoreThatFailsIsA503(t *testing.T) {
	h := newWebhook(t, config(), func(context.Context, integrations.Event) (string, bool, error) {
		return "", false, errors.New("disk full")
	})
	body := session("checkout.session.completed", "paid", true)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Stripe-Signature", sign(body, secret, now))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add(session("checkout.session.completed", "paid", true))
	f.Add(`{"id":"evt_1","object":"v2.core.event","type":"x"}`)
	for _, version := range []string{standins.VersionAcacia, standins.VersionBasil} {
		for _, flow := range standins.StripeFlows(version) {
			for _, body := range flow.Events {
				f.Add(string(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, body string) {
		w, accepted := post(t, config(), body, sign(body, secret, now))
		if w.Code >= 500 || (w.Code == http.StatusOK) != (len(accepted) == 1) {
			t.Errorf("got %d %s, accepted %d", w.Code, w.Body, len(accepted))
		}
		for _, e := range accepted {
			checkEvent(t, e)
		}
		if _, accepted := post(t, config(), body, "t=1,v1=00"); len(accepted) > 0 {
			t.Error("an unsigned body was accepted")
		}
	})
}

// checkEvent is what holds for every event that is accepted.
func checkEvent(t *testing.T, e integrations.Event) {
	t.Helper()
	if !strings.HasPrefix(e.Type, "stripe.") || e.Source != "stripe" || e.ExternalID == "" || e.Object == "" || !json.Valid(e.Data) {
		t.Errorf("got %+v", e)
	}
	for _, ref := range slices.Concat(e.Refs, e.References) {
		if ref == "" || strings.ContainsAny(ref, " /\"\n") {
			t.Errorf("%q is no ref", ref)
		}
	}
}
