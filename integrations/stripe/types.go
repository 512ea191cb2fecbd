package stripe

import (
	_ "embed"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// sampleSession has every member that a completed Checkout Session may have,
// with line items as Complete leaves them.
//
//go:embed samples/checkout.session.json
var sampleSession []byte

// Types are the event types that passhook knows by name. Stripe's other types
// may stand in rules as well; their names and members are not checked.
func Types() (map[string]integrations.TypeInfo, error) {
	sample, err := expressions.DecodeJSON(sampleSession)
	if err != nil {
		return nil, err
	}
	session := integrations.TypeInfo{Samples: []any{sample}}
	paid := session
	paid.ForEach, paid.Repeat = "data.line_items", "item.quantity"
	types := map[string]integrations.TypeInfo{
		TypePaid:                            paid,
		"stripe.checkout.session.completed": session,
		"stripe.checkout.session.async_payment_succeeded": session,
		"stripe.checkout.session.async_payment_failed":    session,
		"stripe.checkout.session.expired":                 session,
	}
	for _, name := range plainTypes {
		types["stripe."+name] = integrations.TypeInfo{}
	}
	return types, nil
}

// plainTypes are Stripe's events that tickets and memberships depend on.
// https://docs.stripe.com/api/events/types
var plainTypes = []string{
	"charge.succeeded", "charge.refunded", "charge.dispute.created", "charge.dispute.closed",
	"refund.created", "refund.updated", "refund.failed",
	"invoice.paid", "invoice.payment_failed", "payment_intent.succeeded",
	"customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
}
