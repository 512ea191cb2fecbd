package standins

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Submit is a user who fills in a view and presses its submit button. values
// are by block_id, as in Choose; what is not named stays as it is. A form that
// is not complete is held back by Slack itself: Unsent is true then, and Errors
// say why. Without a failure and without errors the view is closed, or is what
// the app made of it: see View.
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
func (s *Slack) Submit(ctx context.Context, user string, v SlackView, values map[string]any) (SlackReply, error) {
	s.mu.Lock()
	view := s.openedView(user, v.ID)
	if view == nil || view.Submit == "" {
		s.mu.Unlock()
		return SlackReply{}, fmt.Errorf("slack stand-in: %s cannot submit the view %s", user, v.ID)
	}
	if err := s.fillIn(view, values); err != nil {
		s.mu.Unlock()
		return SlackReply{}, err
	}
	if errs := view.incomplete(); len(errs) > 0 {
		view.Errors = errs
		s.touch()
		s.mu.Unlock()
		return SlackReply{Unsent: true, Errors: errs}, nil
	}
	view.Errors = nil
	u, _ := s.user(user)
	payload := s.interaction("view_submission", slackUse{user: u, view: view})
	payload["response_urls"] = s.submissionHooks(view)
	trigger, _ := payload["trigger_id"].(string)
	address := s.opts.App.Interactivity
	s.mu.Unlock()
	reply := s.deliver(ctx, interactive(address, payload, true))
	reply.TriggerID = trigger
	s.mu.Lock()
	defer s.mu.Unlock()
	s.submitted(&reply, view)
	return reply, nil
}

func (s *Slack) fillIn(view *slackView, values map[string]any) error {
	for block, value := range values {
		fields := slackFields(view.Blocks)
		i := slices.IndexFunc(fields, func(f slackInput) bool { return f.block == block })
		if i < 0 {
			return fmt.Errorf("slack stand-in: the view has no input %q", block)
		}
		state, err := s.entered(fields[i], view, value)
		if err != nil {
			return err
		}
		view.set(block, fields[i].action, state)
	}
	return nil
}

// submissionHooks are for conversation selects with response_url_enabled.
func (s *Slack) submissionHooks(view *slackView) []any {
	hooks := []any{}
	for _, f := range slackFields(view.Blocks) {
		state, _ := view.Values[f.block][f.action].(map[string]any)
		channel, _ := state[slackStates[f.kind]].(string)
		if f.element["response_url_enabled"] == true && channel != "" {
			hooks = append(hooks, map[string]any{
				"block_id": f.block, "action_id": f.action, "channel_id": channel,
				"response_url": s.newHook("actions", slackHook{user: view.User, channel: channel}),
			})
		}
	}
	return hooks
}

// submitted does what the app answered. Nothing closes the view, errors keep
// it. https://docs.slack.dev/surfaces/modals#updating_views
func (s *Slack) submitted(reply *SlackReply, view *slackView) {
	if reply.Failure != "" {
		return
	}
	defer s.touch()
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	body := strings.TrimSpace(string(reply.Body))
	if body != "" && (!reply.JSON || json.Unmarshal([]byte(body), &answer) != nil) {
		reply.Failure = SlackTrouble
		return
	}
	switch answer.Action {
	case "":
		view.closed = true
	case "clear":
		s.closeAll(view.User)
	case "errors":
		s.showErrors(reply, view, answer.Errors)
	case "update", "push":
		s.nextView(reply, view, answer.Action, string(answer.View))
	default:
		reply.Failure = SlackTrouble
	}
}

func (s *Slack) closeAll(user string) {
	for _, v := range s.stack(user) {
		v.closed = true
	}
}

// showErrors takes errors only at input blocks of the view.
func (s *Slack) showErrors(reply *SlackReply, view *slackView, errs map[string]string) {
	for block := range errs {
		there := slices.ContainsFunc(view.Blocks, func(b SlackBlock) bool { return b["block_id"] == block && slackType(b) == "input" })
		if !there {
			reply.Failure = SlackTrouble
		}
	}
	if len(errs) == 0 {
		reply.Failure = SlackTrouble
	}
	if reply.Failure == "" {
		reply.Errors, view.Errors = errs, errs
	}
}

func (s *Slack) nextView(reply *SlackReply, view *slackView, action, raw string) {
	except := ""
	if action == "update" {
		except = view.ID
	}
	next, refused := s.readView(raw, except)
	switch {
	case refused != nil, action == "push" && len(s.stack(view.User)) >= slackViewStack:
		reply.Failure = SlackTrouble
	case action == "push":
		s.show(&slackTrigger{user: view.User}, next)
	default:
		s.fill(view, next)
	}
}

// CloseView is a user who closes the view in front. The app hears of it where
// the view has notify_on_close. cleared closes all views of the modal.
func (s *Slack) CloseView(ctx context.Context, user string, v SlackView, cleared bool) (SlackReply, error) {
	s.mu.Lock()
	view := s.openedView(user, v.ID)
	if view == nil {
		s.mu.Unlock()
		return SlackReply{}, fmt.Errorf("slack stand-in: %s does not see the view %s", user, v.ID)
	}
	cleared = cleared || view.raw["clear_on_close"] == true
	u, _ := s.user(user)
	payload := s.interaction("view_closed", slackUse{user: u, view: view})
	payload["is_cleared"] = cleared
	delete(payload, "trigger_id")
	view.closed = true
	if cleared {
		s.closeAll(user)
	}
	s.touch()
	address, notify := s.opts.App.Interactivity, view.raw["notify_on_close"] == true
	s.mu.Unlock()
	if !notify {
		return SlackReply{}, nil
	}
	return s.deliver(ctx, interactive(address, payload, false)), nil
}

// Suggest is a user who types in an external_select of a view: Slack asks the
// app for options once min_query_length characters are there.
// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
func (s *Slack) Suggest(ctx context.Context, user string, v SlackView, block, action, query string) (SlackReply, error) {
	s.mu.Lock()
	use, err := s.use(user, nil, &v, block, action)
	if err == nil && !strings.HasSuffix(slackType(use.element), "external_select") {
		err = fmt.Errorf("slack stand-in: %s is a %s, which asks nobody", action, slackType(use.element))
	}
	if err != nil {
		s.mu.Unlock()
		return SlackReply{}, err
	}
	least := 3
	if n, ok := use.element["min_query_length"].(float64); ok {
		least = int(n)
	}
	if utf8.RuneCountInString(query) < least {
		s.mu.Unlock()
		return SlackReply{Unsent: true}, nil
	}
	payload := s.interaction("block_suggestion", use)
	payload["block_id"], payload["action_id"], payload["value"] = use.block, use.action, query
	delete(payload, "trigger_id")
	address := s.opts.App.Options
	s.mu.Unlock()
	reply := s.deliver(ctx, interactive(address, payload, true))
	if reply.Failure != "" {
		return reply, nil
	}
	var answer map[string]any
	if json.Unmarshal(reply.Body, &answer) != nil || checkSuggestions(answer) != nil {
		reply.Failure = SlackTrouble
		return reply, nil
	}
	reply.Options = slackBlocks(answer["options"])
	for _, g := range slackBlocks(answer["option_groups"]) {
		reply.Options = append(reply.Options, slackBlocks(g["options"])...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if use.view.suggested == nil {
		use.view.suggested = map[string][]SlackBlock{}
	}
	use.view.suggested[use.block+"/"+use.action] = reply.Options
	return reply, nil
}

// checkSuggestions is like the options of a static_select, but may be empty.
func checkSuggestions(answer map[string]any) []SlackProblem {
	c := &slackChecker{}
	for name, kind := range map[string]string{"options": "(option)", "option_groups": "(option group)"} {
		if list, ok := answer[name].([]any); ok && len(list) > 0 {
			c.items("/"+name, list, slackField{max: 100, of: []string{kind}})
		}
	}
	if answer["options"] == nil && answer["option_groups"] == nil {
		c.add("", "missing required field: options")
	}
	return c.problems
}

// incomplete is what the client itself finds missing or wrong, by block_id.
func (v *slackView) incomplete() map[string]string {
	errs := map[string]string{}
	for _, f := range slackFields(v.Blocks) {
		if slackType(f.in) != "input" {
			continue
		}
		state, _ := v.Values[f.block][f.action].(map[string]any)
		value := state[slackStates[f.kind]]
		text, _ := value.(string)
		if many, ok := value.([]any); value == nil || ok && len(many) == 0 || isNone(value) {
			if f.in["optional"] != true {
				errs[f.block] = "This field is required."
			}
			continue
		}
		if wrong := f.wrong(text); wrong != "" {
			errs[f.block] = wrong
		}
	}
	return errs
}

func isNone(value any) bool {
	list, ok := value.([]string)
	return ok && len(list) == 0
}

// wrong is what an entered text does not keep to, or empty.
func (f slackInput) wrong(text string) string {
	number := func(name string) (float64, bool) {
		n, err := strconv.ParseFloat(fmt.Sprint(f.element[name]), 64)
		return n, err == nil
	}
	switch f.kind {
	case "plain_text_input":
		n := float64(utf8.RuneCountInString(text))
		if least, ok := number("min_length"); ok && n < least {
			return fmt.Sprintf("This must be at least %g characters long.", least)
		}
		if most, ok := number("max_length"); ok && n > most {
			return fmt.Sprintf("This must be at most %g characters long.", most)
		}
	case "email_text_input":
		if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
			return "This must be an email address."
		}
	case "url_text_input":
		if u, err := url.Parse(text); err != nil || u.Scheme == "" || u.Host == "" {
			return "This must be an address."
		}
	case "number_input":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || f.element["is_decimal_allowed"] != true && strings.Contains(text, ".") {
			return "This must be a number."
		}
		if least, ok := number("min_value"); ok && n < least {
			return fmt.Sprintf("This must be at least %g.", least)
		}
		if most, ok := number("max_value"); ok && n > most {
			return fmt.Sprintf("This must be at most %g.", most)
		}
	}
	return ""
}
