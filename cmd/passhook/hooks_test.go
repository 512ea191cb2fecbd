package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// newHookWorld is a project without Stripe, with hooks of a preset and without one.
func newHookWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldWith(t, "", standins.SMTPOptions{})
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(b), "stripe:")
	w.write(t, "passhook.yaml", head+`hooks:
  shop: {preset: shopify, secrets: [shopify-secret]}
  market: {preset: gumroad, secrets: [0123456789abcdef], account: kLx0nVYvSgnCq2BPnnTzAg==}
  luma: {verify: {bearer: "0123456789abcdef"}, id: "${{ data.guest.id }}", type: "${{ data.event }}"}
rules:
  - name: shop
    on: hooks.shop.orders/paid
    for_each: data.line_items
    repeat: item.quantity
    template: concert
    with: {holder: "${{ data.customer.first_name }}", ticket: "${{ item.title }}"}
    deliver: [{email: "${{ data.email }}"}]
  - {name: shop-void, on: hooks.shop.orders/cancelled, action: void, key: "order ${{ data.name }}"}
  - {name: shop-note, on: hooks.shop.orders/cancelled, action: update, template: concert, with: {ticket: Cancelled}}
  - {name: market, on: hooks.market.sale, template: concert, with: {holder: "${{ data.full_name }}"}, deliver: [{email: "${{ data.email }}"}]}
  - {name: luma, on: hooks.luma.*, sample: guest.json, template: concert, with: {holder: "${{ data.guest.name }}"}, deliver: [{email: "${{ data.guest.email }}"}]}
`)
	w.write(t, "guest.json", `{"event": "guest_registered", "guest": {"id": "1", "name": "Ada Lovelace", "email": "ada@example.com"}}`)
	return w
}

// A sample of each hook becomes a pass in somebody's hands, twice where it is sent
// twice.
func TestTriggerSendsSamplesToHooks(t *testing.T) {
	w := newHookWorld(t)
	if out, code := w.verb(t, "check"); code != 0 || strings.Contains(out, "hooks") || strings.Contains(out, "rules[") {
		t.Fatalf("check: exit %d: %s", code, out)
	}
	p := w.serve(t, 0)
	for i, event := range []string{"hooks.shop.orders/paid", "hooks.market.sale", "hooks.luma.guest_registered", "hooks.luma.guest_registered"} {
		out, code := w.verb(t, "trigger", event, "--to", "me@example.com", "--url", p.url)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", event, code, out)
		}
		eventually(t, 20*time.Second, event, func() bool { return len(w.smtp.Messages()) == i+1 })
		if to := w.smtp.Messages()[i].To; len(to) != 1 || to[0] != "me@example.com" {
			t.Errorf("%s went to %q", event, to)
		}
	}
	if out, _ := w.verb(t, "passes"); strings.Count(out, "concert") < 5 {
		t.Errorf("got %s", out)
	}
	for event, want := range map[string]string{"hooks.shop.orders/pad": "there is one of hooks.shop.orders/cancelled", "hooks.nobody.x": "shop", "hooks.luma": "of no hook"} {
		if out, code := w.verb(t, "trigger", event, "--url", p.url); code != 2 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d: %s", event, code, out)
		}
	}
	if out, code := w.verb(t, "trigger", "stripe.checkout.paid", "--url", p.url); code == 0 || !strings.Contains(out, "stripe section") {
		t.Errorf("without Stripe: exit %d: %s", code, out)
	}
}

func TestCheckSaysWhatAHooksEventWouldMake(t *testing.T) {
	w := newHookWorld(t)
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"--event", "hooks.shop.orders/paid"}, "rules: shop\npasses: 2"},
		{[]string{"--event", "hooks.market.sale"}, "rules: market\npasses: 1"},
		{[]string{"--event", "guest.json", "--as", "hooks.luma.guest_registered"}, "rules: luma\npasses: 1"},
		{[]string{"--event", "hooks.shop.refunds/create"}, "no rule is on it"},
		{[]string{"--event", "hooks.shop.orders/cancelled"}, "passes: 0\n\n  rule shop-void, action void, key order #1001\n\n  rule shop-note, action update, template concert\n    ticket: Cancelled\n"},
	} {
		if out, code := w.verb(t, append([]string{"check"}, tc.args...)...); code != 0 || !strings.Contains(out, tc.want) {
			t.Errorf("%q: exit %d: %s", tc.args, code, out)
		}
	}
}

// dev needs no secrets: hooks that have none are left out.
func TestDevRunsAProjectWithHooks(t *testing.T) {
	w := newHookWorld(t)
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", strings.Replace(string(b), "[shopify-secret]", `"${NO_SUCH_SECRET}"`, 1))
	out, _ := w.verb(t, "dev", "--once", "--port", "0")
	if !strings.Contains(out, "hooks.shop is left out") || strings.Contains(out, "hooks.market") || strings.Contains(out, "cannot be used") {
		t.Errorf("got %s", out)
	}
}
