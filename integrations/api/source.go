package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/passhook/passhook/integrations"
)

// Source is what one key asks for. It makes a replay of its events do what they
// did.
type Source struct{ Name string }

var _ integrations.Source = Source{}

// Types are the one type of its events.
func (s Source) Types() (map[string]integrations.TypeInfo, error) {
	return map[string]integrations.TypeInfo{s.Name + typeIssue: {}}, nil
}

// Decode refuses all: such events come over the API only.
func (Source) Decode([]byte) (integrations.Event, error) {
	return integrations.Event{}, errors.New("passes of the API are asked for with POST /api/passes")
}

// Complete reads from an event what it asks for.
func (Source) Complete(_ context.Context, e integrations.Event) (integrations.Completed, error) {
	out := integrations.Completed{Event: e}
	var data recorded
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return out, integrations.Never(err)
	}
	for n, o := range data.Orders {
		out.Orders = append(out.Orders, o.ask(n))
	}
	return out, nil
}

// expires is when a pass ends that is valid for so many days from then on; nil:
// never.
func expires(from time.Time, days int) any {
	if days == 0 {
		return nil
	}
	return from.AddDate(0, 0, days).UTC().Format(time.RFC3339)
}
