package stripe

import (
	"context"
	"fmt"

	"github.com/passhook/passhook/integrations"
)

// TypePaid is the alias that hides the traps of Checkout: once a session, when
// it is paid or needs no payment, whichever of Stripe's events says so.
const TypePaid = "stripe.checkout.paid"

// sessionPaid is an allow-list: a payment_status or a mode that Stripe adds some
// day issues nothing until somebody has looked at it. unpaid waits for
// async_payment_succeeded. mode setup saves a card for later and needs no
// payment either, but nobody has bought anything.
func sessionPaid(e *integrations.Completed, o object) {
	if o.Object != "checkout.session" || o.Mode != nil && o.Mode != "payment" && o.Mode != "subscription" {
		return
	}
	switch text(o.PaymentStatus) {
	case "paid", "no_payment_required":
		e.Aliases = append(e.Aliases, TypePaid)
	}
}

// completeSession fills up data.line_items, data.custom_fields, the buyer's
// address and, for a subscription, period_start and period_end.
func (c *Client) completeSession(ctx context.Context, e integrations.Event, session map[string]any) error {
	items, err := c.itemsOf(ctx, e, session)
	if err != nil {
		return err
	}
	session["line_items"] = plainItems(items, session)
	session["custom_fields"] = fieldsByKey(session["custom_fields"])
	if err := c.findAddress(ctx, e, session); err != nil {
		return err
	}
	return c.sessionPeriod(ctx, e, session)
}

// findAddress fills customer_details.email where Checkout asked for none: with
// what the shop gave it, else with the customer's.
func (c *Client) findAddress(ctx context.Context, e integrations.Event, session map[string]any) error {
	details, ok := session["customer_details"].(map[string]any)
	if text(details["email"]) != "" || isSample(e) {
		return nil
	}
	email, customer := session["customer_email"], id(session["customer"])
	if text(email) == "" && customer != "" {
		found, err := c.object(ctx, e, "/v1/customers/"+customer)
		switch {
		case integrations.IsNever(err): // deleted, or of another account: then there is no address
		case err != nil:
			return fmt.Errorf("the customer of %s: %w", e.Object, err)
		default:
			email = found["email"]
		}
	}
	if text(email) == "" {
		return nil
	}
	if !ok {
		details = map[string]any{}
		session["customer_details"] = details
	}
	details["email"] = email
	return nil
}

// sessionPeriod adds period_start and period_end of the subscription that the
// session began, so that the first pass knows how long it is good for.
func (c *Client) sessionPeriod(ctx context.Context, e integrations.Event, session map[string]any) error {
	sub := id(session["subscription"])
	if session["mode"] != "subscription" || sub == "" {
		return nil
	}
	subscription, expanded := session["subscription"].(map[string]any)
	if expanded || isSample(e) {
		addPeriod(session, subscription, nil)
		return nil
	}
	subscription, err := c.object(ctx, e, "/v1/subscriptions/"+sub)
	switch {
	case integrations.IsNever(err): // gone; the purchase stays one
		return nil
	case err != nil:
		return fmt.Errorf("the subscription of %s: %w", e.Object, err)
	}
	addPeriod(session, subscription, nil)
	return nil
}
