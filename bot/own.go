package bot

import (
	"encoding/json"
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
)

// OwnEvent makes an event that voids, unvoids or updates one pass, by its
// serial number. Inputs are for an update.
func OwnEvent(eventType, serial string, inputs map[string]any, at time.Time) (integrations.Event, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return integrations.Event{}, err
	}
	data, err := json.Marshal(map[string]any{"inputs": inputs})
	return integrations.Event{
		Source: SourceOwn, Types: []string{eventType}, ExternalID: id.String(), Object: serial, Live: true, Time: at,
		Refs: []string{serial}, Data: data, Effects: []integrations.Effect{{}},
	}, err
}

// ownEffects are read from a stored event.
func ownEffects(e integrations.Event) ([]integrations.Effect, error) {
	effect := integrations.Effect{Reason: ReasonOperator, Lift: e.Types[0] == TypeUnvoid, Refs: e.Refs}
	if e.Types[0] == TypeUpdate {
		var data struct {
			Inputs json.RawMessage `json:"inputs"`
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, err
		}
		effect.Reason, effect.Inputs = "", data.Inputs
	}
	return []integrations.Effect{effect}, nil
}
