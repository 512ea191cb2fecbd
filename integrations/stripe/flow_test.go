package stripe_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

var update = flag.Bool("update", false, "write what is into testdata/events")

// What each of Stripe's events means for passes, in API versions before and
// after members moved. testdata/events has one file for each thing that
// happens: what is known of each event in the request, and what Complete takes
// away (-) and adds (+).
func TestFlows(t *testing.T) {
	old, basil := standins.StripeFlows(standins.VersionAcacia), standins.StripeFlows(standins.VersionBasil)
	written, err := filepath.Glob("testdata/events/*.golden")
	if err != nil || len(written) != len(old) && !*update {
		t.Errorf("%d files for %d flows: %v", len(written), len(old), err)
	}
	for i, flow := range old {
		t.Run(flow.Name, func(t *testing.T) {
			got := story(t, flow)
			if again := story(t, basil[i]); again != got {
				got = "# API version " + standins.VersionAcacia + "\n" + got + "\n# API version " + standins.VersionBasil + "\n" + again
			}
			golden(t, filepath.Join("testdata", "events", flow.Name+".golden"), got)
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", file, got, want)
	}
}

// serve makes a client of an API that has seen the flow happen.
func serve(t *testing.T, flow standins.StripeFlow) (*stripe.Client, stripe.Config) {
	t.Helper()
	api := standins.NewStripe()
	api.AddFlow(flow)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	c := stripe.Config{WebhookSecrets: []string{secret}, APIKeys: []string{"rk_test_1"}, APIURL: server.URL}
	return stripe.NewClient(c), c
}

func story(t *testing.T, flow standins.StripeFlow) string {
	t.Helper()
	client, config := serve(t, flow)
	var out strings.Builder
	for _, body := range flow.Events {
		e, err := stripe.NewClient(config).Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		arrives := facts(integrations.Completed{Event: e})
		fmt.Fprintf(&out, "%s\n%s", e.ExternalID, arrives)
		if e.Ignore != "" {
			continue
		}
		done, err := client.Complete(t.Context(), e)
		if err != nil {
			fmt.Fprintf(&out, "  fails, never again %t: %s\n", integrations.IsNever(err), err)
			continue
		}
		out.WriteString(differences(arrives, facts(done)))
	}
	return out.String()
}

// facts are an event, a line each.
func facts(e integrations.Completed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  types %s\n  object %s\n  refs %s\n", strings.Join(e.Names(), " "), e.Object, strings.Join(e.Refs, " "))
	if e.Account != "" {
		fmt.Fprintf(&b, "  account %s\n", e.Account)
	}
	if len(e.References) > 0 {
		fmt.Fprintf(&b, "  references %s\n", strings.Join(e.References, " "))
	}
	if e.Wanted {
		b.WriteString("  wanted\n")
	}
	if e.VoidOn != nil {
		fmt.Fprintf(&b, "  passes end on %s\n", strings.Join(e.VoidOn, " "))
	}
	for _, f := range e.Effects {
		switch {
		case f.Lift:
			fmt.Fprintf(&b, "  lift %s: %s\n", f.Reason, strings.Join(f.Refs, " "))
		default:
			fmt.Fprintf(&b, "  void %s: %s\n", f.Reason, strings.Join(f.Refs, " "))
		}
	}
	if e.Attention != "" {
		fmt.Fprintf(&b, "  attention: %s\n", e.Attention)
	}
	if e.Ignore != "" {
		fmt.Fprintf(&b, "  ignored: %s\n", e.Ignore)
	}
	fmt.Fprintf(&b, "  data %s\n", members(e.Data))
	return b.String()
}

// differences are the lines that Complete took away and added.
func differences(before, after string) string {
	var b strings.Builder
	for _, side := range []struct{ mark, text, other string }{{"  - ", before, after}, {"  + ", after, before}} {
		for line := range strings.Lines(side.text) {
			if !strings.Contains(side.other, line) {
				b.WriteString(side.mark + strings.TrimPrefix(line, "  "))
			}
		}
	}
	return b.String()
}

// members are those of the data that passhook adds, or finds elsewhere.
func members(data []byte) string {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var m struct {
		Object         string         `json:"object"`
		PeriodStart    any            `json:"period_start"`
		PeriodEnd      any            `json:"period_end"`
		Previous       map[string]any `json:"previous_attributes"`
		LineItems      []any          `json:"line_items"`
		CustomerDetail map[string]any `json:"customer_details"`
		Invoice        any            `json:"invoice"`
	}
	if err := d.Decode(&m); err != nil {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(m.Object)
	if m.PeriodEnd != nil {
		fmt.Fprintf(&b, ", period %v to %v", m.PeriodStart, m.PeriodEnd)
	}
	if invoice, ok := m.Invoice.(map[string]any); ok {
		fmt.Fprintf(&b, ", with invoice %s", invoice["id"])
	}
	if m.Previous != nil {
		fmt.Fprintf(&b, ", before %v", m.Previous)
	}
	if m.LineItems != nil {
		fmt.Fprintf(&b, ", %d line items, for %v", len(m.LineItems), m.CustomerDetail["email"])
	}
	return b.String()
}
