package standins

// triggerFlows are what `stripe trigger` causes beside the flows that passes
// are made for: payments on their way, trials, schedules, invoices of other
// kinds, and payments that no Checkout Session is behind.
var triggerFlows = []flowMaker{
	{"checkout-paid-at-the-second-try", func(f *StripeFlow) {
		f.intent("payment_intent.created", "requires_payment_method")
		f.happens("charge.failed", f.charge(map[string]any{"status": "failed", "paid": false, "captured": false}), nil)
		f.intent("payment_intent.payment_failed", "requires_payment_method")
		f.intent("payment_intent.requires_action", "requires_action")
		f.happens("charge.succeeded", f.charge(nil), nil)
		f.intent("payment_intent.succeeded", "succeeded")
		f.session("checkout.session.completed", nil)
	}},
	{"checkout-paid-by-bank-transfer", func(f *StripeFlow) {
		f.session("checkout.session.completed", map[string]any{"payment_status": "unpaid"})
		f.intent("payment_intent.processing", "processing")
		f.intent("payment_intent.partially_funded", "requires_action")
		f.session("checkout.session.async_payment_succeeded", nil)
	}},
	// Stripe's session is unpaid until the money is captured, and no event about
	// the session says that it was.
	{"checkout-captured-later", func(f *StripeFlow) {
		f.intent("payment_intent.amount_capturable_updated", "requires_capture")
		f.session("checkout.session.completed", map[string]any{"payment_status": "unpaid"})
		f.happens("charge.captured", f.charge(nil), map[string]any{"captured": false, "amount_captured": 0})
		f.intent("payment_intent.succeeded", "succeeded")
		f.soldOnce()
	}},
	{"checkout-never-captured", func(f *StripeFlow) {
		f.intent("payment_intent.amount_capturable_updated", "requires_capture")
		f.session("checkout.session.completed", map[string]any{"payment_status": "unpaid"})
		f.happens("charge.refunded", f.charge(map[string]any{"captured": false, "amount_captured": 0, "refunded": true, "amount_refunded": 9900}), map[string]any{"refunded": false, "amount_refunded": 0})
		f.intent("payment_intent.canceled", "canceled")
	}},
	{"checkout-by-payment-link", func(f *StripeFlow) {
		link := map[string]any{"id": "plink_1", "object": "payment_link", "active": true, "livemode": false, "metadata": map[string]any{"show": "hall-one"}}
		f.happens("payment_link.created", link, nil)
		f.happens("payment_link.updated", changed(link, map[string]any{"allow_promotion_codes": true}), map[string]any{"allow_promotion_codes": false})
		f.session("checkout.session.completed", map[string]any{"payment_link": "plink_1", "metadata": map[string]any{"show": "hall-one"}})
	}},
	{"checkout-trial", func(f *StripeFlow) {
		trial := f.subscription(map[string]any{"status": "trialing", "trial_end": flowStart.AddDate(0, 1, 0).Unix()})
		f.happens("customer.subscription.created", trial, nil)
		f.happens("invoice.paid", f.invoice("subscription_create", map[string]any{"amount_due": 0, "amount_paid": 0}), nil)
		f.session("checkout.session.completed", map[string]any{
			"mode": "subscription", "payment_status": "no_payment_required", "payment_intent": nil, "subscription": "sub_1", "invoice": "in_1", "customer": "cus_1", "amount_total": 0,
		})
		f.happens("customer.subscription.trial_will_end", trial, nil)
	}},
	{"subscription-paused", func(f *StripeFlow) {
		paused := f.subscription(map[string]any{"status": "paused"})
		f.happens("customer.subscription.updated", paused, map[string]any{"status": "trialing"})
		f.happens("customer.subscription.paused", paused, nil)
	}},
	{"subscription-touched", func(f *StripeFlow) {
		f.happens("customer.subscription.updated", f.subscription(map[string]any{"metadata": map[string]any{"seat": "12"}}), map[string]any{"metadata": map[string]any{"seat": nil}})
	}},
	{"subscription-cancelled-at-once", func(f *StripeFlow) {
		f.happens("customer.subscription.deleted", f.subscription(map[string]any{"status": "canceled", "ended_at": flowStart.Unix()}), nil)
	}},
	{"subscription-first-payment-failed", func(f *StripeFlow) {
		session, items := f.sold(map[string]any{"mode": "subscription", "status": "open", "payment_status": "unpaid", "payment_intent": nil})
		f.sessions = append(f.sessions, soldSession{session, items})
		f.happens("customer.subscription.created", f.subscription(map[string]any{"status": "incomplete"}), nil)
		f.happens("invoice.payment_failed", f.invoice("subscription_create", map[string]any{"status": "open", "amount_paid": 0}), nil)
		f.happens("customer.subscription.updated", f.subscription(map[string]any{"status": "incomplete_expired"}), map[string]any{"status": "incomplete"})
	}},
	{"subscription-schedule-runs", func(f *StripeFlow) {
		f.schedule("subscription_schedule.created", "not_started")
		f.happens("customer.subscription.created", f.subscription(nil), nil)
		f.schedule("subscription_schedule.updated", "active")
		f.schedule("subscription_schedule.expiring", "active")
		f.schedule("subscription_schedule.completed", "completed")
		f.schedule("subscription_schedule.released", "released")
	}},
	{"subscription-schedule-cancelled", func(f *StripeFlow) {
		f.schedule("subscription_schedule.canceled", "canceled")
		f.happens("customer.subscription.deleted", f.subscription(map[string]any{"status": "canceled"}), nil)
	}},
	{"subscription-schedule-aborted", func(f *StripeFlow) {
		f.happens("customer.subscription.deleted", f.subscription(map[string]any{"status": "canceled"}), nil)
		f.schedule("subscription_schedule.aborted", "canceled")
	}},
	{"invoice-never-paid", func(f *StripeFlow) {
		for _, step := range [][2]string{
			{"created", "draft"}, {"updated", "draft"}, {"finalized", "open"}, {"sent", "open"}, {"payment_failed", "open"},
			{"payment_action_required", "open"}, {"marked_uncollectible", "uncollectible"}, {"voided", "void"},
		} {
			f.happens("invoice."+step[0], f.invoice("manual", map[string]any{"subscription": nil, "parent": nil, "status": step[1], "amount_paid": 0}), nil)
		}
		f.happens("invoice.deleted", f.invoice("manual", map[string]any{"id": "in_2", "subscription": nil, "parent": nil, "status": "draft", "amount_paid": 0}), nil)
	}},
	{"payment-without-checkout", func(f *StripeFlow) {
		f.happens("charge.succeeded", f.charge(map[string]any{"captured": false}), nil)
		f.happens("charge.captured", f.charge(nil), map[string]any{"captured": false})
		f.intent("payment_intent.succeeded", "succeeded")
		f.happens("charge.refunded", f.charge(map[string]any{"refunded": true, "amount_refunded": 9900}), map[string]any{"refunded": false, "amount_refunded": 0})
	}},
}

// intent adds an event about the payment of the flow's Checkout Session.
func (f *StripeFlow) intent(eventType, status string) {
	f.happens(eventType, map[string]any{
		"id": "pi_1", "object": "payment_intent", "amount": 9900, "currency": "eur", "latest_charge": "ch_1", "livemode": false, "metadata": map[string]any{}, "status": status,
	}, nil)
}

// schedule adds an event about what changes the flow's subscription by plan.
func (f *StripeFlow) schedule(eventType, status string) {
	f.happens(eventType, map[string]any{
		"id": "sub_sched_1", "object": "subscription_schedule", "livemode": false, "metadata": map[string]any{}, "status": status, "subscription": "sub_1",
	}, nil)
}
