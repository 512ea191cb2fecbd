package standins

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// SlackTrouble is what a modal says where the app's answer to its submission
// is of no use. Slack's wording is not documented.
const SlackTrouble = "connection_trouble"

// slackUse is the element that somebody uses: in a message, or in a view.
type slackUse struct {
	user          SlackUser
	message       *SlackMessage
	view          *slackView
	block, action string
	element, in   map[string]any
}

// Press is a user who presses a button of a message, named by its action_id or
// by what is written on it. A button with a url opens that too; the app has to
// acknowledge all the same.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func (s *Slack) Press(ctx context.Context, user string, m SlackMessage, button string) (SlackReply, error) {
	s.mu.Lock()
	use, err := s.use(user, &m, nil, "", button)
	if err == nil && slackType(use.element) != "button" {
		err = fmt.Errorf("slack stand-in: %s is a %s, no button", button, slackType(use.element))
	}
	if err != nil {
		s.mu.Unlock()
		return SlackReply{}, err
	}
	return s.act(ctx, use, nil), nil // unlocks
}

// ChooseInMessage is a user who chooses in a select, a date picker or an
// overflow menu of a message.
func (s *Slack) ChooseInMessage(ctx context.Context, user string, m SlackMessage, action string, value any) (SlackReply, error) {
	return s.choose(ctx, user, &m, nil, "", action, value)
}

// Choose is a user who presses a button of a view (value nil), or chooses or
// enters something there: a string, several as []string, a number for a date
// with time. block may be empty where the action_id is only once in the view.
// In an input block it stays on the screen until Submit, unless the block has
// dispatch_action.
func (s *Slack) Choose(ctx context.Context, user string, v SlackView, block, action string, value any) (SlackReply, error) {
	return s.choose(ctx, user, nil, &v, block, action, value)
}

func (s *Slack) choose(ctx context.Context, user string, m *SlackMessage, v *SlackView, block, action string, value any) (SlackReply, error) {
	s.mu.Lock()
	use, err := s.use(user, m, v, block, action)
	if err != nil {
		s.mu.Unlock()
		return SlackReply{}, err
	}
	var state map[string]any
	if kind := slackType(use.element); kind != "button" && kind != "workflow_button" {
		field := slackInput{block: use.block, action: use.action, kind: kind, element: use.element, in: use.in}
		if state, err = s.entered(field, use.view, value); err != nil {
			s.mu.Unlock()
			return SlackReply{}, err
		}
	}
	if state != nil && slackType(use.element) != "overflow" {
		s.remember(use, state)
	}
	if use.in["type"] == "input" && use.in["dispatch_action"] != true {
		s.mu.Unlock()
		return SlackReply{}, nil
	}
	return s.act(ctx, use, state), nil // unlocks
}

// use finds an element. The caller holds the lock.
func (s *Slack) use(user string, m *SlackMessage, v *SlackView, block, action string) (slackUse, error) {
	u, ok := s.user(user)
	if !ok {
		return slackUse{}, fmt.Errorf("slack stand-in: there is no user %s", user)
	}
	use := slackUse{user: u}
	var blocks []SlackBlock
	if v != nil {
		if use.view = s.openedView(user, v.ID); use.view == nil {
			return slackUse{}, fmt.Errorf("slack stand-in: %s does not see the view %s", user, v.ID)
		}
		blocks = use.view.Blocks
	} else {
		use.message = s.find(m.Channel, m.TS)
		if use.message == nil || use.message.EphemeralTo != "" && use.message.EphemeralTo != user {
			return slackUse{}, fmt.Errorf("slack stand-in: %s does not see the message %s", user, m.TS)
		}
		blocks = use.message.Blocks
	}
	for _, named := range []func(map[string]any) bool{
		func(e map[string]any) bool { return e["action_id"] == action },
		func(e map[string]any) bool { return slackText(e["text"]) == action },
	} {
		for _, b := range slackLeaves(blocks) {
			for _, e := range slackElements(b) {
				if id, _ := b["block_id"].(string); named(e) && (block == "" || block == id) {
					use.block, use.element, use.in = id, e, b
					use.action, _ = e["action_id"].(string)
					return use, nil
				}
			}
		}
	}
	return slackUse{}, fmt.Errorf("slack stand-in: there is nothing called %q to use", action)
}

// openedView is a view that a user has in front.
func (s *Slack) openedView(user, id string) *slackView {
	stack := s.stack(user)
	if len(stack) == 0 || stack[len(stack)-1].ID != id {
		return nil
	}
	return stack[len(stack)-1]
}

// act sends block_actions. The caller holds the lock; act gives it back.
func (s *Slack) act(ctx context.Context, use slackUse, state map[string]any) SlackReply {
	action := map[string]any{"action_id": use.action, "block_id": use.block, "type": slackType(use.element), "action_ts": s.stamp()}
	for _, name := range []string{"text", "value", "style", "placeholder"} {
		if value := use.element[name]; value != nil {
			action[name] = value
		}
	}
	for name, value := range state {
		action[name] = value
	}
	payload := s.interaction("block_actions", use)
	payload["actions"] = []any{action}
	reply := SlackReply{}
	if use.message != nil {
		reply.ResponseURL = s.newHook("actions", slackHook{user: use.user.ID, channel: use.message.Channel, source: use.message})
		payload["response_url"] = reply.ResponseURL
		payload["state"] = map[string]any{"values": s.messageState(use)}
	}
	reply.TriggerID, _ = payload["trigger_id"].(string)
	address := s.opts.App.Interactivity
	s.mu.Unlock()
	sent := s.deliver(ctx, interactive(address, payload, false))
	sent.TriggerID, sent.ResponseURL = reply.TriggerID, reply.ResponseURL
	sent.Opened, _ = use.element["url"].(string)
	return sent
}

// interaction is what all interaction payloads have in common. The caller holds
// the lock.
func (s *Slack) interaction(kind string, use slackUse) map[string]any {
	w := s.opts.Workspace
	trigger := slackTrigger{user: use.user.ID}
	if use.message != nil {
		trigger.channel = use.message.Channel
	}
	p := map[string]any{
		"type": kind, "token": "deprecated", "api_app_id": s.opts.App.ID, "enterprise": nil, "is_enterprise_install": false,
		"team": map[string]any{"id": w.TeamID, "domain": w.Domain},
		"user": map[string]any{"id": use.user.ID, "username": use.user.Name, "name": use.user.Name, "team_id": w.TeamID},
	}
	if use.view != nil {
		trigger.view = use.view.ID
		p["view"], p["container"] = s.viewObject(use.view), map[string]any{"type": "view", "view_id": use.view.ID}
	}
	if m := use.message; m != nil {
		channel, _ := s.channel(m.Channel)
		p["channel"] = map[string]any{"id": channel.ID, "name": channel.shownName()}
		p["container"] = map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.EphemeralTo != ""}
		if m.EphemeralTo == "" {
			p["message"] = s.messageObject(m)
		}
	}
	p["trigger_id"] = s.newTrigger(trigger)
	return p
}

// interactive is a payload as it is sent: in a form, or as it is over Socket
// Mode.
func interactive(address string, payload map[string]any, answered bool) slackEnvelope {
	raw, err := json.Marshal(payload)
	if err != nil {
		raw = []byte(err.Error()) // cannot be: it came from JSON
	}
	body := url.Values{"payload": {string(raw)}}.Encode()
	return slackEnvelope{kind: "interactive", url: address, contentType: slackForm, body: []byte(body), payload: json.RawMessage(raw), answered: answered}
}

// remember keeps what was chosen, in the view or for the message.
func (s *Slack) remember(use slackUse, state map[string]any) {
	defer s.touch()
	if use.view != nil {
		use.view.set(use.block, use.action, state)
		return
	}
	key := use.user.ID + " " + use.message.Channel + " " + use.message.TS
	if s.states[key] == nil {
		s.states[key] = map[string]map[string]any{}
	}
	if s.states[key][use.block] == nil {
		s.states[key][use.block] = map[string]any{}
	}
	s.states[key][use.block][use.action] = state
}

// messageState is what a user has chosen in a message so far.
func (s *Slack) messageState(use slackUse) map[string]map[string]any {
	chosen := s.states[use.user.ID+" "+use.message.Channel+" "+use.message.TS]
	values := map[string]map[string]any{}
	for _, f := range slackFields(slackLeaves(use.message.Blocks)) {
		if values[f.block] == nil {
			values[f.block] = map[string]any{}
		}
		values[f.block][f.action] = f.initial()
		if state, ok := chosen[f.block][f.action]; ok {
			values[f.block][f.action] = state
		}
	}
	return values
}

// set stores what was entered.
func (v *slackView) set(block, action string, state map[string]any) {
	if v.Values[block] == nil {
		v.Values[block] = map[string]any{}
	}
	v.Values[block][action] = state
}

// entered is the state of an element after somebody used it.
func (s *Slack) entered(f slackInput, v *slackView, value any) (map[string]any, error) {
	member, ok := slackStates[f.kind]
	if !ok {
		return nil, fmt.Errorf("slack stand-in: nothing can be entered in a %s", f.kind)
	}
	state := map[string]any{"type": f.kind}
	switch member {
	case "selected_option":
		text, _ := value.(string)
		if value == nil || text == "" {
			state[member] = nil
			return state, nil
		}
		o, err := f.option(text, v)
		if err != nil {
			return nil, err
		}
		state[member] = o
	case "selected_options":
		options := []any{}
		for _, text := range slackStrings(value) {
			o, err := f.option(text, v)
			if err != nil {
				return nil, err
			}
			options = append(options, o)
		}
		state[member] = options
	case "selected_users", "selected_conversations", "selected_channels":
		state[member] = slackStrings(value)
	default:
		if value == "" {
			value = nil
		}
		state[member] = value
	}
	return state, nil
}

func slackStrings(value any) []string {
	switch v := value.(type) {
	case string:
		if v == "" {
			return []string{}
		}
		return []string{v}
	case []string:
		return append([]string{}, v...)
	}
	return []string{}
}

// option finds one by its value or by what is written, among the element's own
// and among those that were suggested last.
func (f slackInput) option(name string, v *slackView) (map[string]any, error) {
	options := slackBlocks(f.element["options"])
	for _, g := range slackBlocks(f.element["option_groups"]) {
		options = append(options, slackBlocks(g["options"])...)
	}
	if v != nil {
		options = append(options, v.suggested[f.block+"/"+f.action]...)
	}
	for _, member := range []func(map[string]any) any{
		func(o map[string]any) any { return o["value"] },
		func(o map[string]any) any { return slackText(o["text"]) },
	} {
		if i := slices.IndexFunc(options, func(o map[string]any) bool { return member(o) == name }); i >= 0 {
			return options[i], nil
		}
	}
	var names []string
	for _, o := range options {
		names = append(names, fmt.Sprint(o["value"]))
	}
	return nil, fmt.Errorf("slack stand-in: there is no option %q, but %s", name, strings.Join(names, ", "))
}
