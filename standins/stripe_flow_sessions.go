package standins

import "time"

var sessionFlows = []flowMaker{
	{"checkout-paid", func(f *StripeFlow) {
		f.happens("charge.succeeded", f.charge(nil), nil)
		f.session("checkout.session.completed", nil)
	}},
	{"checkout-free", func(f *StripeFlow) {
		f.session("checkout.session.completed", map[string]any{"payment_status": "no_payment_required", "payment_intent": nil, "amount_total": 0})
	}},
	{"checkout-paid-later", func(f *StripeFlow) {
		f.session("checkout.session.completed", map[string]any{"payment_status": "unpaid"})
		f.session("checkout.session.async_payment_succeeded", nil)
	}},
	{"checkout-never-paid", func(f *StripeFlow) {
		f.session("checkout.session.completed", map[string]any{"payment_status": "unpaid"})
		f.session("checkout.session.async_payment_failed", map[string]any{"payment_status": "unpaid"})
	}},
	{"checkout-expired", func(f *StripeFlow) {
		f.session("checkout.session.expired", map[string]any{"payment_status": "unpaid", "status": "expired", "payment_intent": nil})
	}},
	{"checkout-setup", func(f *StripeFlow) {
		f.session("checkout.session.completed", map[string]any{"mode": "setup", "payment_status": "no_payment_required", "payment_intent": nil, "setup_intent": "seti_1"})
	}},
	{"checkout-unknown-status", func(f *StripeFlow) {
		f.session("checkout.session.completed", map[string]any{"payment_status": "partially_paid"})
	}},
	{"checkout-without-email", func(f *StripeFlow) {
		f.knows(map[string]any{"id": "cus_1", "object": "customer", "email": "grace@example.com", "name": nil, "livemode": false})
		f.session("checkout.session.completed", map[string]any{"customer_details": nil, "customer": "cus_1"})
	}},
	{"checkout-subscription", func(f *StripeFlow) {
		sub := f.subscription(nil)
		f.happens("customer.subscription.created", changed(sub, map[string]any{"status": "incomplete"}), nil)
		f.happens("customer.subscription.updated", sub, map[string]any{"status": "incomplete"})
		f.happens("invoice.paid", f.invoice("subscription_create", nil), nil)
		f.happens("invoice.payment_succeeded", f.invoice("subscription_create", nil), nil)
		f.session("checkout.session.completed", map[string]any{"mode": "subscription", "payment_intent": nil, "subscription": "sub_1", "invoice": "in_1", "customer": "cus_1"})
	}},
	{"checkout-connect", func(f *StripeFlow) {
		session, items := f.sold(nil)
		f.sessions = append(f.sessions, soldSession{session, items})
		f.Events = append(f.Events, Event(EventOptions{ID: "evt_1", Type: "checkout.session.completed", Created: flowStart, APIVersion: f.version, Account: "acct_1"}, session))
	}},
}

// session adds an event about the flow's one Checkout Session.
func (f *StripeFlow) session(eventType string, members map[string]any) {
	session, items := f.sold(members)
	f.sessions = append(f.sessions, soldSession{session, items})
	f.happens(eventType, session, nil)
}

func (f *StripeFlow) sold(members map[string]any) (session map[string]any, items []map[string]any) {
	session, items = Checkout(CheckoutOptions{
		Seed: "1", Created: flowStart, Email: "ada@example.com", Name: "Ada Lovelace", Currency: "eur",
		Items: []Item{{Name: "Concert at Hall One", Quantity: 2, UnitAmount: 4950}},
	})
	if f.basil() {
		session["collected_information"] = map[string]any{"shipping_details": nil}
	} else {
		session["shipping_details"] = nil
	}
	return changed(session, members), items
}

var thinFlows = []flowMaker{
	{"thin-checkout", func(f *StripeFlow) {
		session, items := f.sold(nil)
		f.sessions = append(f.sessions, soldSession{session, items})
		f.thin("v1.checkout.session.completed", "checkout.session", "cs_test_1", ThinOptions{})
		f.thin("v1.checkout.session.completed", "checkout.session", "cs_test_1", ThinOptions{Snapshot: "evt_snapshot", Context: "org_1/acct_1"})
	}},
	{"thin-refund", func(f *StripeFlow) {
		session, items := f.sold(nil)
		f.sessions = append(f.sessions, soldSession{session, items})
		f.knows(f.charge(map[string]any{"refunded": true, "amount_refunded": 9900}))
		f.thin("v1.charge.refunded", "charge", "ch_1", ThinOptions{})
	}},
	{"thin-subscription", func(f *StripeFlow) {
		f.knows(f.subscription(map[string]any{"status": "canceled"}))
		f.knows(f.invoice("subscription_cycle", nil))
		f.thin("v1.invoice.paid", "invoice", "in_1", ThinOptions{})
		f.thin("v1.customer.subscription.updated", "subscription", "sub_1", ThinOptions{})
		f.thin("v1.customer.subscription.deleted", "subscription", "sub_1", ThinOptions{})
	}},
	{"thin-changes", func(f *StripeFlow) {
		f.knows(f.subscription(map[string]any{"status": "unpaid"}))
		f.thin("v1.customer.subscription.updated", "subscription", "sub_1", ThinOptions{Before: map[string]any{"status": "past_due"}})
		f.thin("v1.customer.subscription.updated", "subscription", "sub_1", ThinOptions{Before: map[string]any{"quantity": 2}})
	}},
	{"thin-others", func(f *StripeFlow) {
		f.thin("v2.core.event_destination.ping", "v2.core.event_destination", "ed_1", ThinOptions{URL: "/v2/core/event_destinations/ed_1"})
		f.thin("v1.balance.available", "", "", ThinOptions{})
	}},
	{"thin-elsewhere", func(f *StripeFlow) {
		f.knows(f.charge(nil))
		f.thin("v1.checkout.session.completed", "checkout.session", "cs_test_1", ThinOptions{URL: "https://example.com/v1/checkout/sessions/cs_test_1"})
		f.thin("v1.charge.refunded", "charge", "ch_1", ThinOptions{URL: "/v1/../v2/core/events"})
		f.thin("v1.checkout.session.completed", "checkout.session", "cs_test_1", ThinOptions{URL: "/v1/charges/ch_1"})
	}},
}

// thin adds a thin event; o has what is out of the ordinary.
func (f *StripeFlow) thin(eventType, kind, object string, o ThinOptions) {
	n := len(f.Events) + 1
	o.ID, o.Type, o.Kind, o.Object, o.Created = "evt_thin_"+string(rune('0'+n)), eventType, kind, object, flowStart.Add(time.Duration(n)*time.Minute)
	f.Events = append(f.Events, ThinEvent(o))
}
