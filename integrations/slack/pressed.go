package slack

import (
	"context"

	"github.com/passhook/passhook/store"
)

// pressed does what a button of a message asks for, and answers later: Slack does
// not show what a button is answered with at once. Those that open an address ask
// for nothing more.
func (h *Handler) pressed(ctx context.Context, i *interaction) error {
	for _, a := range i.Actions {
		var out *reply
		switch id := i.Trigger + a.ActionID; a.ActionID {
		case actionVoid:
			out = h.void(ctx, id, i.person(), a.Value)
		case actionResend:
			out = h.resend(ctx, id, i.person(), a.Value)
		default:
			continue
		}
		to := asker(i.User.ID, i.Response, h.Engine.Now())
		m := store.Message{Kind: store.MessageAnswer, Channel: to.Channel, Recipient: to.Address, Text: out.Text}
		if err := h.Engine.Store.Tell(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
