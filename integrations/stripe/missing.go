package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/integrations"
)

// objectList is a list of Stripe's API whose objects are looked at themselves: Stripe
// may fail to make an event, and then no list of events has it.
// https://docs.stripe.com/webhooks/handle-irrecoverable-events
type objectList struct {
	name, path string
	query      values
	// changes is for how long after it was made an object may still change.
	changes time.Duration
	// expects are the events that there should be about an object by now.
	expects func(o listed, now time.Time) []expectedEvent
}

const day = 24 * time.Hour

// lists are those of what is bought and of what ends it. Bank transfers arrive
// late, invoices are collected for weeks, and banks take months to judge a
// dispute.
var lists = []objectList{
	{"sessions", "/v1/checkout/sessions", values{"status": {"complete"}}, 30 * day, expectedOfSession},
	{"refunds", "/v1/refunds", values{"expand[]": {"data.charge"}}, 30 * day, expectedOfRefund},
	{"disputes", "/v1/disputes", nil, 120 * day, expectedOfDispute},
	{"invoices", "/v1/invoices", values{"status": {"paid"}}, 30 * day, expectedOfInvoice},
}

// listed is the little that is read of an object of such a list. Members are
// any, so that one that Stripe changes hides no object.
type listed struct {
	raw     json.RawMessage
	id      string
	created int64

	ID      any             `json:"id"`
	Created any             `json:"created"`
	Status  any             `json:"status"`
	Charge  json.RawMessage `json:"charge"`
	Times   any             `json:"status_transitions"`
}

func readListed(raw json.RawMessage) listed {
	o := listed{raw: raw}
	_ = jsonv2.Unmarshal(raw, &o, checked) // what is no object has no id
	o.id, o.created = id(o.ID), number(o.Created)
	return o
}

// expectedEvent is an event that Stripe should have made.
type expectedEvent struct {
	// eventType is Stripe's, and object what it carries.
	eventType string
	object    json.RawMessage
	at        int64 // Unix seconds
	// name is the type or alias that it must have to matter.
	name string
	// note is what happened to the object, in the id of an event made for it.
	note string
	// knownBy are stored events: where all are there, nothing is missing.
	knownBy []storedEvent
}

// storedEvent is any event about an object that has one of the names.
type storedEvent struct {
	object string
	names  []string
}

// HasEvent is Memory's.
type HasEvent func(ctx context.Context, source, object string, types ...string) (bool, error)

// Missing makes the events that there should be about objects made since then
// and that are not stored, and gives them to each. What was made within the last
// minutes may have an event on its way.
func (r Reader) Missing(ctx context.Context, since, now time.Time, has HasEvent, each func(integrations.Event) error) error {
	for _, l := range lists {
		if err := r.missingOfList(ctx, l, since, now, has, each); err != nil {
			return err
		}
	}
	return nil
}

// missingOfList reads the objects of one list that were made since then.
func (r Reader) missingOfList(ctx context.Context, l objectList, since, now time.Time, has HasEvent, each func(integrations.Event) error) error {
	query := values{"created[gte]": {strconv.FormatInt(since.Unix(), 10)}}
	maps.Copy(query, l.query)
	return r.each(ctx, l.path, query, func(raw json.RawMessage) error {
		o := readListed(raw)
		if o.id == "" {
			return each(r.unreadable("", raw))
		}
		if o.created > now.Add(-overlap).Unix() {
			return nil
		}
		for _, t := range l.expects(o, now) {
			if err := r.giveMissing(ctx, o, t, has, each); err != nil {
				return err
			}
		}
		return nil
	})
}

// giveMissing makes an event that is not stored and gives it to each.
func (r Reader) giveMissing(ctx context.Context, o listed, t expectedEvent, has HasEvent, each func(integrations.Event) error) error {
	for i, by := range t.knownBy {
		known, err := has(ctx, SourceName, by.object, by.names...)
		if err != nil || known && i == len(t.knownBy)-1 {
			return err
		}
		if !known {
			break
		}
	}
	id := fmt.Sprintf("reconciled:%s:%s", o.id, t.note)
	body, err := eventAbout(t.eventType, t.at, r.Live, t.object)
	if err != nil {
		return err
	}
	e, err := r.decode(body)
	if err != nil {
		return each(r.unreadable(id, body))
	}
	if e.ExternalID = id; !e.Is(t.name) {
		return nil
	}
	return each(e)
}

func expectedOfSession(o listed, _ time.Time) []expectedEvent {
	return []expectedEvent{{"checkout.session.completed", o.raw, o.created, TypePaid, "paid", []storedEvent{{o.id, []string{TypePaid}}}}}
}

func expectedOfInvoice(o listed, _ time.Time) []expectedEvent {
	t := expectedOf("invoice.paid", o, max(o.created, number(at(o.Times, "paid_at"))), "paid")
	t.knownBy[0].names = append(t.knownBy[0].names, "stripe.invoice.payment_succeeded")
	return []expectedEvent{t}
}

// expectedOfDispute knows no time at which a dispute was closed, so that is now.
func expectedOfDispute(o listed, now time.Time) []expectedEvent {
	out := []expectedEvent{expectedOf("charge.dispute.created", o, o.created, "created")}
	switch text(o.Status) {
	case "won", "lost", "warning_closed":
		out = append(out, expectedOf("charge.dispute.closed", o, now.Unix(), "closed"))
	}
	return out
}

// expectedOf is an event about an object that no other event stands for.
func expectedOf(eventType string, o listed, at int64, note string) expectedEvent {
	name := "stripe." + eventType
	return expectedEvent{eventType, o.raw, at, name, note, []storedEvent{{o.id, []string{name}}}}
}

// expectedOfRefund looks at the charge: only that says whether all of it is refunded.
// A part has events about the charge and about the refund, of which
// either may be missing.
func expectedOfRefund(o listed, now time.Time) []expectedEvent {
	switch text(o.Status) {
	case "failed":
		return []expectedEvent{expectedOf("refund.failed", o, now.Unix(), "failed")}
	case "canceled":
		return []expectedEvent{expectedOf("refund.updated", o, now.Unix(), "canceled")}
	}
	charge := idOf(o.Charge)
	if charge == "" {
		return []expectedEvent{expectedOf("refund.created", o, o.created, "created")}
	}
	const name = "stripe.charge.refunded"
	t := expectedEvent{"charge.refunded", o.Charge, o.created, name, "refunded", []storedEvent{{charge, []string{TypeRefunded}}}}
	var c object
	if jsonv2.Unmarshal(o.Charge, &c, checked) == nil && !wholly(c) {
		t.knownBy = []storedEvent{{charge, []string{name}}, {o.id, []string{"stripe.refund.created", "stripe.refund.updated"}}}
	}
	return []expectedEvent{t}
}
