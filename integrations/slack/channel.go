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
	turns    *turns
}

var (
	_ integrations.Channel  = (*Messenger)(nil)
	_ integrations.Answerer = (*Messenger)(nil)
	_ integrations.Updater  = (*Messenger)(nil)
)

// NewMessenger makes the channel. address is our public one, below which
// pictures of passes are.
func NewMessenger(client *Client, address string, now func() time.Time) *Messenger {
	return &Messenger{client: client, pictures: arePublic(address), now: now, turns: newTurns()}
}

// Check says what is wrong with a recipient.
func (*Messenger) Check(to string) error { return CheckRecipient(to) }

// Deliver posts a message with the passes.
func (m *Messenger) Deliver(ctx context.Context, d integrations.Delivery) error {
	place, err := m.post(ctx, d.Recipient, d.ID, d.Confirm, m.message(d)...)
	if err == nil && d.Sent != nil {
		d.Sent(place)
	}
	return err
}

// post posts a message when it is its turn, and says where it is.
func (m *Messenger) post(ctx context.Context, to, id string, confirm func(context.Context) error, message ...slack.MsgOption) (place string, err error) {
	if err := m.turns.take(to, id, m.now()); err != nil {
		return "", err
	}
	where, err := m.find(ctx, to)
	if err == nil && confirm != nil {
		err = confirm(ctx)
	}
	if err != nil {
		return "", err
	}
	channel, ts, err := m.client.api.PostMessageContext(ctx, where, message...)
	if err != nil {
		err = sent(where, err)
		m.turns.limited(to, err, m.now())
		return "", err
	}
	return channel + " " + ts, nil
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
	text, blocks := m.pictures.delivery(d)
	return message(text, blocks...)
}

// delivery is a text for notifications, and all passes with their buttons.
func (show pictures) delivery(d integrations.Delivery) (text string, blocks []slack.Block) { // subject and intro are the mail's
	for _, p := range d.Packages[:min(len(d.Packages), mostPasses)] {
		blocks = append(append(blocks, show.pass(p)...), wallet(p)...)
	}
	if len(d.Packages) > 1 && d.Link != "" {
		blocks = append(blocks, slack.NewActionBlock("", link(actionPage, fmt.Sprintf("All %d passes", len(d.Packages)), d.Link)))
	}
	return escape(titles(d.Packages)), blocks
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
func sent(to string, err error) error {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) && refused.Err == "channel_not_found" && userID.MatchString(to) {
		return integrations.Never(errors.New("this person cannot be written to; they may have left the workspace (channel_not_found)"))
	}
	err = sorted(err)
	if err == errNoAnswer { //nolint:errorlint // it is that very one
		return integrations.Ambiguous(err)
	}
	return err
}

// Notice posts a notice.
func (m *Messenger) Notice(ctx context.Context, to string, n integrations.Notice) error {
	text := bold(n.Subject, mostValue)
	if body := strings.TrimSpace(n.Text); body != "" {
		text += "\n" + escape(clip(body, mostNotice))
	}
	_, err := m.post(ctx, to, n.ID, nil, message(text)...)
	return err
}

// mostNotice is the longest notice, in characters before they are escaped. A
// message without blocks may have 40,000.
const mostNotice = 7000
