package standins

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// Limits of a message's text. chat.postMessage cuts what is longer, chat.update
// refuses it; of chat.postEphemeral Slack names no figure.
// https://docs.slack.dev/reference/methods/chat.postMessage#truncating
const (
	slackTextLimit   = 40_000
	slackUpdateLimit = 4_000
)

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

// updateMessage keeps the blocks where none are sent; an empty array takes them
// away.
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
	if _, sent := c.args["blocks"]; !sent {
		content.Blocks = m.Blocks
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
