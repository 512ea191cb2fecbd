package standins

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a message's text. chat.postMessage cuts what is longer, chat.update
// refuses it; of chat.postEphemeral Slack names no figure.
// https://docs.slack.dev/reference/methods/chat.postMessage#truncating
const (
	slackTextLimit   = 40_000
	slackUpdateLimit = 4_000
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

// content reads text and blocks of a call.
func (s *Slack) content(c *slackCall) (SlackContent, slackAnswer) {
	text, markdown := c.args["text"], c.args["markdown_text"]
	var blocks []SlackBlock
	if raw := c.args["blocks"]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
			return SlackContent{}, slackError("invalid_blocks_format")
		}
		if problems := CheckBlocks(blocks, SlackMessageSurface); len(problems) > 0 {
			return SlackContent{}, invalidBlocks("invalid_blocks", "/blocks", problems)
		}
		if s.fetchFails(blocks) {
			return SlackContent{}, slackError("invalid_blocks", "[ERROR] downloading image failed [json-pointer:/blocks]")
		}
	}
	attachments := c.args["attachments"] != "" && c.args["attachments"] != "[]"
	switch {
	case markdown != "" && (text != "" || len(blocks) > 0):
		return SlackContent{}, slackError("markdown_text_conflict")
	case utf8.RuneCountInString(markdown) > 12_000:
		return SlackContent{}, slackError("msg_too_long")
	case text == "" && markdown == "" && len(blocks) == 0 && !attachments:
		return SlackContent{}, slackError("no_text")
	}
	s.nameBlocks(blocks)
	return SlackContent{Text: text + markdown, Blocks: blocks}, nil
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

// destination is where a post goes: a channel by id or name, or a user's DM.
func (s *Slack) destination(c *slackCall) (SlackChannel, slackAnswer) {
	target := c.args["channel"]
	if u, ok := s.user(target); ok {
		if u.Deleted || u.ID == s.opts.Workspace.BotUser {
			return SlackChannel{}, slackError("channel_not_found")
		}
		channel, _ := s.openDM([]string{u.ID})
		return channel, nil
	}
	channel, ok := s.channel(target)
	switch {
	case !ok || !s.visible(channel):
		return channel, slackError("channel_not_found")
	case channel.Archived:
		return channel, slackError("is_archived")
	case !s.botIsIn(channel) && !s.has("chat:write.public"):
		return channel, slackError("not_in_channel")
	}
	return channel, nil
}

// https://docs.slack.dev/reference/methods/chat.postMessage
func (s *Slack) postMessage(c *slackCall) slackAnswer {
	channel, refused := s.destination(c)
	if refused != nil {
		return refused
	}
	content, refused := s.content(c)
	if refused != nil {
		return refused
	}
	content.Text = cut(content.Text, slackTextLimit)
	m := s.add(SlackMessage{
		Channel: channel.ID, ThreadTS: c.args["thread_ts"], User: s.opts.Workspace.BotUser, SlackContent: content,
		UnfurlLinks: c.maybe("unfurl_links"), UnfurlMedia: c.maybe("unfurl_media"),
	})
	return slackOK(map[string]any{"channel": channel.ID, "ts": m.TS, "message": s.messageObject(m)})
}

// maybe is nil where an argument was not sent.
func (c *slackCall) maybe(name string) *bool {
	if _, ok := c.args[name]; !ok {
		return nil
	}
	b := c.bool(name)
	return &b
}

func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}

// https://docs.slack.dev/reference/methods/chat.postEphemeral
func (s *Slack) postEphemeral(c *slackCall) slackAnswer {
	channel, refused := s.destination(c)
	if refused != nil {
		return refused
	}
	if !slices.Contains(channel.Members, c.args["user"]) {
		return slackError("user_not_in_channel")
	}
	content, refused := s.content(c)
	switch {
	case refused != nil:
		return refused
	case utf8.RuneCountInString(content.Text) > slackTextLimit:
		return slackError("msg_too_long")
	}
	m := s.add(SlackMessage{
		Channel: channel.ID, ThreadTS: c.args["thread_ts"], User: s.opts.Workspace.BotUser, EphemeralTo: c.args["user"], SlackContent: content,
	})
	return slackOK(map[string]any{"message_ts": m.TS})
}

// own finds the message that chat.update and chat.delete are about. They take
// a DM's id, not a user's.
func (s *Slack) own(c *slackCall, foreign string) (*SlackMessage, slackAnswer) {
	channel, ok := s.channel(c.args["channel"])
	if !ok || !s.visible(channel) || channel.ID != c.args["channel"] {
		return nil, slackError("channel_not_found")
	}
	m := s.find(channel.ID, c.args["ts"])
	switch {
	case m == nil || m.EphemeralTo != "":
		return nil, slackError("message_not_found")
	case m.User != s.opts.Workspace.BotUser:
		return nil, slackError(foreign)
	}
	return m, nil
}

// updateMessage keeps the blocks only where neither text nor blocks are new:
// text alone takes them away.
// https://docs.slack.dev/reference/methods/chat.update
func (s *Slack) updateMessage(c *slackCall) slackAnswer {
	m, refused := s.own(c, "cant_update_message")
	if refused != nil {
		return refused
	}
	if channel, _ := s.channel(m.Channel); channel.Archived {
		return slackError("is_inactive")
	}
	content, refused := s.content(c)
	switch {
	case refused != nil:
		return refused
	case utf8.RuneCountInString(content.Text) > slackUpdateLimit:
		return slackError("msg_too_long")
	}
	s.change(m, content)
	return slackOK(map[string]any{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.messageObject(m)})
}

// https://docs.slack.dev/reference/methods/chat.delete
func (s *Slack) deleteMessage(c *slackCall) slackAnswer {
	m, refused := s.own(c, "cant_delete_message")
	if refused != nil {
		return refused
	}
	m.Deleted = true
	s.touch()
	return slackOK(map[string]any{"channel": m.Channel, "ts": m.TS})
}

// https://docs.slack.dev/reference/methods/blocks.validate
func (s *Slack) validateBlocks(c *slackCall) slackAnswer {
	var given []string
	for _, name := range []string{"blocks", "message", "view"} {
		if c.args[name] != "" {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		return slackError("invalid_arguments", "must provide exactly one of `blocks`, `view`, or `message`")
	}
	var problems []SlackProblem
	var err error
	switch raw := []byte(c.args[given[0]]); given[0] {
	case "blocks":
		var blocks []SlackBlock
		err = json.Unmarshal(raw, &blocks)
		problems = CheckBlocks(blocks, SlackAnySurface)
	case "message":
		var message map[string]any
		err = json.Unmarshal(raw, &message)
		problems = CheckMessage(message)
	case "view":
		var view map[string]any
		err = json.Unmarshal(raw, &view)
		problems = CheckView(view)
	}
	if err != nil {
		return slackError("invalid_" + given[0])
	}
	if len(problems) == 0 {
		return slackOK(nil)
	}
	a := slackError("invalid_" + given[0])
	var errs []any
	for _, p := range problems {
		errs = append(errs, map[string]any{"pointer": p.Pointer, "code": "failed_constraint", "message": p.Message})
	}
	a["errors"] = errs
	return a
}

// invalidBlocks says which blocks are wrong and where, as chat.postMessage and
// views.open do; under is the argument that the pointers begin with.
func invalidBlocks(code, under string, problems []SlackProblem) slackAnswer {
	var short, long []string
	for _, p := range problems {
		text := p.Message + " [json-pointer:" + under + p.Pointer + "]"
		short, long = append(short, text), append(long, "[ERROR] "+text)
	}
	a := slackError(code, long...)
	if strings.HasPrefix(code, "invalid_blocks") {
		a["errors"] = short
	}
	return a
}
