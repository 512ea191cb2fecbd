package standins

import (
	"fmt"
	"slices"
)

// SlackBlock is a block, or a part of one, as JSON.
type SlackBlock = map[string]any

// SlackContent is what a message shows.
type SlackContent struct {
	Text   string
	Blocks []SlackBlock
}

// SlackMessage is a message as it is now.
type SlackMessage struct {
	Channel, TS, ThreadTS string
	// User is who wrote it: the bot, or a person whose command is shown.
	User string
	// EphemeralTo is the only user who sees it, or empty.
	EphemeralTo string
	SlackContent
	// UnfurlLinks and UnfurlMedia are as sent: nil, true or false. Nothing is
	// ever unfurled here.
	UnfurlLinks, UnfurlMedia *bool
	// History is what it showed before, the oldest first.
	History []SlackContent
	Deleted bool
}

// Messages are what everybody in a channel sees, the oldest first.
func (s *Slack) Messages(channel string) []SlackMessage {
	return s.pick(func(m *SlackMessage) bool { return m.Channel == channel && m.EphemeralTo == "" && !m.Deleted })
}

// Ephemeral are the messages that only this user sees, in all channels, the
// oldest first.
func (s *Slack) Ephemeral(user string) []SlackMessage {
	return s.pick(func(m *SlackMessage) bool { return m.EphemeralTo == user && user != "" && !m.Deleted })
}

// AllMessages are all messages ever, ephemeral and deleted ones too.
func (s *Slack) AllMessages() []SlackMessage {
	return s.pick(func(*SlackMessage) bool { return true })
}

// Message is one message, deleted or not.
func (s *Slack) Message(channel, ts string) (SlackMessage, bool) {
	found := s.pick(func(m *SlackMessage) bool { return m.Channel == channel && m.TS == ts })
	if len(found) == 0 {
		return SlackMessage{}, false
	}
	return found[0], true
}

func (s *Slack) pick(want func(*SlackMessage) bool) []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SlackMessage
	for _, m := range s.messages {
		if want(m) {
			out = append(out, m.copied())
		}
	}
	return out
}

func (m *SlackMessage) copied() SlackMessage {
	c := *m
	c.History = slices.Clone(m.History)
	return c
}

// find is a message that is there. The caller holds the lock.
func (s *Slack) find(channel, ts string) *SlackMessage {
	i := slices.IndexFunc(s.messages, func(m *SlackMessage) bool { return m.Channel == channel && m.TS == ts && !m.Deleted })
	if i < 0 {
		return nil
	}
	return s.messages[i]
}

// add posts a message. The caller holds the lock.
func (s *Slack) add(m SlackMessage) *SlackMessage {
	m.TS = s.stamp()
	s.messages = append(s.messages, &m)
	s.touch()
	return &m
}

// change replaces what a message shows. The caller holds the lock.
func (s *Slack) change(m *SlackMessage, to SlackContent) {
	m.History = append(m.History, m.SlackContent)
	m.SlackContent = to
	s.touch()
}

// object is a message as the API shows it.
func (s *Slack) messageObject(m *SlackMessage) map[string]any {
	o := map[string]any{"type": "message", "ts": m.TS, "text": m.Text, "team": s.opts.Workspace.TeamID, "user": m.User}
	if m.User == s.opts.Workspace.BotUser {
		o["bot_id"], o["app_id"] = s.opts.Workspace.BotID, s.opts.App.ID
	}
	if len(m.Blocks) > 0 {
		o["blocks"] = m.Blocks
	}
	if m.ThreadTS != "" {
		o["thread_ts"] = m.ThreadTS
	}
	if len(m.History) > 0 {
		o["edited"] = map[string]any{"user": m.User, "ts": m.TS}
	}
	if m.EphemeralTo != "" {
		o["is_ephemeral"] = true
	}
	return o
}

// fetchFails is true where Slack could not get a picture.
func (s *Slack) fetchFails(blocks []SlackBlock) bool {
	if s.opts.Fetch == nil {
		return false
	}
	for _, b := range slackLeaves(blocks) {
		parts := append(slackElements(b), b)
		for _, name := range []string{"hero_image", "icon"} {
			if image, ok := b[name].(map[string]any); ok {
				parts = append(parts, image)
			}
		}
		for _, part := range parts {
			if address, _ := part["image_url"].(string); address != "" && s.opts.Fetch(address) != nil {
				return true
			}
		}
	}
	return false
}

// nameBlocks gives ids to the blocks and actions that have none.
func (s *Slack) nameBlocks(blocks []SlackBlock) {
	for _, b := range slices.Concat(blocks, slackLeaves(blocks)) {
		if id, _ := b["block_id"].(string); id == "" {
			b["block_id"] = fmt.Sprintf("b%04x", s.next())
		}
		for _, e := range slackElements(b) {
			if id, _ := e["action_id"].(string); id == "" && slackElementTypes[slackType(e)].interactive {
				e["action_id"] = fmt.Sprintf("a%04x", s.next())
			}
		}
	}
}
