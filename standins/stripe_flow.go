package standins

import (
	"fmt"
	"maps"
	"time"
)

// Versions of Stripe's API between which members moved: subscriptions and
// invoices look different since 2025-03-31.basil.
const (
	VersionAcacia = "2024-06-20"
	VersionBasil  = "2025-06-30.basil"
)

// StripeFlow is something that happens at Stripe: the events it sends, in their
// order, and what its API answers afterwards.
type StripeFlow struct {
	// Name says what happens: "refund-partial".
	Name string
	// Events are as Stripe posts them.
	Events [][]byte

	version  string
	sessions []soldSession
	objects  []map[string]any
}

type soldSession struct {
	session map[string]any
	items   []map[string]any
}

// flowStart is when every flow begins; its steps are a minute apart.
var flowStart = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// StripeFlows are the flows that passes depend on, in the shapes of an API
// version. They follow what `stripe trigger` causes.
// https://docs.stripe.com/cli/trigger
func StripeFlows(version string) []StripeFlow {
	var out []StripeFlow
	for _, list := range [][]flowMaker{sessionFlows, chargeFlows, subscriptionFlows, thinFlows, triggerFlows} {
		for _, m := range list {
			f := &StripeFlow{Name: m.name, version: version}
			m.make(f)
			out = append(out, *f)
		}
	}
	return out
}

type flowMaker struct {
	name string
	make func(*StripeFlow)
}

// AddFlow lets the API answer as it does once the flow has happened.
func (s *Stripe) AddFlow(f StripeFlow) {
	for _, sold := range f.sessions {
		s.AddSession(sold.session, sold.items)
	}
	s.Add(f.objects...)
}

// happens adds an event about an object as it is now, and keeps the object for
// the API. before, if any, are the former values of what an update changed.
func (f *StripeFlow) happens(eventType string, object, before map[string]any) {
	n := len(f.Events) + 1
	f.Events = append(f.Events, snapshotEvent(EventOptions{
		ID: fmt.Sprintf("evt_%d", n), Type: eventType, Created: flowStart.Add(time.Duration(n) * time.Minute), APIVersion: f.version,
	}, object, before))
	if object["object"] != "checkout.session" {
		f.knows(object)
	}
}

// knows keeps an object as it is now for the API.
func (f *StripeFlow) knows(object map[string]any) { f.objects = append(f.objects, maps.Clone(object)) }

// basil is true for the shapes since 2025-03-31.basil.
func (f *StripeFlow) basil() bool { return f.version >= VersionBasil }

// changed is an object with other members; what it was before stays.
func changed(o map[string]any, members map[string]any) map[string]any {
	o = maps.Clone(o)
	maps.Copy(o, members)
	return o
}

// ThinOptions describe a thin event.
type ThinOptions struct {
	ID, Type string
	Created  time.Time
	Live     bool
	// Context is a connected account, or empty.
	Context string
	// Object, Kind and URL are the related object's id, type and address; URL
	// defaults to where Stripe has that kind.
	Object, Kind, URL string
	// Snapshot is the id of the snapshot of the same event, or empty.
	Snapshot string
	// Before are the former values of what an update changed, or nil.
	Before map[string]any
}

// ThinEvent is an event without its object.
// https://docs.stripe.com/api/v2/core/events/object
func ThinEvent(o ThinOptions) []byte {
	if o.URL == "" {
		list := o.Kind + "s"
		if o.Kind == "checkout.session" {
			list = "checkout/sessions"
		}
		o.URL = "/v1/" + list + "/" + o.Object
	}
	event := map[string]any{
		"id": o.ID, "object": "v2.core.event", "context": nil, "created": o.Created.UTC().Format("2006-01-02T15:04:05.000Z"), "livemode": o.Live,
		"reason": nil, "related_object": map[string]any{"id": o.Object, "type": o.Kind, "url": o.URL}, "type": o.Type,
	}
	if o.Object == "" {
		event["related_object"] = nil
	}
	if o.Context != "" {
		event["context"] = o.Context
	}
	if o.Snapshot != "" {
		event["snapshot_event"] = o.Snapshot
	}
	if o.Before != nil {
		event["changes"] = map[string]any{"before": o.Before}
	}
	return indented(event)
}

// Sessions are the checkouts that the flow begins with.
func (f StripeFlow) Sessions() []map[string]any {
	out := make([]map[string]any, len(f.sessions))
	for i, sold := range f.sessions {
		out[i] = maps.Clone(sold.session)
	}
	return out
}
