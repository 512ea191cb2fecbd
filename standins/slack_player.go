package standins

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// slackEnvelope is something for the app: sent as a form or as JSON to one of
// its addresses, or as a payload over Socket Mode.
type slackEnvelope struct {
	kind        string // the type of its envelope: slash_commands, interactive, events_api
	url         string
	contentType string
	body        []byte
	payload     any
	// answered: the acknowledgement may carry a payload.
	answered bool
	// attempt and reason are of an event that is sent again.
	attempt int
	reason  string
}

const slackForm = "application/x-www-form-urlencoded"

// deliver hands something to the app: over Socket Mode where it is connected,
// else to its address.
func (s *Slack) deliver(ctx context.Context, e slackEnvelope) SlackReply {
	if s.connected() {
		return s.emit(ctx, e)
	}
	return s.post(ctx, SlackRequest{URL: e.url, Header: e.retried(s.signed(e.contentType, e.body)), Body: e.body})
}

// Command is a user who types a slash command in a channel, and what the user
// then sees. An error is a wrong use of the stand-in, not of the app.
// https://docs.slack.dev/interactivity/implementing-slash-commands
func (s *Slack) Command(ctx context.Context, user, channel, command, text string) (SlackReply, error) {
	s.mu.Lock()
	u, known := s.user(user)
	c, there := s.channel(channel)
	if !known || !there {
		s.mu.Unlock()
		return SlackReply{}, fmt.Errorf("slack stand-in: there is no user %s or no channel %s", user, channel)
	}
	if s.opts.App.Escape {
		text = s.escaped(text)
	}
	h := slackHook{user: u.ID, channel: c.ID, command: strings.TrimSpace(command + " " + text)}
	hook := s.newHook("commands", h)
	trigger := s.newTrigger(slackTrigger{user: u.ID, channel: c.ID})
	w := s.opts.Workspace
	fields := map[string]string{
		"token": "deprecated", "team_id": w.TeamID, "team_domain": w.Domain, "channel_id": c.ID, "channel_name": c.shownName(),
		"user_id": u.ID, "user_name": u.Name, "command": command, "text": text, "api_app_id": s.opts.App.ID, "is_enterprise_install": "false",
		"response_url": hook, "trigger_id": trigger,
	}
	address := s.opts.App.Commands
	s.mu.Unlock()
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	reply := s.deliver(ctx, slackEnvelope{
		kind: "slash_commands", url: address, contentType: slackForm, body: []byte(form.Encode()), payload: fields, answered: true,
	})
	reply.TriggerID, reply.ResponseURL = trigger, hook
	s.showAnswer(&reply, &h)
	return reply, nil
}

// Say is a user who writes a message. The app hears nothing of it.
func (s *Slack) Say(user, channel, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, known := s.user(user)
	c, there := s.channel(channel)
	if !known || !there || text == "" {
		return fmt.Errorf("slack stand-in: %s cannot say %q in %s", user, text, channel)
	}
	s.add(SlackMessage{Channel: c.ID, User: u.ID, SlackContent: SlackContent{Text: text}})
	return nil
}

// shownName is how payloads name a channel.
func (c SlackChannel) shownName() string {
	switch {
	case c.User != "":
		return "directmessage"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// showAnswer shows what the acknowledgement of a command says: nothing, a text,
// or a message as JSON.
func (s *Slack) showAnswer(reply *SlackReply, h *slackHook) {
	text := strings.TrimSpace(string(reply.Body))
	if reply.Failure != "" || text == "" {
		return
	}
	var payload map[string]any
	if !reply.JSON || json.Unmarshal([]byte(text), &payload) != nil {
		payload = map[string]any{"text": text}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if payload["response_type"] == "in_channel" {
		s.add(SlackMessage{Channel: h.channel, User: h.user, SlackContent: SlackContent{Text: h.command}})
		if payload["text"] == nil && payload["blocks"] == nil {
			return
		}
	}
	m, code := s.respond(h, payload)
	if code != "" {
		reply.Failure = SlackBadCommand
		return
	}
	if m != nil {
		shown := m.copied()
		reply.Message = &shown
	}
}

var slackMention = regexp.MustCompile(`(^|\s)([@#])([a-z0-9._-]+)`)

// escaped is a command's text where the app has "escape channels, users, and
// links sent to your app" on. The caller holds the lock.
func (s *Slack) escaped(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	return slackMention.ReplaceAllStringFunc(text, func(found string) string {
		part := slackMention.FindStringSubmatch(found)
		for _, u := range s.users {
			if part[2] == "@" && u.Name == part[3] {
				return part[1] + "<@" + u.ID + ">"
			}
		}
		for _, c := range s.channels {
			if part[2] == "#" && c.Name == part[3] && c.Private {
				return part[1] + "<#" + c.ID + "|>"
			}
			if part[2] == "#" && c.Name == part[3] {
				return part[1] + "<#" + c.ID + "|" + c.Name + ">"
			}
		}
		return found
	})
}
