package stripe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/passhook/passhook/integrations"
)

// SourceName is the source of all events of this package.
const SourceName = "stripe"

// TypePaid is the alias that hides the traps of Checkout: once a session, when
// it is paid or needs no payment, whichever of Stripe's events says so.
const TypePaid = "stripe.checkout.paid"

// envelope is the little that is read of a snapshot event, in every API version.
// https://docs.stripe.com/api/events/object
type envelope struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Created  any    `json:"created"`
	Livemode *bool  `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// object is the little that is read of the event's object when it arrives. The
// rest waits for Complete: a sender must not wait for more than it takes to
// know what happened.
type object struct {
	ID                string `json:"id"`
	Object            string `json:"object"`
	PaymentStatus     any    `json:"payment_status"`
	PaymentIntent     any    `json:"payment_intent"`
	Subscription      any    `json:"subscription"`
	Invoice           any    `json:"invoice"`
	ClientReferenceID any    `json:"client_reference_id"`
}

// checked says that the bytes have been through a strict decoder already.
var checked = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

var plainID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)

// decode turns a verified body into an Event. Errors are the sender's: the body
// is not what Stripe sends.
func decode(body []byte) (integrations.Event, error) {
	if bytes.Contains(body, []byte(`\u0000`)) {
		return integrations.Event{}, errors.New("text with U+0000 is not allowed")
	}
	var env envelope
	if err := jsonv2.Unmarshal(body, &env); err != nil {
		return integrations.Event{}, fmt.Errorf("this is not an event: %w", err)
	}
	for name, v := range map[string]string{"id": env.ID, "type": env.Type} {
		if !plainID.MatchString(v) {
			return integrations.Event{}, fmt.Errorf("the event has no usable %s", name)
		}
	}
	if env.Account != "" && !plainID.MatchString(env.Account) {
		return integrations.Event{}, errors.New("the event's account is not an id")
	}
	e := integrations.Event{
		Source: SourceName, Types: []string{"stripe." + env.Type}, ExternalID: env.ID,
		Account: env.Account, Object: env.ID, Data: json.RawMessage("{}"),
	}
	if env.Object == "v2.core.event" {
		e.Live = env.Livemode == nil || *env.Livemode
		e.Ignore = "thin events are not read in this version; choose the snapshot payload style for the endpoint in Stripe's dashboard"
		return e, nil
	}
	return snapshot(e, env)
}

func snapshot(e integrations.Event, env envelope) (integrations.Event, error) {
	created, ok := env.Created.(float64)
	switch {
	case env.Object != "event":
		return e, errors.New(`the body is no event: its "object" is not "event"`)
	case env.Livemode == nil:
		return e, errors.New("the event has no livemode")
	case !ok || created < 0 || created > 1<<40:
		return e, errors.New("the event's created is not a time in Unix seconds")
	case len(env.Data.Object) == 0 || env.Data.Object[0] != '{':
		return e, errors.New("the event has no data.object")
	}
	var o object
	if err := jsonv2.Unmarshal(env.Data.Object, &o, checked); err != nil {
		return e, fmt.Errorf("the event's data.object: %w", err)
	}
	e.Live, e.Time, e.Data = *env.Livemode, time.Unix(int64(created), 0).UTC(), env.Data.Object
	if plainID.MatchString(o.ID) {
		e.Object = o.ID
	}
	e.Refs = refs(o)
	if o.Object == "checkout.session" {
		if o.ID != e.Object {
			return e, errors.New("the checkout session has no usable id")
		}
		if status, _ := o.PaymentStatus.(string); paid(env.Type, status) {
			e.Types = append(e.Types, TypePaid)
		}
	}
	return e, nil
}

// paid is an allow-list: a payment_status that Stripe adds some day issues
// nothing until somebody has looked at it.
func paid(eventType, status string) bool {
	switch eventType {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		return status == "paid" || status == "no_payment_required"
	}
	return false
}

// refs are the ids by which refunds, disputes and renewals find the passes.
func refs(o object) []string {
	var out []string
	for _, v := range []any{o.ID, o.PaymentIntent, o.Subscription, o.Invoice, o.ClientReferenceID} {
		if m, ok := v.(map[string]any); ok {
			v = m["id"]
		}
		if s, ok := v.(string); ok && plainID.MatchString(s) {
			out = append(out, s)
		}
	}
	return out
}

// Decode reads an event as the webhook would, without its signature: for
// verbs that work on files.
func Decode(c Config, body []byte) (integrations.Event, error) {
	e, err := decode(body)
	if err != nil {
		return e, err
	}
	return c.apply(carrying(e)), nil
}

// FromSession makes the event that would have said that a session is paid.
func FromSession(c Config, session json.RawMessage) (integrations.Event, error) {
	var o struct {
		Created  int64 `json:"created"`
		Livemode bool  `json:"livemode"`
	}
	if err := jsonv2.Unmarshal(session, &o); err != nil {
		return integrations.Event{}, fmt.Errorf("this is not a Checkout Session: %w", err)
	}
	body, err := json.Marshal(map[string]any{
		"id": "evt_none", "object": "event", "type": "checkout.session.completed", "created": o.Created, "livemode": o.Livemode,
		"data": map[string]any{"object": session},
	})
	if err != nil {
		return integrations.Event{}, err
	}
	return Decode(c, body)
}

// carrying marks an event that has its line items with it as a sample, so that
// Complete does not ask for them.
func carrying(e integrations.Event) integrations.Event {
	var o struct {
		LineItems struct {
			Data []json.RawMessage `json:"data"`
		} `json:"line_items"`
	}
	if jsonv2.Unmarshal(e.Data, &o) == nil && len(o.LineItems.Data) > 0 {
		e.ExternalID = SampleEventPrefix + e.ExternalID
	}
	return e
}
