package slack

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/passhook/passhook/integrations"
)

// SourceName begins the types of events that people make in Slack.
const SourceName = "slack"

// Channel is the name of this channel.
const Channel = integrations.ChannelSlack

// Source is what people ask for in Slack. It makes a replay of its events do
// what they did.
type Source struct{}

var (
	_ integrations.Source = Source{}
	_ integrations.Asked  = Source{}
)

// Types are those of its events. They issue by themselves.
func (Source) Types() (map[string]integrations.TypeInfo, error) {
	return map[string]integrations.TypeInfo{typeIssue: {}, typeResend: {}}, nil
}

// Decode refuses all: such events come from Slack only.
func (Source) Decode([]byte) (integrations.Event, error) {
	return integrations.Event{}, errors.New("events of Slack are made with its command")
}

// Asker is the person whose command or form it was.
func (Source) Asker(e integrations.Event) (integrations.Recipient, bool) {
	var data recorded
	err := json.Unmarshal(e.Data, &data)
	user, ok := strings.CutPrefix(data.By, SourceName+" ")
	return integrations.Recipient{Channel: Channel, Address: user}, err == nil && ok && userID.MatchString(user)
}

// Complete reads from an event what it asks for.
func (Source) Complete(_ context.Context, e integrations.Event) (integrations.Completed, error) {
	out := integrations.Completed{Event: e}
	var data recorded
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return out, integrations.Never(err)
	}
	if e.Type == typeIssue {
		out.Orders = []integrations.Order{data.order()}
	}
	return out, nil
}
