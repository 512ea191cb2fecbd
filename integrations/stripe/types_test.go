package stripe_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// Rules are checked against samples, so no member may be missing in them that
// data has. Whatever flows, the samples of its type know it.
func TestSamplesHaveEveryMember(t *testing.T) {
	types, err := stripe.NewClient(stripe.Config{}).Types()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range slices.Concat(standins.StripeFlows(standins.VersionAcacia), standins.StripeFlows(standins.VersionBasil)) {
		client, config := serve(t, f)
		for _, body := range f.Events {
			e, err := stripe.NewClient(config).Decode(body)
			if err != nil || e.Ignore != "" {
				continue
			}
			done, err := client.Complete(t.Context(), e)
			if err != nil {
				continue
			}
			var data any
			if err := json.Unmarshal(done.Data, &data); err != nil {
				t.Fatal(err)
			}
			for _, name := range done.Names() {
				if len(types[name].Samples) == 0 {
					continue // names and members of such types are not checked
				}
				checked++
				for _, path := range lacking(data, types[name].Samples) {
					t.Errorf("%s: the samples of %s lack data%s", f.Name, name, path)
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d types were checked", checked)
	}
}

// lacking are the members that v has and no sample knows. A sample that has
// null or no members there knows everything.
func lacking(v any, samples []any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		var known []map[string]any
		for _, s := range samples {
			m, ok := s.(map[string]any)
			if !ok || len(m) == 0 {
				return nil
			}
			known = append(known, m)
		}
		for name, member := range v {
			var below []any
			for _, m := range known {
				if s, ok := m[name]; ok {
					below = append(below, s)
				}
			}
			if len(below) == 0 {
				out = append(out, "."+name)
				continue
			}
			for _, path := range lacking(member, below) {
				out = append(out, "."+name+path)
			}
		}
	case []any:
		var below []any
		for _, s := range samples {
			list, ok := s.([]any)
			if !ok || len(list) == 0 {
				return nil
			}
			below = append(below, list...)
		}
		for _, element := range v {
			for _, path := range lacking(element, below) {
				out = append(out, "[]"+path)
			}
		}
	}
	return out
}

// One request asks Stripe for events of at most 20 types.
func TestWebhookEventsAreKnownTypes(t *testing.T) {
	types, err := stripe.NewClient(stripe.Config{}).Types()
	if err != nil {
		t.Fatal(err)
	}
	events := stripe.WebhookEvents()
	if len(events) > 20 {
		t.Errorf("%d types", len(events))
	}
	for _, name := range events {
		if info, ok := types["stripe."+name]; !ok || len(info.Samples) == 0 {
			t.Errorf("%s has no sample", name)
		}
	}
	for _, alias := range []string{stripe.TypePaid, stripe.TypeRefunded, stripe.TypeSubscriptionPaid, stripe.TypeSubscriptionEnded} {
		if !strings.HasPrefix(alias, "stripe.") || len(types[alias].Samples) == 0 {
			t.Errorf("%s has no sample", alias)
		}
	}
}
