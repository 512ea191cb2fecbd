package slack

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
)

// interaction is somebody's use of a button or a form.
// https://docs.slack.dev/reference/interaction-payloads
type interaction struct {
	Type     string   `json:"type"`
	Team     object   `json:"team"`
	User     user     `json:"user"`
	Channel  object   `json:"channel"`
	Trigger  string   `json:"trigger_id"`
	Response string   `json:"response_url"`
	Actions  []choice `json:"actions"`
	View     *form    `json:"view"`
	// ActionID and Value are those of a menu that asks for options.
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}

type object struct {
	ID string `json:"id"`
}

type user struct {
	ID   string `json:"id"`
	Team string `json:"team_id"`
}

type choice struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	Option   struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

type form struct {
	ID       string `json:"id"`
	Hash     string `json:"hash"`
	Callback string `json:"callback_id"`
	Metadata string `json:"private_metadata"`
	State    struct {
		Values map[string]map[string]entered `json:"values"`
	} `json:"state"`
}

// of is what was entered in a block.
func (f *form) of(block string) entered {
	for _, e := range f.State.Values[block] {
		return e // a block has one field
	}
	return entered{}
}

func (i *interaction) person() person { return person{i.Team.ID, i.User.ID, i.Channel.ID} }

func parseInteraction(payload []byte) (*interaction, error) {
	var i interaction
	if err := json.Unmarshal(payload, &i); err != nil {
		return nil, errors.New("the payload is no interaction")
	}
	if i.Team.ID == "" { // as where the app is an organization's
		i.Team.ID = i.User.Team
	}
	if !userID.MatchString(i.User.ID) || i.Team.ID == "" {
		return nil, errors.New("the payload lacks user or team")
	}
	return &i, nil
}

// interaction answers the use of a button or a form; nil takes note of it. The
// error is that it is none.
func (h *Handler) interaction(ctx context.Context, payload []byte) (any, error) {
	i, err := parseInteraction(payload)
	if err != nil {
		return nil, err
	}
	switch {
	case i.Type == "block_actions" && i.View != nil && i.View.Callback == callback:
		h.chosen(ctx, i)
	case i.Type == "block_actions":
		if err := h.pressed(ctx, i); err != nil {
			h.Log.Error("slack: what a button did could not be answered", "error", err)
		}
	case i.Type == "block_suggestion":
		return h.suggestions(i), nil
	case i.Type == "view_submission" && i.View != nil && i.View.Callback == callback:
		return h.submitted(ctx, i), nil
	}
	return nil, nil //nolint:nilnil // an empty answer
}

// remembered is what the form carries. The person is where they typed the
// command.
func (i *interaction) remembered() (remembered, person) {
	var m remembered
	_ = json.Unmarshal([]byte(i.View.Metadata), &m) // our own, signed by Slack
	p := i.person()
	p.channel = m.Channel
	return m, p
}

// chosen shows the fields of another template.
func (h *Handler) chosen(ctx context.Context, i *interaction) {
	m, p := i.remembered()
	for _, a := range i.Actions {
		if a.ActionID == actionTemplate {
			m.Template = a.Option.Value
		}
	}
	if !h.may(p, m.Template) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	if _, err := h.Client.api.UpdateViewContext(ctx, h.view(h.templates(p), m), "", i.View.Hash, i.View.ID); err != nil {
		h.Log.Warn("slack: the form could not be changed; Next does it as well", "error", sorted(err))
	}
}

// submitted issues what a form asks for. What is wrong stands at the fields.
func (h *Handler) submitted(ctx context.Context, i *interaction) *slack.ViewSubmissionResponse {
	m, p := i.remembered()
	name := i.View.of(blockTemplate).Option.Value
	if name == "" {
		name = m.Template
	}
	t := h.Engine.Program().Templates()[name]
	if t == nil || !h.may(p, name) {
		return slack.NewErrorsViewSubmissionResponse(map[string]string{blockTemplate: "You may not issue this template here."})
	}
	if name != m.Template {
		m.Template = name
		view := h.view(h.templates(p), m)
		return slack.NewUpdateViewSubmissionResponse(&view)
	}
	data := recorded{Template: name}
	var wrong map[string]string
	if data.Inputs, wrong = h.inputs(t, i.View); len(wrong) == 0 {
		data.To, wrong = h.recipients(i.View)
	}
	if len(wrong) > 0 {
		return slack.NewErrorsViewSubmissionResponse(wrong)
	}
	_, err := h.issue(ctx, i.View.ID, p, data, integrations.Answer{To: asker(p.user, m.Response, h.Engine.Now())})
	switch {
	case integrations.IsNever(err):
		return slack.NewErrorsViewSubmissionResponse(map[string]string{blockTemplate: clip(inWords(err, name).Error(), mostText)})
	case err != nil:
		return slack.NewErrorsViewSubmissionResponse(map[string]string{blockTemplate: h.failed(err).Text})
	}
	return slack.NewClearViewSubmissionResponse()
}

// inputs are those that a form has, and what is wrong with them by block.
func (h *Handler) inputs(t *passes.Template, f *form) (map[string]any, map[string]string) {
	out, wrong := map[string]any{}, map[string]string{}
	for _, in := range t.Inputs {
		if fieldOf(in) == nil {
			continue
		}
		block := inputBlock(t, in)
		v := f.of(block).value(in, h.Zone)
		if v == nil {
			if in.Required && in.Default == nil {
				wrong[block] = "This is needed."
			}
			continue
		}
		checked, err := t.CheckInput(in, v)
		if err != nil {
			wrong[block] = clip(err.Error(), mostText)
			continue
		}
		out[in.Name] = checked
	}
	return out, wrong
}

// recipients are those that a form names.
func (h *Handler) recipients(f *form) (out []integrations.Recipient, wrong map[string]string) {
	wrong = map[string]string{}
	for _, r := range []struct{ block, channel, address string }{
		{blockUser, Channel, f.of(blockUser).User},
		{blockChannel, Channel, f.of(blockChannel).Where},
		{blockEmail, integrations.ChannelEmail, strings.TrimSpace(f.of(blockEmail).Value)},
	} {
		if r.address == "" {
			continue
		}
		channel := h.Engine.Channels[r.channel]
		if channel == nil {
			wrong[r.block] = "passhook sends nothing this way here."
			continue
		}
		if err := channel.Check(r.address); err != nil {
			wrong[r.block] = clip("This "+err.Error(), mostText)
			continue
		}
		out = append(out, integrations.Recipient{Channel: r.channel, Address: r.address})
	}
	return out, wrong
}

// suggestions are the templates that a menu offers for what was typed.
func (h *Handler) suggestions(i *interaction) any {
	p := i.person()
	if i.View != nil {
		_, p = i.remembered()
	}
	found := []*slack.OptionBlockObject{}
	for _, name := range h.templates(p) {
		if i.ActionID == actionTemplate && strings.Contains(strings.ToLower(name), strings.ToLower(i.Value)) && len(found) < mostOptions {
			found = append(found, options([]string{name})...)
		}
	}
	return map[string]any{"options": found}
}
