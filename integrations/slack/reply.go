package slack

import (
	"strconv"

	"github.com/slack-go/slack"
)

// reply is what a command is answered with, seen by nobody but who asked.
// https://docs.slack.dev/interactivity/implementing-slash-commands#responding_to_commands
type reply struct {
	Type        string        `json:"response_type"`
	Text        string        `json:"text"`
	Blocks      []slack.Block `json:"blocks,omitempty"`
	UnfurlLinks bool          `json:"unfurl_links"`
	UnfurlMedia bool          `json:"unfurl_media"`
}

// say answers with a text in mrkdwn, in which texts of others are escaped.
func say(text string) *reply {
	return &reply{Type: slack.ResponseTypeEphemeral, Text: text}
}

// show answers with blocks; the text is for notifications.
func show(text string, blocks []slack.Block) *reply {
	out := say(text)
	out.Blocks = blocks
	return out
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
