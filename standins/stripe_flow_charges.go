package standins

var chargeFlows = []flowMaker{
	{"refund-full", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("refund.created", f.refund(nil), nil)
		f.happens("charge.refunded", f.charge(map[string]any{"refunded": true, "amount_refunded": 9900}), map[string]any{"refunded": false, "amount_refunded": 0})
		for _, name := range []string{"refund.updated", "charge.refund.updated"} {
			f.happens(name, f.refund(map[string]any{"metadata": map[string]any{"why": "rain"}}), map[string]any{"metadata": map[string]any{"why": nil}})
		}
	}},
	{"refund-partial-then-rest", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("charge.refunded", f.charge(map[string]any{"amount_refunded": 4950}), map[string]any{"amount_refunded": 0})
		f.happens("charge.refunded", f.charge(map[string]any{"refunded": true, "amount_refunded": 9900}), map[string]any{"refunded": false, "amount_refunded": 4950})
	}},
	{"refund-of-partial-capture", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("charge.refunded", f.charge(map[string]any{"amount_captured": 4950, "amount_refunded": 4950}), map[string]any{"amount_refunded": 0})
		f.happens("charge.refunded", f.charge(map[string]any{"amount_captured": 4950, "amount_refunded": 4950, "refunded": true}), map[string]any{"refunded": false})
	}},
	{"refund-failed", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("refund.created", f.refund(map[string]any{"status": "pending"}), nil)
		f.happens("charge.refunded", f.charge(map[string]any{"refunded": true, "amount_refunded": 9900}), map[string]any{"refunded": false, "amount_refunded": 0})
		failed := f.refund(map[string]any{"status": "failed", "failure_reason": "lost_or_stolen_card"})
		for _, name := range []string{"refund.updated", "charge.refund.updated", "refund.failed"} {
			f.happens(name, failed, map[string]any{"status": "pending"})
		}
		f.knows(f.charge(nil))
	}},
	{"refund-cancelled", func(f *StripeFlow) {
		f.soldOnce()
		f.knows(f.charge(nil))
		f.happens("refund.updated", f.refund(map[string]any{"status": "canceled"}), map[string]any{"status": "requires_action"})
	}},
	{"refund-failed-but-another-took-its-place", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("refund.failed", f.refund(map[string]any{"status": "failed"}), map[string]any{"status": "pending"})
		f.knows(f.charge(map[string]any{"refunded": true, "amount_refunded": 9900}))
	}},
	{"refund-without-charge", func(f *StripeFlow) {
		f.happens("refund.created", f.refund(map[string]any{"charge": nil}), nil)
	}},
	{"refund-of-a-month", func(f *StripeFlow) {
		f.knows(f.subscription(nil))
		f.knows(f.invoice("subscription_cycle", nil))
		f.paidInvoice()
		f.happens("charge.refunded", f.charge(map[string]any{"refunded": true, "amount_refunded": 9900, "invoice": "in_1"}), map[string]any{"refunded": false})
	}},
	{"refund-of-an-invoice-without-subscription", func(f *StripeFlow) {
		f.knows(f.invoice("manual", map[string]any{"subscription": nil, "parent": nil}))
		f.paidInvoice()
		f.happens("charge.refunded", f.charge(map[string]any{"refunded": true, "amount_refunded": 9900, "invoice": "in_1"}), map[string]any{"refunded": false})
	}},
	{"dispute-won", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("charge.dispute.created", f.dispute("needs_response"), nil)
		f.happens("charge.dispute.closed", f.dispute("won"), map[string]any{"status": "under_review"})
		f.happens("charge.dispute.funds_reinstated", f.dispute("won"), nil)
	}},
	{"dispute-lost", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("charge.dispute.created", f.dispute("needs_response"), nil)
		f.happens("charge.dispute.funds_reinstated", f.dispute("under_review"), nil)
		f.happens("charge.dispute.closed", f.dispute("lost"), map[string]any{"status": "under_review"})
	}},
	{"dispute-inquiry", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("charge.dispute.created", f.dispute("warning_needs_response"), nil)
		f.happens("charge.dispute.closed", f.dispute("warning_closed"), map[string]any{"status": "warning_needs_response"})
	}},
	{"dispute-inquiry-accepted", func(f *StripeFlow) {
		f.soldOnce()
		f.happens("charge.dispute.created", f.dispute("warning_needs_response"), nil)
		f.happens("charge.dispute.updated", f.dispute("warning_needs_response"), map[string]any{"metadata": map[string]any{"why": nil}})
		f.happens("charge.dispute.closed", f.dispute("lost"), map[string]any{"status": "warning_needs_response"})
	}},
	{"dispute-of-a-month", func(f *StripeFlow) {
		f.knows(f.subscription(nil))
		f.knows(f.invoice("subscription_cycle", nil))
		f.knows(f.invoicePayment())
		f.happens("charge.dispute.created", f.dispute("needs_response"), nil)
	}},
}

// soldOnce lets the API know the Checkout Session that the charge paid for.
func (f *StripeFlow) soldOnce() {
	session, items := f.sold(nil)
	f.sessions = append(f.sessions, soldSession{session, items})
}

// charge is the payment of the flow's Checkout Session, or of its invoice.
func (f *StripeFlow) charge(members map[string]any) map[string]any {
	charge := map[string]any{
		"id": "ch_1", "object": "charge", "amount": 9900, "amount_captured": 9900, "amount_refunded": 0, "captured": true, "created": flowStart.Unix(),
		"currency": "eur", "customer": nil, "disputed": false, "invoice": nil, "livemode": false, "metadata": map[string]any{}, "paid": true,
		"payment_intent": "pi_1", "receipt_email": nil, "refunded": false, "status": "succeeded",
	}
	charge = changed(charge, members)
	if f.basil() {
		delete(charge, "invoice")
	}
	return charge
}

func (f *StripeFlow) refund(members map[string]any) map[string]any {
	return changed(map[string]any{
		"id": "re_1", "object": "refund", "amount": 9900, "charge": "ch_1", "created": flowStart.Unix(), "currency": "eur", "metadata": map[string]any{},
		"payment_intent": "pi_1", "reason": "requested_by_customer", "receipt_number": nil, "status": "succeeded",
	}, members)
}

func (f *StripeFlow) dispute(status string) map[string]any {
	return map[string]any{
		"id": "dp_1", "object": "dispute", "amount": 9900, "charge": "ch_1", "created": flowStart.Unix(), "currency": "eur", "is_charge_refundable": false,
		"livemode": false, "metadata": map[string]any{}, "payment_intent": "pi_1", "reason": "fraudulent", "status": status,
	}
}

// invoicePayment is what names the invoice of a payment since basil.
func (f *StripeFlow) invoicePayment() map[string]any {
	return map[string]any{
		"id": "inpay_1", "object": "invoice_payment", "amount_paid": 9900, "created": flowStart.Unix(), "currency": "eur", "invoice": "in_1", "livemode": false,
		"payment": map[string]any{"type": "payment_intent", "payment_intent": "pi_1"}, "status": "paid",
	}
}

// paidInvoice lets the API say which invoice the payment paid, where the charge
// does not.
func (f *StripeFlow) paidInvoice() {
	if f.basil() {
		f.knows(f.invoicePayment())
	}
}
