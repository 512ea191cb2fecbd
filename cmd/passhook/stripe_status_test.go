package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// started is a world whose server has run once, so that there is a store.
func started(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, "")
	p := w.serve(t, 0)
	eventually(t, 20*time.Second, "the first look", func() bool { return w.stripe.Requests() > 0 })
	p.stop(t)
	return w
}

// status runs stripe status for programs.
func (w *world) status(t testing.TB) (out stripeStatus, code int) {
	t.Helper()
	text, told, code := w.says(t, "", "stripe", "status", "--json")
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	return out, code
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := started(t)
	out, code := w.status(t)
	if code != 1 || out.OK || len(out.Problems) != 1 || !strings.Contains(out.Problems[0], "no webhook endpoint posts to https://tickets.example.com/webhooks/stripe") {
		t.Errorf("without an endpoint: exit %d: %v", code, out.Problems)
	}

	if _, told, code := w.setUp(t); code != 0 {
		t.Fatal(told)
	}
	out, code = w.status(t)
	if code != 0 || !out.OK || len(out.Modes) != 1 || out.Modes[0].Mode != "test" || len(out.Modes[0].Endpoints) != 1 || len(out.Notes) != 0 {
		t.Errorf("after setup: exit %d: %+v", code, out)
	}
	text, _, code := w.says(t, "", "stripe", "status")
	if code != 0 || !strings.HasSuffix(text, "ok\n") || !strings.Contains(text, fmt.Sprintf("endpoint we_1: enabled, %d events, API version the account's", len(stripe.WebhookEvents()))) || !strings.Contains(text, "events pending: 0") {
		t.Errorf("for people: exit %d\n%s", code, text)
	}

	w.stripe.Add(
		map[string]any{"id": "we_1", "object": "webhook_endpoint", "url": out.URL, "status": "disabled", "livemode": false, "enabled_events": []any{"customer.created"}},
		map[string]any{"id": "we_2", "object": "webhook_endpoint", "url": out.URL, "status": "enabled", "livemode": false, "enabled_events": []any{"*"}, "api_version": "2024-06-20"},
	)
	w.happened(t, "absent", 2, 24*time.Hour)
	out, code = w.status(t)
	all := strings.Join(append(out.Problems, out.Notes...), "\n")
	for _, want := range []string{
		"2 endpoints post to", "the endpoint we_1 is disabled", "we_1 does not get checkout.session.completed, ", "we_1 also gets customer.created", "we_2 also gets *",
		"2 of the last 2 events are not here", "2 events of the last 3 days were not delivered",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("exit %d, not told %q:\n%s", code, want, all)
		}
	}
	if strings.Contains(all, "we_2 does not get") || code != 1 {
		t.Errorf("exit %d:\n%s", code, all)
	}
	if text, _, _ := w.says(t, "", "stripe", "status"); !strings.Contains(text, "evt_absent2  checkout.session.completed: not here") {
		t.Errorf("the last events are not shown:\n%s", text)
	}
}

func TestStatusTellsMissingPermissionsInStripesWords(t *testing.T) {
	t.Parallel()
	w := started(t)
	w.stripe.Fail(func(r *http.Request) *standins.Fault {
		for path, name := range map[string]string{"/v1/invoices": "rak_invoice_read", "/v1/events": "rak_event_read", "/v1/webhook_endpoints": "rak_webhook_read"} {
			if r.URL.Path == path {
				return lacking(name, func(*http.Request) bool { return true })(r)
			}
		}
		return nil
	})
	out, code := w.status(t)
	problems, notes := strings.Join(out.Problems, "\n"), strings.Join(out.Notes, "\n")
	if code != 1 || len(out.Modes[0].Lacks) != 2 || !strings.Contains(problems, "the key lacks Invoices; Stripe says: The provided key") || !strings.Contains(problems, "rak_event_read") {
		t.Errorf("exit %d: %s", code, problems)
	}
	if strings.Contains(problems, "rak_webhook_read") || !strings.Contains(notes, "rak_webhook_read") {
		t.Errorf("a permission that passhook can do without: %s / %s", problems, notes)
	}
}

func TestStatusTellsThatStripeDoesNotKnowTheKey(t *testing.T) {
	t.Parallel()
	w := started(t)
	w.stripe.Fail(func(*http.Request) *standins.Fault {
		return &standins.Fault{Status: http.StatusUnauthorized, Message: "Invalid API Key provided: rk_test_*****"}
	})
	if out, code := w.status(t); code != 1 || len(out.Problems) != 1 || !strings.Contains(out.Problems[0], "test mode: stripe's API said 401: Invalid API Key provided") {
		t.Errorf("exit %d: %v", code, out.Problems)
	}
}

func TestCheckOnlineAsksStripeAndTheMailServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	if out, code := w.verb(t, "check", "--online"); code != 1 || !strings.Contains(out, "stripe: test mode: no webhook endpoint") {
		t.Errorf("without an endpoint: exit %d: %s", code, out)
	}
	if _, told, code := w.setUp(t); code != 0 {
		t.Fatal(told)
	}
	if out, code := w.verb(t, "check", "--online"); code != 0 || !strings.Contains(out, "ok\n") {
		t.Errorf("after setup: exit %d: %s", code, out)
	}
	if mails := w.smtp.Messages(); len(mails) != 0 {
		t.Errorf("%d mails were sent", len(mails))
	}
	if err := w.smtp.Close(); err != nil {
		t.Fatal(err)
	}
	if out, code := w.verb(t, "check", "--online"); code != 1 || !strings.Contains(out, "mail: ") {
		t.Errorf("without a mail server: exit %d: %s", code, out)
	}
}

// Each permission of the sentence is tried, and no other.
func TestPermissionsAreThoseThatAreTried(t *testing.T) {
	t.Parallel()
	w := started(t)
	w.stripe.Fail(lacking("rak_any", func(r *http.Request) bool { return r.URL.Path != "/v1/webhook_endpoints" }))
	out, _ := w.status(t)
	rest := stripe.Permissions
	for name := range out.Modes[0].Lacks {
		before := len(rest)
		if rest = strings.Replace(rest, name, "", 1); len(rest) == before {
			t.Errorf("%s is tried and not named", name)
		}
	}
	if strings.Trim(rest, ", and") != "" {
		t.Errorf("named and not tried: %s", rest)
	}
}

// Stripe cannot post to one's own machine; that is no problem to be solved.
func TestStatusOnOnesOwnMachine(t *testing.T) {
	t.Parallel()
	w := started(t)
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", strings.Replace(string(b), "https://tickets.example.com", "http://127.0.0.1:8080", 1))
	out, code := w.status(t)
	if code != 0 || len(out.Problems) != 0 || len(out.Notes) != 1 || !strings.Contains(out.Notes[0], "stripe listen --forward-to http://127.0.0.1:8080/webhooks/stripe") {
		t.Errorf("exit %d: %+v", code, out)
	}
}

// Before the first start there is nothing to compare with, but Stripe to ask.
func TestStatusBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	out, code := w.status(t)
	if code != 1 || len(out.Problems) != 1 || !strings.Contains(out.Problems[0], "no webhook endpoint") || len(out.Notes) != 1 || !strings.Contains(out.Notes[0], "has not run yet") {
		t.Errorf("exit %d: %+v", code, out)
	}
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", regexp.MustCompile(`api_url: [^}]+`).ReplaceAllString(string(b), "api_url: http://127.0.0.1:1"))
	text, told, code := w.says(t, "", "stripe", "status")
	if code != 1 || strings.Contains(text, "at Stripe") || !strings.Contains(told, "could not be reached") {
		t.Errorf("without Stripe: exit %d: %s%s", code, text, told)
	}
}
