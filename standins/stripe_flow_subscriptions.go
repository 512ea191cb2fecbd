package standins

import "time"

var subscriptionFlows = []flowMaker{
	{"subscription-renewed", func(f *StripeFlow) {
		next := f.subscription(f.period(flowStart.AddDate(0, 1, 0)))
		f.happens("customer.subscription.updated", next, map[string]any{"latest_invoice": "in_0"})
		f.happens("invoice.paid", f.invoice("subscription_cycle", nil), nil)
		f.happens("invoice.payment_succeeded", f.invoice("subscription_cycle", nil), nil)
	}},
	{"subscription-unpaid-then-paid", func(f *StripeFlow) {
		f.happens("invoice.payment_failed", f.invoice("subscription_cycle", map[string]any{"status": "open", "amount_paid": 0}), nil)
		for _, step := range [][2]string{{"active", "past_due"}, {"past_due", "unpaid"}, {"unpaid", "active"}} {
			f.happens("customer.subscription.updated", f.subscription(map[string]any{"status": step[1]}), map[string]any{"status": step[0]})
		}
	}},
	{"subscription-unpaid-and-touched", func(f *StripeFlow) {
		f.happens("customer.subscription.updated", f.subscription(map[string]any{"status": "unpaid"}), map[string]any{"metadata": map[string]any{"seat": nil}})
	}},
	{"subscription-cancelled-at-its-end", func(f *StripeFlow) {
		f.happens("customer.subscription.updated", f.subscription(map[string]any{"cancel_at_period_end": true}), map[string]any{"cancel_at_period_end": false})
		f.happens("customer.subscription.deleted", f.subscription(map[string]any{"status": "canceled", "cancel_at_period_end": true}), nil)
	}},
	{"subscription-never-begun", func(f *StripeFlow) {
		f.happens("customer.subscription.updated", f.subscription(map[string]any{"status": "incomplete_expired"}), map[string]any{"status": "incomplete"})
	}},
	{"subscription-plan-changed", func(f *StripeFlow) {
		f.happens("customer.subscription.updated", f.subscription(nil), map[string]any{"items": map[string]any{"data": []any{map[string]any{"id": "si_1"}}}})
		f.happens("invoice.paid", f.invoice("subscription_update", nil), nil)
	}},
	{"subscription-period-of-the-invoice-only", func(f *StripeFlow) {
		f.knows(f.subscription(map[string]any{"items": map[string]any{"data": []any{}}, "current_period_start": nil, "current_period_end": nil}))
		f.happens("invoice.paid", f.invoice("subscription_cycle", nil), nil)
	}},
	{"invoice-of-no-subscription", func(f *StripeFlow) {
		f.happens("invoice.paid", f.invoice("manual", map[string]any{"subscription": nil, "parent": nil}), nil)
	}},
	{"invoice-for-usage", func(f *StripeFlow) {
		f.knows(f.subscription(nil))
		f.happens("invoice.paid", f.invoice("subscription_threshold", nil), nil)
	}},
}

// subscription is a monthly membership that began with the flow.
func (f *StripeFlow) subscription(members map[string]any) map[string]any {
	sub := map[string]any{
		"id": "sub_1", "object": "subscription", "cancel_at": nil, "cancel_at_period_end": false, "canceled_at": nil, "created": flowStart.Unix(),
		"currency": "eur", "customer": "cus_1", "ended_at": nil, "latest_invoice": "in_1", "livemode": false, "metadata": map[string]any{},
		"start_date": flowStart.Unix(), "status": "active", "trial_end": nil,
	}
	return changed(changed(sub, f.period(flowStart)), members)
}

// period is where a subscription says which month is paid for: in its items,
// before basil in itself.
func (f *StripeFlow) period(start time.Time) map[string]any {
	item := map[string]any{
		"id": "si_1", "object": "subscription_item", "created": flowStart.Unix(), "metadata": map[string]any{}, "quantity": 1, "subscription": "sub_1",
		"price": map[string]any{"id": "price_1", "object": "price", "currency": "eur", "product": "prod_1", "type": "recurring", "unit_amount": 9900},
	}
	members := map[string]any{"items": map[string]any{"object": "list", "has_more": false, "data": []any{item}}}
	holder := members
	if f.basil() {
		holder = item
	}
	holder["current_period_start"], holder["current_period_end"] = start.Unix(), start.AddDate(0, 1, 0).Unix()
	return members
}

// invoice is the subscription's. Since basil it names the subscription in
// parent, and not the payment.
func (f *StripeFlow) invoice(reason string, members map[string]any) map[string]any {
	line := map[string]any{
		"id": "il_1", "object": "line_item", "amount": 9900, "currency": "eur", "description": "1 × Membership", "quantity": 1,
		"period": map[string]any{"start": flowStart.Unix(), "end": flowStart.AddDate(0, 1, 0).Unix()},
	}
	invoice := map[string]any{
		"id": "in_1", "object": "invoice", "amount_due": 9900, "amount_paid": 9900, "billing_reason": reason, "created": flowStart.Unix(), "currency": "eur",
		"customer": "cus_1", "customer_email": "ada@example.com", "customer_name": "Ada Lovelace", "livemode": false, "metadata": map[string]any{},
		"lines": map[string]any{"object": "list", "has_more": false, "data": []any{line}}, "status": "paid",
	}
	if f.basil() {
		invoice["parent"] = map[string]any{"type": "subscription_details", "subscription_details": map[string]any{"metadata": map[string]any{}, "subscription": "sub_1"}}
	} else {
		invoice["subscription"], invoice["payment_intent"], invoice["charge"], invoice["paid"] = "sub_1", "pi_1", "ch_1", true
	}
	return changed(invoice, members)
}
