package hooks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations/hooks"
)

// presetSecrets are those of a preset: any text, but for what is written in a form
// of its own.
func presetSecrets(name string) string {
	switch name {
	case "standard-webhooks", "svix":
		return "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="
	}
	return token
}

// presetHook is a hook of a preset.
func presetHook(name string) string {
	more := ""
	switch name {
	case "gumroad":
		more = ", account: kLx0nVYvSgnCq2BPnnTzAg=="
	case "eventbrite":
		more = ", token: 0123456789"
	}
	return fmt.Sprintf("\n  %s: {preset: %[1]s, secrets: [\"%s\"]%s}", name, presetSecrets(name), more)
}

// expected is what a sample is: its id, refs and time are there at least.
type expected struct{ id, refs string }

var presetSamples = map[string]expected{
	"standard-webhooks order.paid":              {"msg_7", "[order-7]"},
	"standard-webhooks order.refunded":          {"msg_7", "[order-7]"},
	"svix order.paid":                           {"msg_7", "[order-7]"},
	"svix order.refunded":                       {"msg_7", "[order-7]"},
	"github sponsorship.created":                {"00000000-0000-0000-0000-7", "[S_ada7]"},
	"github sponsorship.cancelled":              {"00000000-0000-0000-0001-7", "[S_ada7]"},
	"github pull_request.closed":                {"00000000-0000-0000-0002-7", "[PR_ada7]"},
	"shopify orders/paid":                       {"sample-7", "[8207]"},
	"shopify orders/cancelled":                  {"sample-7", "[8207]"},
	"shopify refunds/create":                    {"sample-7", "[820]"},
	"woocommerce order.created":                 {"sample-created-7", "[187]"},
	"woocommerce order.updated":                 {"sample-updated-7", "[187]"},
	"woocommerce order.deleted":                 {"sample-deleted-7", "[187]"},
	"typeform form_response":                    {"event7", "[response7]"},
	"calendly invitee.created":                  {"invitee.created https://api.calendly.com/scheduled_events/EVENT1/invitees/ADA7", "[https://api.calendly.com/scheduled_events/EVENT1/invitees/ADA7]"},
	"calendly invitee.canceled":                 {"invitee.canceled https://api.calendly.com/scheduled_events/EVENT1/invitees/ADA7", "[https://api.calendly.com/scheduled_events/EVENT1/invitees/ADA7]"},
	"paddle transaction.completed":              {"evt_7", "[txn_7]"},
	"paddle subscription.canceled":              {"evt_7", "[sub_7]"},
	"paddle adjustment.created":                 {"evt_7", "[adj_7 txn_1]"},
	"paddle adjustment.updated":                 {"evt_7", "[adj_7 txn_1]"},
	"lemonsqueezy order_created":                {"order_created orders 187 TIME", "[orders 187]"},
	"lemonsqueezy order_refunded":               {"order_refunded orders 187 TIME", "[orders 187]"},
	"lemonsqueezy subscription_created":         {"subscription_created subscriptions 197 TIME", "[subscriptions 197 orders 18]"},
	"lemonsqueezy subscription_payment_success": {"subscription_payment_success subscription-invoices 207 TIME", "[subscription-invoices 207 subscriptions 19]"},
	"lemonsqueezy subscription_expired":         {"subscription_expired subscriptions 197 TIME", "[subscriptions 197 orders 18]"},
	"tito ticket.completed":                     {"ticket.completed ti_ada7 TIME", "[ti_ada7 reg_ada7]"},
	"tito ticket.updated":                       {"ticket.updated ti_ada7 TIME", "[ti_ada7 reg_ada7]"},
	"tito ticket.voided":                        {"ticket.voided ti_ada7 TIME", "[ti_ada7]"},
	"tito registration.finished":                {"registration.finished reg_ada7 TIME", "[reg_ada7]"},
	"tito registration.cancelled":               {"registration.cancelled reg_ada7 TIME", "[reg_ada7]"},
	"ticket-tailor ORDER.CREATED":               {"wh_7", "[or_7]"},
	"ticket-tailor ORDER.UPDATED":               {"wh_7", "[or_7]"},
	"ticket-tailor ISSUED_TICKET.CREATED":       {"wh_7", "[it_7 or_1]"},
	"ticket-tailor ISSUED_TICKET.UPDATED":       {"wh_7", "[it_7]"},
	"zendesk ticket.created":                    {"event-7", "[zen:ticket:427]"},
	"zendesk trigger":                           {"7", "[zen:ticket:427]"},
	"gumroad sale":                              {"sale-sale7==", "[sale7==]"},
	"gumroad refund":                            {"refund-sale7==", "[sale7==]"},
	"gumroad dispute":                           {"dispute-sale7==", "[sale7==]"},
	"gumroad subscription_ended":                {"subscription_ended-sub7==", "[sub7==]"},
	"eventbrite order.placed":                   {"order.placed https://www.eventbriteapi.com/v3/orders/187/", "[https://www.eventbriteapi.com/v3/orders/187/]"},
	"eventbrite order.refunded":                 {"", "[https://www.eventbriteapi.com/v3/orders/187/]"},
	"eventbrite attendee.updated":               {"", "[https://www.eventbriteapi.com/v3/events/1843/attendees/2001/]"},
	"cloudevents com.example.order.paid":        {"https://shop.example.com/orders 7", "[order-7]"},
	"cloudevents com.example.order.refunded":    {"https://shop.example.com/refunds 7", "[order-7]"},
}

// Each sample is posted as its sender would, to the running server.
func TestEveryPresetTakesItsSamples(t *testing.T) {
	var all strings.Builder
	for _, name := range hooks.Presets() {
		all.WriteString(presetHook(name))
	}
	s := newServer(t, all.String(), everyRule)
	at := time.Now()
	left := make(map[string]bool)
	for name := range presetSamples {
		left[name] = true
	}
	for _, hook := range app.Hooks(s.Config) {
		samples := hook.Samples()
		if len(samples) == 0 {
			t.Errorf("%s has no samples", hook.Name)
		}
		for i, kind := range samples {
			n := strconv.Itoa(7000 + i)
			r, err := hook.Sample(kind, hooks.Sample{N: n, Now: at, To: "grace@example.com"})
			must(t, err)
			got := s.post(t, "/hooks/"+hook.Name+r.Path, string(r.Body), flat(r.Header)...)
			want, ok := presetSamples[hook.Name+" "+kind]
			want.id, want.refs = strings.ReplaceAll(want.id, "7", n), strings.ReplaceAll(want.refs, "7", n)
			delete(left, hook.Name+" "+kind)
			if !ok || got.code != http.StatusAccepted && !(hook.Name == "gumroad" && got.code == http.StatusOK) {
				t.Errorf("%s %s: got %d %s", hook.Name, kind, got.code, got.body)
				continue
			}
			e := s.settled(t, got.text("id"))
			id := want.id
			if strings.HasSuffix(id, "TIME") {
				id = strings.TrimSuffix(id, "TIME") + at.UTC().Format(time.RFC3339)
			}
			if e.Type != "hooks."+hook.Name+"."+kind || id != "" && e.ExternalID != id || fmt.Sprint(e.Refs) != want.refs || !e.Live || e.State != "done" {
				t.Errorf("%s %s: got type %s, id %q, refs %q, live %t, %s: %s", hook.Name, kind, e.Type, e.ExternalID, e.Refs, e.Live, e.State, e.Note)
			}
			if r.Path == "" && s.post(t, "/hooks/"+hook.Name, string(r.Body)+" ", flat(r.Header)...).code == http.StatusAccepted && hook.Name != "cloudevents" {
				t.Errorf("%s %s: another body has the same signature", hook.Name, kind)
			}
		}
	}
	for name := range left {
		t.Errorf("there is no sample %s", name)
	}
}

func flat(h http.Header) (out []string) {
	for name, values := range h {
		out = append(out, name, values[0])
	}
	return out
}

func TestThePageHasEveryPreset(t *testing.T) {
	page, err := os.ReadFile("../../docs/hooks.md")
	must(t, err)
	for _, name := range hooks.Presets() {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/hooks.md does not have %s", name)
		}
	}
}

func TestPresetsThatAreNeeded(t *testing.T) {
	for _, name := range strings.Fields("standard-webhooks svix github shopify woocommerce typeform calendly paddle lemonsqueezy tito ticket-tailor zendesk gumroad eventbrite cloudevents") {
		if !slices.Contains(hooks.Presets(), name) {
			t.Errorf("there is no preset %s", name)
		}
	}
}

// The presets' schemes are those by which the published requests are signed.
func TestPresetsVerifyWhatOthersSigned(t *testing.T) {
	b, err := os.ReadFile("../testdata/signature-vectors.json")
	must(t, err)
	var vectors []struct {
		Name, Secret, Body string
		Headers            map[string]string
		Now                int64
	}
	must(t, json.Unmarshal(b, &vectors))
	presetOf := map[string]string{
		"github-docs": "github", "standard-webhooks-lib": "standard-webhooks", "standard-webhooks-multisig": "standard-webhooks", "standard-webhooks-ed25519": "standard-webhooks",
		"zendesk-style": "zendesk", "shopify": "shopify", "woocommerce": "woocommerce", "tito": "tito", "typeform": "typeform", "lemonsqueezy": "lemonsqueezy", "paddle": "paddle",
		"calendly": "calendly", "tickettailor": "ticket-tailor",
	}
	for _, v := range vectors {
		preset, ok := presetOf[v.Name]
		if !ok {
			continue
		}
		delete(presetOf, v.Name)
		hook, found := hooks.Compile("x", hooks.Config{Preset: preset, Secrets: []string{v.Secret}}, expressions.Settings{})
		must(t, found.Err())
		h := http.Header{}
		for name, value := range v.Headers {
			h.Set(name, value)
		}
		if err := hook.Verify(h, []byte(v.Body), time.Unix(v.Now, 0)); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if hook.Verify(h, []byte(v.Body+" "), time.Unix(v.Now, 0)) == nil {
			t.Errorf("%s: another body is let in", v.Name)
		}
	}
	if len(presetOf) > 0 {
		t.Errorf("not tried: %v", presetOf)
	}
}
