package stripe

import (
	"context"
	"fmt"

	"github.com/passhook/passhook/integrations"
)

// TypeRefunded is the alias of a charge that is refunded as a whole.
const TypeRefunded = "stripe.refunded"

// chargeRefunded voids when the whole charge is refunded. Which of several
// passes a part was for, only a person knows.
//
// refunded is Stripe's own word for it. The amounts say the same, but are not
// compared with amount_captured: what was never captured counts as refunded in
// some versions and not in others.
func chargeRefunded(e *integrations.Completed, o object) {
	amount, refunded := number(o.Amount), number(o.AmountRefunded)
	switch {
	case wholly(o):
		e.Aliases = append(e.Aliases, TypeRefunded)
		void(e, integrations.ReasonRefund, o.payment())
	case refunded > 0: // nothing, where a thin event's charge got its money back meanwhile
		e.Attention = fmt.Sprintf("%s of %s were refunded, so no pass was voided; choose the passes that the refund is for and void them: %s",
			money(refunded, o.Currency), money(amount, o.Currency), paymentPage(e.Event, o))
	}
}

// wholly reports whether all of a charge is refunded.
func wholly(o object) bool {
	amount := number(o.Amount)
	return o.Refunded == true || amount > 0 && number(o.AmountRefunded) >= amount
}

// refundChanged gives passes back when a refund failed or was cancelled.
// Complete looks whether another refund has taken its place. The operator is
// told by refund.failed, not by the refund.updated beside it.
func refundChanged(e *integrations.Completed, o object) {
	status := text(o.Status)
	switch {
	case status == "failed" || status == "canceled" || ownType(e.Event) == "refund.failed":
		lift(e, integrations.ReasonRefund, o.payment())
		if status == "failed" && ownType(e.Event) == "refund.updated" {
			return
		}
		e.Attention = fmt.Sprintf("a refund of %s %s, so the buyer does not have the money; passes that were void for it are valid again: %s",
			money(number(o.Amount), o.Currency), failed(o), paymentPage(e.Event, o))
	case ownType(e.Event) == "refund.created" && id(o.Charge) == "":
		e.Attention = fmt.Sprintf("%s were refunded without a charge, so no pass was voided; if passes were bought with it, void them: %s",
			money(number(o.Amount), o.Currency), paymentPage(e.Event, o))
	}
}

func failed(o object) string {
	if text(o.Status) == "canceled" {
		return "was cancelled"
	}
	if reason := text(o.FailureReason); reason != "" {
		return "failed (" + reason + ")"
	}
	return "failed"
}

// completeCharge takes the void back from a payment for a subscription:
// refunding one month ends no membership.
func (c *Client) completeCharge(ctx context.Context, e *integrations.Completed, o object, charge map[string]any) error {
	if len(e.Effects) == 0 || isSample(e.Event) {
		return nil
	}
	s, err := c.addSaleRefs(ctx, e, o, charge)
	if err == nil && s.subscription != "" {
		e.Effects = nil
		e.Attention = fmt.Sprintf("%s for subscription %s were refunded; its passes stay valid as long as it runs; to end them, cancel it: %s",
			money(number(o.AmountRefunded), o.Currency), s.subscription, dashboard(e.Event, "subscriptions", s.subscription))
	}
	return err
}

// completeRefund keeps a pass void when the charge is refunded as a whole in
// spite of the refund that failed.
func (c *Client) completeRefund(ctx context.Context, e *integrations.Completed, o object) error {
	charge := id(o.Charge)
	if len(e.Effects) == 0 || charge == "" || isSample(e.Event) {
		return nil
	}
	now, err := c.object(ctx, e.Event, "/v1/charges/"+charge)
	if err != nil && !isRefusal(err) { // else the event's own word counts
		return fmt.Errorf("the charge of %s: %w", e.Object, err)
	}
	if now["refunded"] == true {
		e.Effects, e.Attention = nil, ""
		return nil
	}
	_, err = c.addSaleRefs(ctx, e, o, nil)
	return err
}
