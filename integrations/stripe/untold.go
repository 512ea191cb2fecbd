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
	// changes is for how long an object may become what is to be told.
	changes time.Duration
	// tells is what an object should have told by now.
	tells func(o listed, now time.Time) []telling
}

const day = 24 * time.Hour

// lists are those of what is bought and of what ends it. Bank transfers arrive
// late, invoices are collected for weeks, and banks take months to judge a
// dispute.
var lists = []objectList{
	{"sessions", "/v1/checkout/sessions", values{"status": {"complete"}}, 30 * day, sessionTells},
	{"refunds", "/v1/refunds", values{"expand[]": {"data.charge"}}, 30 * day, refundTells},
	{"disputes", "/v1/disputes", nil, 120 * day, disputeTells},
	{"invoices", "/v1/invoices", values{"status": {"paid"}}, 30 * day, invoiceTells},
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

// telling is an event that should have been.
type telling struct {
	// eventType is Stripe's, and object what it carries.
	eventType string
	object    json.RawMessage
	at        int64 // Unix seconds
	// name is the event's type or alias without which it says nothing that
	// matters.
	name string
	// note tells what the object said, in the event's own id.
	note string
	// by are events of which all must be there for it to be told, each about an
	// object with one of several names.
	by []told
}

type told struct {
	object string
	names  []string
}

// HasEvent is Memory's.
type HasEvent func(ctx context.Context, source, object string, types ...string) (bool, error)

// Untold gives each event to each that objects made since then should have
// caused and that nobody knows. What was made within the last minutes may have
// an event on its way.
func (r Reader) Untold(ctx context.Context, since, now time.Time, has HasEvent, each func(integrations.Event) error) error {
	for _, l := range lists {
		if err := r.untold(ctx, l, since, now, has, each); err != nil {
			return err
		}
	}
	return nil
}

// untold reads the objects of one list that were made since then.
func (r Reader) untold(ctx context.Context, l objectList, since, now time.Time, has HasEvent, each func(integrations.Event) error) error {
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
		for _, t := range l.tells(o, now) {
			if err := r.make(ctx, o, t, has, each); err != nil {
				return err
			}
		}
		return nil
	})
}

// make gives an event to each that nobody knows.
func (r Reader) make(ctx context.Context, o listed, t telling, has HasEvent, each func(integrations.Event) error) error {
	for i, by := range t.by {
		known, err := has(ctx, SourceName, by.object, by.names...)
		if err != nil || known && i == len(t.by)-1 {
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
	e, err := r.made(body)
	if err != nil {
		return each(r.unreadable(id, body))
	}
	if e.ExternalID = id; !e.Is(t.name) {
		return nil
	}
	return each(e)
}

func sessionTells(o listed, _ time.Time) []telling {
	return []telling{{"checkout.session.completed", o.raw, o.created, TypePaid, "paid", []told{{o.id, []string{TypePaid}}}}}
}

func invoiceTells(o listed, _ time.Time) []telling {
	t := tellingOf("invoice.paid", o, max(o.created, number(at(o.Times, "paid_at"))), "paid")
	t.by[0].names = append(t.by[0].names, "stripe.invoice.payment_succeeded")
	return []telling{t}
}

// disputeTells knows no time at which a dispute was closed, so that is now.
func disputeTells(o listed, now time.Time) []telling {
	out := []telling{tellingOf("charge.dispute.created", o, o.created, "created")}
	switch text(o.Status) {
	case "won", "lost", "warning_closed":
		out = append(out, tellingOf("charge.dispute.closed", o, now.Unix(), "closed"))
	}
	return out
}

// tellingOf is an event about an object that is told by itself alone.
func tellingOf(eventType string, o listed, at int64, note string) telling {
	name := "stripe." + eventType
	return telling{eventType, o.raw, at, name, note, []told{{o.id, []string{name}}}}
}

// refundTells looks at the charge: only that says whether all of it is refunded.
// A part is told by events about the charge and about the refund, of which
// either may be missing.
func refundTells(o listed, now time.Time) []telling {
	switch text(o.Status) {
	case "failed":
		return []telling{tellingOf("refund.failed", o, now.Unix(), "failed")}
	case "canceled":
		return []telling{tellingOf("refund.updated", o, now.Unix(), "canceled")}
	}
	charge := idOf(o.Charge)
	if charge == "" {
		return []telling{tellingOf("refund.created", o, o.created, "created")}
	}
	const name = "stripe.charge.refunded"
	t := telling{"charge.refunded", o.Charge, o.created, name, "refunded", []told{{charge, []string{TypeRefunded}}}}
	var c object
	if jsonv2.Unmarshal(o.Charge, &c, checked) == nil && !wholly(c) {
		t.by = []told{{charge, []string{name}}, {o.id, []string{"stripe.refund.created", "stripe.refund.updated"}}}
	}
	return []telling{t}
}
