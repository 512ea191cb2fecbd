package bot

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/passhook/passhook/integrations"
)

// SourceOwn is the source of events that people make here, with passhook
// itself: on the command line, or on a page.
const SourceOwn = "passhook"

// Types of such events.
const (
	TypeVoid   = SourceOwn + ".void"
	TypeUnvoid = SourceOwn + ".unvoid"
	TypeUpdate = SourceOwn + ".update"
	TypePush   = SourceOwn + ".push"
)

// Who makes such events, beside the keys of the API.
const (
	ByOperator = "operator"
	ByBuyer    = "buyer"
)

// OwnEvent makes an event by which somebody voids, unvoids or updates one pass,
// by its serial number. Inputs are for an update.
func OwnEvent(eventType, serial string, inputs map[string]any, by string, at time.Time) (integrations.Event, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return integrations.Event{}, err
	}
	data, err := json.Marshal(map[string]any{"inputs": inputs, "by": by})
	return integrations.Event{
		Source: SourceOwn, Type: eventType, ExternalID: id.String(), Object: serial, Live: true, Time: at,
		Data: data, Wanted: true,
	}, err
}

// PushTemplate makes an event that wakes the phones of all passes of a template.
func PushTemplate(name string, at time.Time) (integrations.Event, error) {
	e, err := OwnEvent(TypePush, "", nil, ByOperator, at)
	if err != nil {
		return e, err
	}
	e.Object = "template " + name
	e.Data, err = json.Marshal(map[string]string{"template": name, "by": ByOperator})
	return e, err
}

// Own is the source of such events.
type Own struct{}

var _ integrations.Source = Own{}

// Types are those that a rule may be on, too.
func (Own) Types() (map[string]integrations.TypeInfo, error) {
	return map[string]integrations.TypeInfo{TypeVoid: {}, TypeUnvoid: {}, TypeUpdate: {}, TypePush: {}}, nil
}

// Decode refuses all: nobody else makes such events.
func (Own) Decode([]byte) (integrations.Event, error) {
	return integrations.Event{}, errors.New("events of passhook itself are made with passhook passes")
}

// Complete reads what the event does from it.
func (Own) Complete(_ context.Context, e integrations.Event) (integrations.Completed, error) {
	out := integrations.Completed{Event: e}
	effect := integrations.Effect{Reason: integrations.ReasonOperator, Lift: e.Type == TypeUnvoid, Serial: e.Object}
	var data struct {
		Inputs   json.RawMessage `json:"inputs"`
		Template string          `json:"template"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return out, integrations.Never(err)
	}
	switch e.Type {
	case TypeUpdate:
		effect.Reason, effect.Inputs = "", data.Inputs
	case TypePush:
		effect = integrations.Effect{Push: true, Serial: e.Object, Template: data.Template}
	}
	out.Effects = []integrations.Effect{effect}
	return out, nil
}
