package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// Types of events from Slack.
const (
	typeIssue  = SourceName + ".issue"
	typeResend = SourceName + ".resend"
)

// recorded is the data of such an event.
type recorded struct {
	Template string                   `json:"template,omitempty"`
	Inputs   map[string]any           `json:"inputs,omitempty"`
	To       []integrations.Recipient `json:"to,omitempty"`
	Serial   string                   `json:"serial,omitempty"`
	// By is who asked, as "slack U012ABCDEF", and Channel where.
	By      string `json:"by"`
	Channel string `json:"channel,omitempty"`
}

// order is the pass that is asked for.
func (r recorded) order() integrations.Order {
	return integrations.Order{Name: "1", Template: r.Template, Inputs: r.Inputs, To: r.To}
}

// event is one of ours. What Slack sends twice has the same id.
func (h *Handler) event(kind, id string, p person, data recorded) (integrations.Event, error) {
	data.By, data.Channel = p.by(), p.channel
	b, err := json.Marshal(data)
	return integrations.Event{
		Source: SourceName, Type: kind, ExternalID: id, Account: p.team, Object: id, Live: true, Time: h.Engine.Now(), Data: b, Wanted: true,
	}, err
}

// issueOne is /pass TEMPLATE name=value … to:@someone.
func (h *Handler) issueOne(ctx context.Context, c command, a ask) *reply {
	if _, no := h.allowed(c.person, a.verb); no != nil {
		return no
	}
	if len(a.rest) > 0 {
		return say(h.oops(c.person, a.verb, errors.New(plain(a.rest[0])+" is no input; values are written as name=value, with quotes where they have spaces")))
	}
	for name, v := range a.inputs {
		if v == "" {
			delete(a.inputs, name) // as in a form that was left empty
		}
	}
	made, err := h.issue(ctx, c.trigger, c.person, recorded{Template: a.verb, Inputs: a.inputs, To: a.to})
	switch {
	case integrations.IsNever(err):
		return say(h.oops(c.person, a.verb, inWords(err, a.verb)))
	case err != nil:
		return h.failed(err)
	}
	return h.issued(made, a.to)
}

// inWords is what is wrong with an order, without what the person knows.
func inWords(err error, template string) error {
	text := strings.TrimPrefix(err.Error(), "template "+template+": ")
	return errors.New(strings.TrimPrefix(text, "deliver: "))
}

// issue makes the pass that somebody asks for, or finds the one that the same
// request has made. Those who are to be answered are so once. Its error is integrations.Never for what is wrong with the
// request.
func (h *Handler) issue(ctx context.Context, id string, p person, data recorded, answers ...integrations.Answer) ([]store.Pass, error) {
	_, made, err := h.Engine.Seen(ctx, SourceName, id)
	if err != nil || made != nil {
		return made, err
	}
	for _, to := range data.To {
		if h.Engine.Channels[to.Channel] == nil {
			return nil, integrations.Never(fmt.Errorf("this server sends nothing by %s", to.Channel))
		}
	}
	if err := h.Engine.Program().Draft(data.order()); err != nil {
		return nil, integrations.Never(err)
	}
	ev, err := h.event(typeIssue, id, p, data)
	if err != nil {
		return nil, err
	}
	out, err := h.Engine.Perform(ctx, integrations.Completed{Event: ev, Orders: []integrations.Order{data.order()}, Answers: answers})
	if errors.Is(err, store.ErrSeen) {
		_, made, err = h.Engine.Seen(ctx, SourceName, id)
		return made, err
	}
	if err == nil {
		h.Log.Info("slack: pass issued", "event", out.EventID, "by", p.by(), "template", data.Template)
	}
	return out.Passes, err
}

// failed is an answer for what went wrong here.
func (h *Handler) failed(err error) *reply {
	h.Log.Error("slack: a request could not be done", "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		return say("That takes longer than Slack waits. Look with `" + h.config.command() + " find WHAT` whether it was done before you try it again.")
	}
	return say("That could not be done now. Please try it again in a minute.")
}

// issued shows passes to whoever issued them.
func (h *Handler) issued(made []store.Pass, to []integrations.Recipient) *reply {
	out := integrations.Issued{To: to}
	for _, row := range made {
		p, err := h.Engine.Pass(row)
		if err != nil {
			return h.failed(err)
		}
		out.Packages = append(out.Packages, p.Package)
	}
	return h.pictures.issued(out)
}

// names are recipients as people read them.
func names(to []integrations.Recipient) string {
	var out []string
	for _, r := range to {
		out = append(out, nameOf(r))
	}
	return strings.Join(out, ", ")
}

func nameOf(r integrations.Recipient) string {
	switch {
	case r.Channel == Channel && userID.MatchString(r.Address):
		return "<@" + r.Address + ">"
	case r.Channel == Channel && conversationID.MatchString(r.Address):
		return "<#" + r.Address + ">"
	}
	return escape(clip(r.Address, mostValue))
}
