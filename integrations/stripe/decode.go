package stripe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/integrations"
)

// SourceName is the source of all events of this package.
const SourceName = "stripe"

// envelope is the little that is read of an event, snapshot or thin, in every
// API version.
// https://docs.stripe.com/api/events/object
type envelope struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Created  any    `json:"created"`
	Livemode *bool  `json:"livemode"`
	Data     struct {
		Object             json.RawMessage `json:"object"`
		PreviousAttributes json.RawMessage `json:"previous_attributes"`
	} `json:"data"`
	// Thin events only.
	Context       any `json:"context"`
	RelatedObject any `json:"related_object"`
	SnapshotEvent any `json:"snapshot_event"`
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)

// decode turns a verified body into an Event. Errors are the sender's: the body
// is not what Stripe sends.
func decode(body []byte) (integrations.Event, error) {
	if hasNUL(body) {
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
		Source: SourceName, Type: "stripe." + env.Type, ExternalID: env.ID,
		Account: env.Account, Object: env.ID, Data: json.RawMessage("{}"),
	}
	if env.Object == thinObject {
		return thin(e, env, body), nil
	}
	return snapshot(e, env)
}

// hasNUL reports whether JSON escapes U+0000, which no database keeps in text. A
// backslash before the escape's own makes it plain text.
func hasNUL(body []byte) bool {
	for {
		i := bytes.Index(body, []byte(`\u0000`))
		if i < 0 {
			return false
		}
		before := body[:i]
		if (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 0 {
			return true
		}
		body = body[i+1:]
	}
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
	e.Live, e.Time, e.Data = *env.Livemode, time.Unix(int64(created), 0).UTC(), env.Data.Object
	read := integrations.Completed{Event: e}
	o, err := understand(&read)
	if err != nil {
		return e, err
	}
	e = read.Event
	if plainID.MatchString(o.ID) {
		e.Object = o.ID
	}
	// What an update changed stands beside the object; rules find it inside.
	if previous := env.Data.PreviousAttributes; len(previous) > 0 && previous[0] == '{' && o.ID != "" && o.PreviousAttributes == nil {
		read.Object, read.Data = e.Object, splice(e.Data, "previous_attributes", previous)
		_, err = understand(&read)
		e = read.Event
	}
	return e, err
}

// Receive reads an event that is known to be Stripe's: the body of a webhook,
// once it is verified, or an event that was fetched. Ignore and Redirect are as
// the config's mode says. Where there is an error, the event may have its
// ExternalID.
func Receive(c Config, body []byte) (integrations.Event, error) {
	e, err := decode(body)
	if err != nil {
		return e, err
	}
	return c.applyMode(e), nil
}

// Decode reads an event of a file or a sample, which may carry its line items.
func (c *Client) Decode(body []byte) (integrations.Event, error) {
	e, err := Receive(c.config, body)
	return markSample(e), err
}

// FromSession makes the event that would have said that a session is paid.
func (c *Client) FromSession(session json.RawMessage) (integrations.Event, error) {
	var o struct {
		Created  int64 `json:"created"`
		Livemode bool  `json:"livemode"`
	}
	if err := jsonv2.Unmarshal(session, &o); err != nil {
		return integrations.Event{}, fmt.Errorf("this is not a Checkout Session: %w", err)
	}
	body, err := eventAbout("checkout.session.completed", o.Created, o.Livemode, session)
	if err != nil {
		return integrations.Event{}, err
	}
	return c.Decode(body)
}

// eventAbout makes the body of an event about an object, as Stripe's would be.
func eventAbout(eventType string, created int64, live bool, object json.RawMessage) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id": "evt_none", "object": "event", "type": eventType, "created": created, "livemode": live, "data": map[string]any{"object": object},
	})
}

// markSample marks an event that has its line items with it as a sample, so that
// Complete does not ask for them.
func markSample(e integrations.Event) integrations.Event {
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
