package slack

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/integrations"
)

// answerable is how long Slack takes answers at the address that comes with a
// command or a button, less what an answer takes on its way.
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const answerable = 29 * time.Minute

// asker is the recipient of an answer: whoever asked, until when they can be
// answered in place, and where.
func asker(user, response string, now time.Time) integrations.Recipient {
	return integrations.Recipient{Channel: Channel, Address: fmt.Sprintf("%s %d %s", user, now.Add(answerable).Unix(), response)}
}

// Answer tells whoever asked: in place, and where that is not possible any more
// in a message of their own.
func (m *Messenger) Answer(ctx context.Context, to, text string, issued integrations.Issued) error {
	user, rest, _ := strings.Cut(to, " ")
	until, response, _ := strings.Cut(rest, " ")
	r := say(text)
	if text == "" {
		r = m.pictures.issued(issued)
	}
	if end, err := strconv.ParseInt(until, 10, 64); err == nil && response != "" && m.now().Unix() < end {
		err := m.client.respond(ctx, response, r)
		if !integrations.IsNever(err) {
			return err
		}
	}
	_, err := m.post(ctx, user, to, nil, message(r.Text, r.Blocks...)...)
	return err
}

// respond answers in place.
func (c *Client) respond(ctx context.Context, response string, r *reply) error {
	no := false
	msg := &slack.WebhookMessage{Text: r.Text, ResponseType: r.Type, UnfurlLinks: &no, UnfurlMedia: &no}
	if len(r.Blocks) > 0 {
		msg.Blocks = &slack.Blocks{BlockSet: r.Blocks}
	}
	return sorted(slack.PostWebhookCustomHTTPContext(ctx, response, c.http, msg))
}

// issued shows new passes to whoever issued them.
func (show pictures) issued(i integrations.Issued) *reply {
	var blocks []slack.Block
	for _, p := range i.Packages[:min(len(i.Packages), mostPasses)] {
		blocks = append(blocks, show.pass(p)...)
		if len(i.To) == 0 {
			blocks = append(blocks, wallet(p)...)
			continue
		}
		blocks = append(blocks, contextLine("It is on its way to "+names(i.To)), manage(p))
	}
	return &reply{Type: slack.ResponseTypeEphemeral, Text: "Your pass: " + escape(titles(i.Packages)), Blocks: blocks}
}
