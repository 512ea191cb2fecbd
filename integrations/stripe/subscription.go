package stripe

import (
	"context"
	"fmt"
	"maps"

	"github.com/passhook/passhook/integrations"
)

const (
	// TypeSubscriptionPaid is the alias of an invoice that begins or renews a
	// subscription, once it is paid. Its data is the Subscription, with the period
	// that is paid for as period_start and period_end, in Unix seconds, and the
	// Invoice as invoice.
	TypeSubscriptionPaid = "stripe.subscription.paid"
	// TypeSubscriptionEnded is the alias of a subscription that is no longer good
	// for anything. Its data is the Subscription.
	TypeSubscriptionEnded = "stripe.subscription.ended"
)

// paidReasons are the billing reasons that pay for a period: the first, the
// next, and the one that begins at once when a plan is changed. The last one is
// what old API versions say of all three. manual invoices and those for usage
// (subscription_threshold) are none.
var paidReasons = map[string]bool{"subscription_create": true, "subscription_cycle": true, "subscription_update": true, "subscription": true}

// endedStates are those a subscription is good for nothing in. past_due is not
// among them: Stripe still tries to collect. Nor is paused: a rule may say so.
var endedStates = map[string]bool{"canceled": true, "unpaid": true, "incomplete_expired": true}

// invoicePaid has the invoice as its object, so that Stripe's two events about
// one payment, invoice.paid and invoice.payment_succeeded, are one.
func invoicePaid(e *integrations.Completed, o object) {
	if o.Object == "invoice" && o.subscription() != "" && paidReasons[text(o.BillingReason)] {
		e.Aliases = append(e.Aliases, TypeSubscriptionPaid)
	}
}

func subscriptionDeleted(e *integrations.Completed, o object) {
	e.Aliases = append(e.Aliases, TypeSubscriptionEnded)
	void(e, integrations.ReasonSubscriptionEnd, ids(o.ID))
}

// subscriptionUpdated ends what Stripe gave up on, and takes that back when it
// is paid after all. A thin event does not say what changed; then the present
// state counts.
func subscriptionUpdated(e *integrations.Completed, o object) {
	status := text(o.Status)
	before, changed := at(o.PreviousAttributes, "status").(string)
	changed = changed || o.PreviousAttributes == nil
	switch {
	case endedStates[status]:
		void(e, integrations.ReasonSubscriptionEnd, ids(o.ID))
		if changed {
			e.Aliases = append(e.Aliases, TypeSubscriptionEnded)
		}
	case changed && (status == "active" || status == "trialing") && (before == "" || endedStates[before]):
		lift(e, integrations.ReasonSubscriptionEnd, ids(o.ID))
	}
}

// completeInvoice puts the Subscription in the invoice's place.
func (c *Client) completeInvoice(ctx context.Context, e *integrations.Completed, o object, invoice map[string]any) (map[string]any, error) {
	if !e.Is(TypeSubscriptionPaid) {
		return invoice, nil
	}
	subscription, ok := at(invoice, "parent", "subscription_details", "subscription").(map[string]any)
	if !ok {
		subscription, ok = invoice["subscription"].(map[string]any)
	}
	if !ok { // not expanded
		var err error
		subscription, err = c.object(ctx, e.Event, "/v1/subscriptions/"+o.subscription())
		switch {
		case integrations.IsNever(err): // gone; the invoice says for when it paid
			subscription = map[string]any{"id": o.subscription(), "object": "subscription"}
		case err != nil:
			return nil, fmt.Errorf("the subscription of %s: %w", e.Object, err)
		}
	}
	subscription, invoice = maps.Clone(subscription), maps.Clone(invoice)
	addPeriod(subscription, subscription, invoice)
	subscription["invoice"] = invoice
	return subscription, nil
}

// addPeriod adds period_start and period_end, in Unix seconds. Since
// 2025-03-31.basil each item of a subscription has its own period, of which the
// widest counts; before, the subscription has one. The invoice's lines are the
// last resort.
func addPeriod(to, subscription, invoice map[string]any) {
	start, end := widest(at(subscription, "items", "data"), "current_period_start", "current_period_end")
	if end == 0 {
		start, end = number(subscription["current_period_start"]), number(subscription["current_period_end"])
	}
	if end == 0 {
		start, end = widest(periods(at(invoice, "lines", "data")), "start", "end")
	}
	to["period_start"], to["period_end"] = nil, nil
	if end > 0 {
		to["period_start"], to["period_end"] = int(start), int(end)
	}
}

// widest is the earliest start and the latest end in a list of objects, or 0.
func widest(list any, startName, endName string) (start, end int64) {
	objects, _ := list.([]any)
	for _, o := range objects {
		s, e := number(at(o, startName)), number(at(o, endName))
		if s > 0 && (start == 0 || s < start) {
			start = s
		}
		end = max(end, e)
	}
	return start, end
}

// periods are the periods of an invoice's lines.
func periods(lines any) []any {
	list, _ := lines.([]any)
	var out []any
	for _, line := range list {
		out = append(out, at(line, "period"))
	}
	return out
}

// invoiceSubscription is the id of the subscription that an invoice is for.
func invoiceSubscription(invoice map[string]any) string {
	return object{Object: "invoice", Parent: invoice["parent"], Subscription: invoice["subscription"]}.subscription()
}
