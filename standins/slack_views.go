package standins

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Limits of triggers and modals.
// https://docs.slack.dev/surfaces/modals https://docs.slack.dev/reference/methods/views.open
const (
	slackTriggerLife = 3 * time.Second
	slackViewBytes   = 250_000
	slackViewStack   = 3
)

// SlackView is a view of a modal that somebody has open.
type SlackView struct {
	ID, ExternalID, CallbackID, PrivateMetadata, Hash string
	// Root and Previous are ids of the views below, Root its own in the lowest.
	Root, Previous string
	// User is whose screen it is on.
	User                 string
	Title, Submit, Close string
	Blocks               []SlackBlock
	// Values is what is entered so far: block_id, action_id, the element's state.
	Values map[string]map[string]any
	// Errors are what the app said of the last submission, by block_id.
	Errors map[string]string
	// History are the blocks that it had before updates, the oldest first.
	History [][]SlackBlock
}

// slackView is a view with what only the stand-in needs.
type slackView struct {
	SlackView
	raw    map[string]any
	closed bool
	// suggested are the last options of external selects, by block/action.
	suggested map[string][]SlackBlock
	// origin is the channel that the modal was opened from.
	origin string
}

// slackTrigger is a trigger_id.
type slackTrigger struct {
	user    string
	channel string // where it was made, or empty
	view    string // the view it was made in, or empty
	expires time.Time
	used    bool
}

// newTrigger is the id of a trigger that lives for 3 seconds. The caller holds
// the lock.
func (s *Slack) newTrigger(t slackTrigger) string {
	t.expires = s.now().Add(slackTriggerLife)
	id := fmt.Sprintf("%d.%d.%032x", 1_000_000_000+s.next(), 7_130_813, s.next()*0x9e3779b9)
	s.triggers[id] = &t
	return id
}

// Views are the views that a user has open, the visible one last.
func (s *Slack) Views(user string) []SlackView {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SlackView
	for _, v := range s.stack(user) {
		out = append(out, v.copied())
	}
	return out
}

// View is the view that a user sees, or ok is false.
func (s *Slack) View(user string) (v SlackView, ok bool) {
	views := s.Views(user)
	if len(views) == 0 {
		return SlackView{}, false
	}
	return views[len(views)-1], true
}

func (v *slackView) copied() SlackView {
	c := v.SlackView
	c.Values = map[string]map[string]any{}
	for block, actions := range v.Values {
		c.Values[block] = map[string]any{}
		for action, state := range actions {
			c.Values[block][action] = state
		}
	}
	c.History = slices.Clone(v.History)
	return c
}

// stack are a user's open views. The caller holds the lock.
func (s *Slack) stack(user string) []*slackView {
	var out []*slackView
	for _, v := range s.views {
		if v.User == user && !v.closed {
			out = append(out, v)
		}
	}
	return out
}

// trade uses a trigger up.
func (s *Slack) trade(c *slackCall) (*slackTrigger, slackAnswer) {
	t := s.triggers[c.args["trigger_id"]]
	switch {
	case t == nil:
		return nil, slackError("invalid_trigger_id")
	case t.used:
		return nil, slackError("exchanged_trigger_id")
	case c.now.After(t.expires):
		return nil, slackError("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

// readView checks the view of a call; except is the view that may keep its
// external_id.
func (s *Slack) readView(raw, except string) (map[string]any, slackAnswer) {
	var view map[string]any
	if err := json.Unmarshal([]byte(raw), &view); err != nil {
		return nil, slackError("invalid_arguments", "[ERROR] must be a valid JSON object [json-pointer:/view]")
	}
	if len(raw) > slackViewBytes {
		return nil, slackError("view_too_large")
	}
	if problems := CheckView(view); len(problems) > 0 {
		return nil, invalidBlocks("invalid_arguments", "/view", problems)
	}
	external, _ := view["external_id"].(string)
	if external != "" && slices.ContainsFunc(s.views, func(v *slackView) bool { return v.ExternalID == external && v.ID != except && !v.closed }) {
		return nil, slackError("duplicate_external_id")
	}
	return view, nil
}

// show puts a view on a user's screen. The caller holds the lock.
func (s *Slack) show(t *slackTrigger, raw map[string]any) *slackView {
	v := &slackView{SlackView: SlackView{ID: s.id("V"), User: t.user}, origin: t.channel}
	v.Root = v.ID
	if below := s.stack(t.user); len(below) > 0 {
		v.origin = below[0].origin
		v.Root, v.Previous = below[0].ID, below[len(below)-1].ID
	}
	s.fill(v, raw)
	s.views = append(s.views, v)
	return v
}

// fill gives a view its content. What was entered stays where the new blocks
// have the same block_id and action_id.
func (s *Slack) fill(v *slackView, raw map[string]any) {
	if v.Blocks != nil {
		v.History = append(v.History, v.Blocks)
	}
	text := func(name string) string { t, _ := raw[name].(string); return t }
	v.raw, v.Blocks, v.Errors = raw, slackBlocks(raw["blocks"]), nil
	s.nameBlocks(v.Blocks)
	v.ExternalID, v.CallbackID, v.PrivateMetadata = text("external_id"), text("callback_id"), text("private_metadata")
	v.Title, v.Submit, v.Close = slackText(raw["title"]), slackText(raw["submit"]), slackText(raw["close"])
	before := v.Values
	v.Values = map[string]map[string]any{}
	for _, f := range slackFields(v.Blocks) {
		state, ok := before[f.block][f.action]
		if !ok {
			state = f.initial()
			if f.element["default_to_current_conversation"] == true && v.origin != "" && f.kind == "conversations_select" {
				state = map[string]any{"type": f.kind, slackStates[f.kind]: v.origin}
			}
		}
		if v.Values[f.block] == nil {
			v.Values[f.block] = map[string]any{}
		}
		v.Values[f.block][f.action] = state
	}
	v.Hash = fmt.Sprintf("%d.%08x", s.now().Unix(), s.next())
	s.touch()
}

// object is a view as the API shows it.
func (s *Slack) viewObject(v *slackView) map[string]any {
	w := s.opts.Workspace
	o := map[string]any{
		"id": v.ID, "team_id": w.TeamID, "app_id": s.opts.App.ID, "bot_id": w.BotID, "app_installed_team_id": w.TeamID, "type": "modal",
		"blocks": v.Blocks, "private_metadata": v.PrivateMetadata, "callback_id": v.CallbackID, "external_id": v.ExternalID, "hash": v.Hash,
		"state": map[string]any{"values": v.copied().Values}, "root_view_id": v.Root, "previous_view_id": nil,
	}
	if v.Previous != "" {
		o["previous_view_id"] = v.Previous
	}
	for _, name := range []string{"title", "submit", "close"} {
		o[name] = v.raw[name]
	}
	for _, name := range []string{"clear_on_close", "notify_on_close", "submit_disabled"} {
		b, _ := v.raw[name].(bool)
		o[name] = b
	}
	return o
}

// openView closes whatever modal of the app the user had open.
// https://docs.slack.dev/reference/methods/views.open
func (s *Slack) openView(c *slackCall) slackAnswer {
	view, refused := s.readView(c.args["view"], "")
	if refused != nil {
		return refused
	}
	t, refused := s.trade(c)
	if refused != nil {
		return refused
	}
	s.closeAll(t.user)
	return slackOK(map[string]any{"view": s.viewObject(s.show(t, view))})
}

// https://docs.slack.dev/reference/methods/views.push
func (s *Slack) pushView(c *slackCall) slackAnswer {
	view, refused := s.readView(c.args["view"], "")
	if refused != nil {
		return refused
	}
	t, refused := s.trade(c)
	if refused != nil {
		return refused
	}
	stack := s.stack(t.user)
	switch {
	case t.view == "" || len(stack) == 0:
		return slackError("not_found")
	case len(stack) >= slackViewStack:
		return slackError("push_limit_reached")
	}
	return slackOK(map[string]any{"view": s.viewObject(s.show(t, view))})
}

// https://docs.slack.dev/reference/methods/views.update
func (s *Slack) updateView(c *slackCall) slackAnswer {
	id, external, hash := c.args["view_id"], c.args["external_id"], c.args["hash"]
	if id == "" && external == "" {
		return slackError("invalid_arguments", "[ERROR] missing required field: view_id or external_id")
	}
	i := slices.IndexFunc(s.views, func(v *slackView) bool {
		return !v.closed && (v.ID == id || id == "" && v.ExternalID == external)
	})
	if i < 0 {
		return slackError("not_found")
	}
	v := s.views[i]
	view, refused := s.readView(c.args["view"], v.ID)
	switch {
	case refused != nil:
		return refused
	case hash != "" && hash != v.Hash:
		return slackError("hash_conflict")
	}
	s.fill(v, view)
	return slackOK(map[string]any{"view": s.viewObject(v)})
}
