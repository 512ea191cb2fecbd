package stripe

import (
	"context"
	"fmt"
	"strings"

	"github.com/passhook/passhook/integrations"
)

// disputeOpened voids for every dispute, an inquiry of the bank included;
// void_on decides whether that counts for a rule's passes.
func disputeOpened(e *integrations.Completed, o object) {
	void(e, integrations.ReasonDispute, o.payment())
	what := "disputes a payment of"
	if strings.HasPrefix(text(o.Status), "warning") {
		what = "asks through the bank about a payment of"
	}
	e.Attention = fmt.Sprintf("the buyer %s %s (%s); passes whose void_on names dispute are void until it is settled; answer it in time: %s",
		what, money(number(o.Amount), o.Currency), text(o.Reason), paymentPage(e.Event, o))
}

// disputeClosed lifts what is won. funds_reinstated is read alike: Stripe also
// sends it for a part of the money, and only the status says who won.
func disputeClosed(e *integrations.Completed, o object) {
	switch status := text(o.Status); {
	case status == "won" || status == "warning_closed":
		lift(e, integrations.ReasonDispute, o.payment())
	case ownType(e.Event) == "charge.dispute.closed":
		e.Attention = fmt.Sprintf("the dispute about %s is closed as %s; its passes stay void: %s",
			money(number(o.Amount), o.Currency), status, paymentPage(e.Event, o))
	}
}

// completeDispute lets a dispute find what was paid for, a subscription too.
func (c *Client) completeDispute(ctx context.Context, e *integrations.Completed, o object) error {
	if len(e.Effects) == 0 || isSample(e.Event) {
		return nil
	}
	_, err := c.addSaleRefs(ctx, e, o, nil)
	return err
}
