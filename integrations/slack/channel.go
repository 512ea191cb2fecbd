package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/integrations"
)

// Messenger is the channel of people and channels in Slack.
type Messenger struct {
	client   *Client
	pictures pictures
	now      func() time.Time
}

var (
	_ integrations.Channel  = (*Messenger)(nil)
	_ integrations.Answerer = (*Messenger)(nil)
	_ integrations.Updater  = (*Messenger)(nil)
)

// NewMessenger makes the channel. address is our public one, below which
// pictures of passes are.
func NewMessenger(client *Client, address string, now func() time.Time) *Messenger {
	return &Messenger{client: client, pictures: arePublic(address), now: now}
}

// Check says what is wrong with a recipient.
func (*Messenger) Check(to string) error { return CheckRecipient(to) }

// Deliver posts a message with the passes.
func (m *Messenger) Deliver(ctx context.Context, d integrations.Delivery) error {
	to, err := m.find(ctx, d.Recipient)
	if err != nil {
		return err
	}
	if d.Confirm != nil {
		if err := d.Confirm(ctx); err != nil {
			return err
		}
	}
	channel, ts, err := m.client.api.PostMessageContext(ctx, to, m.message(d)...)
	if err != nil {
		return sent(err)
	}
	if d.Sent != nil {
		d.Sent(channel + " " + ts)
	}
	return nil
}

// Update shows in a message what its passes are now. One that is gone needs none.
func (m *Messenger) Update(ctx context.Context, place string, d integrations.Delivery) error {
	channel, ts, _ := strings.Cut(place, " ")
	_, _, _, err := m.client.api.UpdateMessageContext(ctx, channel, ts, m.message(d)...)
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) && (refused.Err == "message_not_found" || refused.Err == "channel_not_found" || refused.Err == "is_archived") {
		return nil
	}
	return sorted(err)
}

// message is what a delivery looks like.
func (m *Messenger) message(d integrations.Delivery) []slack.MsgOption {
	var blocks []slack.Block
	if d.Intro != "" {
		blocks = append(blocks, section(escape(clip(d.Intro, mostText))))
	}
	for _, p := range d.Packages[:min(len(d.Packages), mostPasses)] {
		blocks = append(append(blocks, m.pictures.pass(p)...), wallet(p)...)
	}
	if len(d.Packages) > 1 && d.Link != "" {
		blocks = append(blocks, slack.NewActionBlock("", link(actionPage, fmt.Sprintf("All %d passes", len(d.Packages)), d.Link)))
	}
	text := d.Subject
	if text == "" {
		text = titles(d.Packages)
	}
	return message(escape(clip(text, mostValue)), blocks...)
}

// message is a text for notifications with blocks. Slack is to fetch none of its
// links.
func message(text string, blocks ...slack.Block) []slack.MsgOption {
	out := []slack.MsgOption{slack.MsgOptionText(text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
	if len(blocks) > 0 {
		out = append(out, slack.MsgOptionBlocks(blocks...))
	}
	return out
}

// find is where a message for a recipient goes: a person by their mail address.
func (m *Messenger) find(ctx context.Context, to string) (string, error) {
	if !isAddress(to) {
		return to, nil
	}
	user, err := m.client.api.GetUserByEmailContext(ctx, to)
	if err != nil {
		return "", sorted(err)
	}
	return user.ID, nil
}

// sent is an error of a message that may have been taken nevertheless.
func sent(err error) error {
	err = sorted(err)
	if err == errNoAnswer { //nolint:errorlint // it is that very one
		return integrations.Ambiguous(err)
	}
	return err
}

// Notice posts a notice.
func (m *Messenger) Notice(ctx context.Context, to string, n integrations.Notice) error {
	to, err := m.find(ctx, to)
	if err != nil {
		return err
	}
	text := bold(n.Subject, mostValue)
	if body := strings.TrimSpace(n.Text); body != "" {
		text += "\n" + escape(clip(body, mostNotice))
	}
	_, _, err = m.client.api.PostMessageContext(ctx, to, message(text)...)
	return sent(err)
}

// mostNotice is the longest notice, in characters before they are escaped. A
// message without blocks may have 40,000.
const mostNotice = 7000
