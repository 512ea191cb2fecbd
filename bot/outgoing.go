package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// MessageSlots is how many messages for an endpoint are sent at once.
const MessageSlots = 4

const (
	// disabledAfter is how long an endpoint may do nothing but fail.
	disabledAfter = 120 * time.Hour
	// unknownFor is how long messages wait for an endpoint that the config does
	// not name: another process, with a newer one, may know it.
	unknownFor = time.Hour
)

// tell sends a claimed message.
func (e *Engine) tell(ctx context.Context, o *store.Outgoing) error {
	to := e.Notifiers[o.Endpoint]
	if to == nil {
		return e.unknownEndpoint(ctx, o)
	}
	why, err := e.Store.Disabled(ctx, o.Endpoint)
	switch {
	case err != nil:
		return err
	case why != "":
		return settled(e.Store.EndOutgoing(ctx, o, "webhook "+o.Endpoint+" is disabled: "+why))
	}
	m, err := e.message(ctx, o)
	if err != nil {
		return err
	}
	if err := to.Send(ctx, m); err != nil {
		return e.refused(ctx, o, err)
	}
	if err := e.Store.EndpointAnswered(ctx, o.Endpoint); err != nil {
		e.Log.Warn("that an endpoint answers could not be stored", "webhook", o.Endpoint, "error", err)
	}
	return nil
}

// settled is what the work on a row ends with that is settled already.
func settled(err error) error {
	if err != nil {
		return err
	}
	return store.ErrSettled
}

func (e *Engine) unknownEndpoint(ctx context.Context, o *store.Outgoing) error {
	why := fmt.Sprintf("there is no webhook %s in the config", o.Endpoint)
	if e.Now().Sub(o.Since) < unknownFor {
		return integrations.Unavailable(errors.New(why))
	}
	e.Log.Warn("messages of a webhook end that the config does not name any more", "webhook", o.Endpoint)
	return settled(e.Store.EndOutgoing(ctx, o, why))
}

// refused decides what becomes of an endpoint that took no message. The error is
// that of the message's work.
func (e *Engine) refused(ctx context.Context, o *store.Outgoing, cause error) error {
	why := cause.Error()
	switch {
	case ctx.Err() != nil:
		return cause // it was cut off by us
	case !integrations.IsGone(cause):
		failing, err := e.Store.EndpointFailed(ctx, o.Endpoint)
		if err != nil {
			e.Log.Warn("that an endpoint fails could not be stored", "webhook", o.Endpoint, "error", err)
		}
		if err != nil || failing < disabledAfter {
			return cause
		}
		why = fmt.Sprintf("it has done nothing but fail for %.0f hours: %s", failing.Hours(), why)
	}
	fresh, err := e.Store.Disable(ctx, o, why)
	if fresh {
		e.Log.Error("webhook "+o.Endpoint+" is disabled; when it works again: passhook trigger webhooks."+o.Endpoint, "error", why)
	}
	return settled(err)
}

// PassData is what endpoints are told of a pass, as it is when it is told.
type PassData struct {
	Sample       bool            `json:"sample,omitempty"`
	SerialNumber string          `json:"serial_number"`
	Template     string          `json:"template"`
	Rule         string          `json:"rule"`
	Source       string          `json:"source"`
	Item         string          `json:"item"`
	Unit         int             `json:"unit"`
	OrderID      string          `json:"order_id"`
	EventID      string          `json:"event_id"`
	ExternalID   string          `json:"external_id"`
	Live         bool            `json:"live"`
	Voided       bool            `json:"voided"`
	Void         []string        `json:"void"`
	Inputs       json.RawMessage `json:"inputs"`
	IssuedAt     time.Time       `json:"issued_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
}

// DeliveryData is what endpoints are told of a delivery.
type DeliveryData struct {
	Sample        bool     `json:"sample,omitempty"`
	ID            string   `json:"id"`
	Channel       string   `json:"channel"`
	Recipient     string   `json:"recipient"`
	Error         string   `json:"error"`
	OrderID       string   `json:"order_id"`
	EventID       string   `json:"event_id"`
	SerialNumbers []string `json:"serial_numbers"`
}

// message is a stored message as it is sent.
func (e *Engine) message(ctx context.Context, o *store.Outgoing) (m integrations.Message, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	m = integrations.Message{ID: o.ID, Type: o.Type, Time: o.At}
	if o.Type == integrations.MessageDeliveryDead {
		m.Data, err = e.deliveryData(ctx, o)
	} else {
		m.Data, err = e.passData(ctx, o)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = integrations.Never(fmt.Errorf("%s is not there any more", o.Subject))
	}
	return m, err
}

func (e *Engine) passData(ctx context.Context, o *store.Outgoing) (PassData, error) {
	p, err := e.Store.PassBySerial(ctx, o.Subject)
	if err != nil {
		return PassData{}, err
	}
	ev, err := e.Store.Event(ctx, o.EventID)
	if errors.Is(err, store.ErrNotFound) {
		ev, err = &store.Event{}, nil
	}
	if err != nil {
		return PassData{}, err
	}
	return PassData{
		SerialNumber: p.Serial, Template: p.Template, Rule: p.Rule, Source: p.Source, Item: p.Item, Unit: p.Unit, OrderID: p.OrderID,
		EventID: o.EventID, ExternalID: ev.ExternalID, Live: p.Live, Voided: len(p.Void) > 0, Void: append([]string{}, p.Void...),
		Inputs: p.Inputs, IssuedAt: p.Created, UpdatedAt: p.Updated,
	}, nil
}

func (e *Engine) deliveryData(ctx context.Context, o *store.Outgoing) (DeliveryData, error) {
	d, err := e.Store.Delivery(ctx, o.Subject)
	if err != nil {
		return DeliveryData{}, err
	}
	return DeliveryData{
		ID: d.ID, Channel: d.Channel, Recipient: d.Recipient, Error: d.Note, OrderID: d.OrderID, EventID: o.EventID, SerialNumbers: append([]string{}, d.Passes...),
	}, nil
}

// SampleMessage is a message of that type about nothing real.
func SampleMessage(kind string, now time.Time) integrations.Message {
	m := integrations.Message{ID: fmt.Sprintf("sample_%d", now.UnixNano()), Type: kind, Time: now.UTC()}
	if kind == integrations.MessageDeliveryDead {
		m.Data = DeliveryData{
			Sample: true, ID: "0190f3a2-5c1e-7a3b-9d4f-000000000004", Channel: integrations.ChannelEmail, Recipient: "ada@example.com", Error: "550 no such user",
			OrderID: "0190f3a2-5c1e-7a3b-9d4f-000000000002", EventID: "0190f3a2-5c1e-7a3b-9d4f-000000000001", SerialNumbers: []string{"SAMPLESAMPLESAMPLESAMPLE"},
		}
		return m
	}
	p := PassData{
		Sample: true, SerialNumber: "SAMPLESAMPLESAMPLESAMPLE", Template: "concert", Rule: "concert", Source: "stripe", Item: "li_sample", Unit: 1,
		OrderID: "0190f3a2-5c1e-7a3b-9d4f-000000000002", EventID: "0190f3a2-5c1e-7a3b-9d4f-000000000001", ExternalID: "evt_sample",
		Void: []string{}, Inputs: json.RawMessage(`{"holder":"Ada Lovelace"}`), IssuedAt: m.Time, UpdatedAt: m.Time,
	}
	if kind == integrations.MessageVoided {
		p.Voided, p.Void = true, []string{integrations.ReasonRefund}
	}
	m.Data = p
	return m
}

// toldDaily is how often the operator is told of an endpoint whose messages are
// given up.
const toldDaily = 24 * time.Hour

// markDeaf begins the mark that says when the operator was told of an endpoint.
const markDeaf = "told of webhook "

// endpoints tells of those for which messages were given up, once a day, and of
// those that are disabled. It returns the ones that it told of.
func (e *Engine) endpoints(ctx context.Context, n *notice, all []store.Outgoing) (told []store.Outgoing, err error) {
	for _, o := range all {
		why, err := e.Store.Disabled(ctx, o.Endpoint)
		if err != nil {
			return nil, err
		}
		if why != "" {
			n.deaf++
			n.add(o.ID, "Webhook %s is disabled: %s\nIt is told nothing more. When it works again: passhook trigger webhooks.%s\n\n", o.Endpoint, strings.TrimSuffix(why, "."), o.Endpoint)
			told = append(told, o)
			continue
		}
		mark, err := e.Store.Mark(ctx, markDeaf+o.Endpoint)
		if err != nil {
			return nil, err
		}
		if last, err := time.Parse(time.RFC3339, mark); err == nil && e.Now().Sub(last).Abs() < toldDaily {
			continue
		}
		n.deaf++
		n.add(o.ID, "Messages for webhook %s were given up; the last one: %s\nThey are not sent again. Mend the endpoint, and try it: passhook trigger webhooks.%s\n\n", o.Endpoint, o.Note, o.Endpoint)
		told = append(told, o)
	}
	return told, nil
}

// toldOfEndpoints remembers when the operator was told.
func (e *Engine) toldOfEndpoints(ctx context.Context, told []store.Outgoing) error {
	for _, o := range told {
		if err := e.Store.SetMark(ctx, markDeaf+o.Endpoint, e.Now().UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}
