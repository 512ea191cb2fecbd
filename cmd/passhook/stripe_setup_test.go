package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

const setupKey = "sk_test_for_setup_alone"

// says runs a verb and tells its standard output from its standard error.
func (w *world) says(t testing.TB, input string, args ...string) (out, told string, code int) {
	t.Helper()
	cmd := w.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// setUp runs stripe setup with a key.
func (w *world) setUp(t testing.TB, args ...string) (out, told string, code int) {
	t.Helper()
	return w.says(t, setupKey+"\n", append([]string{"stripe", "setup"}, args...)...)
}

func (w *world) endpoints(t testing.TB, want int) []map[string]any {
	t.Helper()
	got := w.stripe.Objects("webhook_endpoint")
	if len(got) != want {
		t.Fatalf("there are %d endpoints, want %d", len(got), want)
	}
	return got
}

func TestSetupMakesAnEndpointWithJustTheEventsThatAreNeeded(t *testing.T) {
	w := newWorld(t, "")
	out, told, code := w.setUp(t)
	if code != 0 || out != "STRIPE_WEBHOOK_SECRET=whsec_standin_secret_1\n" {
		t.Fatalf("exit %d, printed %q, told %s", code, out, told)
	}
	e := w.endpoints(t, 1)[0]
	if e["url"] != "https://tickets.example.com/webhooks/stripe" || fmt.Sprint(e["enabled_events"]) != fmt.Sprint(stripe.WebhookEvents()) || e["api_version"] != nil {
		t.Errorf("made %v", e)
	}
	if !strings.Contains(told, "test mode") || strings.Contains(told, "whsec_") || strings.Contains(told, setupKey) {
		t.Errorf("told %s", told)
	}
	_ = filepath.WalkDir(w.dir, func(name string, d fs.DirEntry, _ error) error {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte(setupKey)) {
			t.Errorf("the key is in %s", name)
		}
		return nil
	})
}

func TestSetupTakesItsKeyFromTheEnvironment(t *testing.T) {
	w := newWorld(t, "")
	w.env = append(w.env, setupKeyName+"=rk_live_1")
	if _, told, code := w.says(t, "", "stripe", "setup"); code != 0 || !strings.Contains(told, "live mode") {
		t.Errorf("exit %d: %s", code, told)
	}
	if e := w.endpoints(t, 1)[0]; e["livemode"] != true {
		t.Errorf("made %v", e)
	}
}

func TestSetupTwiceChangesTheEndpointThatIsThere(t *testing.T) {
	w := newWorld(t, "")
	w.stripe.Add(map[string]any{
		"id": "we_mine", "object": "webhook_endpoint", "url": "https://tickets.example.com/webhooks/stripe", "status": "disabled", "livemode": false,
		"enabled_events": []any{"checkout.session.completed", "customer.created"}, "api_version": "2024-06-20",
	}, map[string]any{"id": "we_other", "object": "webhook_endpoint", "url": "https://example.com", "status": "enabled", "livemode": false, "enabled_events": []any{"*"}})
	out, told, code := w.setUp(t)
	if code != 0 || out != "" || !strings.Contains(told, "taken away: customer.created") || !strings.Contains(told, "it was disabled; events added: checkout.session.async_payment_succeeded") {
		t.Fatalf("exit %d, printed %q, told %s", code, out, told)
	}
	e := w.endpoints(t, 2)
	if fmt.Sprint(e[0]["enabled_events"]) != fmt.Sprint(stripe.WebhookEvents()) || e[0]["status"] != "enabled" || e[0]["api_version"] != "2024-06-20" {
		t.Errorf("changed to %v", e[0])
	}
	if fmt.Sprint(e[1]["enabled_events"]) != "[*]" {
		t.Errorf("somebody else's endpoint became %v", e[1])
	}
	if _, told, code := w.setUp(t); code != 0 || !strings.Contains(told, "we_mine at https://tickets.example.com/webhooks/stripe is as it should be") {
		t.Errorf("exit %d: %s", code, told)
	}
}

// link is a payment link that leads to a page, or to Stripe's own.
func link(id, leads string, active bool) map[string]any {
	after := map[string]any{"type": "hosted_confirmation"}
	if leads != "" {
		after = map[string]any{"type": "redirect", "redirect": map[string]any{"url": leads}}
	}
	return map[string]any{"id": id, "object": "payment_link", "url": "https://buy.stripe.com/" + id, "active": active, "livemode": false, "after_completion": after}
}

func TestSetupLeadsPaymentLinksToTheSuccessPage(t *testing.T) {
	const ours = "https://tickets.example.com/stripe/success?session_id={CHECKOUT_SESSION_ID}"
	w := newWorld(t, "")
	w.stripe.Add(link("plink_new", "", true), link("plink_own", "https://example.com/thanks", true), link("plink_done", ours, true), link("plink_old", "", false))
	leads := func() string {
		var out []string
		for _, l := range w.stripe.Objects("payment_link") {
			after, _ := l["after_completion"].(map[string]any)
			redirect, _ := after["redirect"].(map[string]any)
			out = append(out, fmt.Sprint(l["id"], " ", redirect["url"] == ours))
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	_, told, code := w.setUp(t)
	for _, want := range []string{"3 payment links are active; 2 of them", "plink_new https://buy.stripe.com/plink_new leads to Stripe's own page", "plink_own https://buy.stripe.com/plink_own leads to https://example.com/thanks", "left as they are"} {
		if !strings.Contains(told, want) {
			t.Errorf("exit %d, not told %q: %s", code, want, told)
		}
	}
	if got, want := leads(), "plink_done true, plink_new false, plink_old false, plink_own false"; got != want {
		t.Errorf("without --yes: %s", got)
	}
	_, told, code = w.setUp(t, "--yes")
	if code != 0 || !strings.Contains(told, "Changed plink_new.\n") || !strings.Contains(told, "Changed plink_own.\n") {
		t.Errorf("exit %d: %s", code, told)
	}
	if got, want := leads(), "plink_done true, plink_new true, plink_old false, plink_own true"; got != want {
		t.Errorf("with --yes: %s", got)
	}
}

// lacking lets Stripe refuse what needs a permission, in its words.
func lacking(permission string, of func(*http.Request) bool) func(*http.Request) *standins.Fault {
	return func(r *http.Request) *standins.Fault {
		if !of(r) {
			return nil
		}
		return &standins.Fault{Status: http.StatusForbidden, Message: "The provided key 'rk_test_*' does not have the required permissions for this endpoint. Having the '" + permission + "' permission would allow this request to continue."}
	}
}

func TestSetupTellsAMissingPermissionInStripesWords(t *testing.T) {
	w := newWorld(t, "")
	w.stripe.Add(link("plink_new", "", true))
	w.stripe.Fail(lacking("rak_webhook_write", func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/webhook_endpoints")
	}))
	out, told, code := w.setUp(t, "--yes")
	if code != 1 || out != "" || !strings.Contains(told, "Having the 'rak_webhook_write' permission would allow this request to continue.") {
		t.Errorf("exit %d, printed %q, told %s", code, out, told)
	}
	if !strings.Contains(told, "Changed plink_new.") {
		t.Errorf("what the key may do was not done: %s", told)
	}
}

func TestSetupRefuses(t *testing.T) {
	w := newWorld(t, "")
	if _, told, code := w.says(t, "pk_test_1\n", "stripe", "setup"); code != 2 || !strings.Contains(told, "no secret or restricted key") || strings.Contains(told, "pk_test_1") {
		t.Errorf("of a publishable key: exit %d: %s", code, told)
	}
	w.write(t, "local.yaml", "url: http://127.0.0.1:8080\n")
	if _, told, code := w.says(t, setupKey, "--config", "local.yaml", "stripe", "setup"); code != 1 || !strings.Contains(told, "stripe listen --forward-to http://127.0.0.1:8080/webhooks/stripe") {
		t.Errorf("of an address on this machine: exit %d: %s", code, told)
	}
}

func TestSetupPrintsRules(t *testing.T) {
	w := newWorld(t, "")
	price := func(id, product, name string, recurring any, active bool) map[string]any {
		return map[string]any{
			"id": id, "object": "price", "active": true, "livemode": false, "recurring": recurring,
			"product": map[string]any{"id": product, "name": name, "active": active},
		}
	}
	month := map[string]any{"interval": "month"}
	w.stripe.Add(
		price("price_5", "prod_gone", "Gone", nil, false), price("price_4", "prod_member", "Friends of Hall One", month, true),
		price("price_3", "prod_tea", "☕", nil, true), price("price_2", "prod_tea", "☕", nil, true), price("price_1", "prod_concert", "Concert at Hall One", nil, true),
	)
	out, told, code := w.setUp(t, "--rules")
	const want = `# Each rule's template is a folder, templates/NAME.pass; with are its inputs.
rules:
  # Concert at Hall One
  - name: concert-at-hall-one
    on: stripe.checkout.paid
    when: item.product.id == "prod_concert"
    template: concert-at-hall-one
    with:
      holder: ${{ data.customer_details.name ?? "Guest" }}
    deliver:
      - email: ${{ data.customer_details.email }}
  # ☕
  - name: product
    on: stripe.checkout.paid
    when: item.product.id == "prod_tea"
    template: product
    with:
      holder: ${{ data.customer_details.name ?? "Guest" }}
    deliver:
      - email: ${{ data.customer_details.email }}
  # Friends of Hall One
  - name: friends-of-hall-one
    on: stripe.checkout.paid
    when: item.product.id == "prod_member"
    template: friends-of-hall-one
    with:
      holder: ${{ data.customer_details.name ?? "Guest" }}
      expires: ${{ date_add(data.period_end, '3 days') }}
    deliver:
      - email: ${{ data.customer_details.email }}
  - name: friends-of-hall-one-renewed
    on: stripe.subscription.paid
    action: update
    template: friends-of-hall-one
    with:
      expires: ${{ date_add(data.period_end, '3 days') }}
`
	if code != 0 || out != want {
		t.Fatalf("exit %d, told %s, printed\n%s", code, told, out)
	}
	w.endpoints(t, 0)
	// The rules are good ones: with their templates, check finds nothing.
	for _, name := range []string{"concert-at-hall-one", "product", "friends-of-hall-one"} {
		folder := filepath.Join(w.dir, "templates", name+".pass")
		if err := os.CopyFS(folder, os.DirFS(filepath.Join(w.dir, "templates", "concert.pass"))); err != nil {
			t.Fatal(err)
		}
		w.write(t, filepath.Join("templates", name+".pass", "template.yaml"), "inputs: {holder: {required: true, example: Ada}, expires: {type: time}, ticket: {}, number: {}, price: {}, starts: {type: time, example: \"2026-12-05T20:00:00+01:00\"}}\n")
	}
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(b), "rules:\n")
	w.write(t, "passhook.yaml", before+out)
	if got, code := w.verb(t, "check"); code != 0 || strings.Contains(got, "rules[") {
		t.Errorf("exit %d: %s", code, got)
	}
}
