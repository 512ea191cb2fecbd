package bot_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/passhook/passhook/standins"
)

// kind is one thing that comes of a checkout.
type kind struct {
	often int
	tell  func(w *week, s *sale, hour int)
}

// kinds are what may come of a checkout, with how often.
var kinds = []kind{
	{40, func(w *week, s *sale, h int) { w.complete(s, h) }},
	{10, func(w *week, s *sale, h int) { // paid days later
		s.session["payment_status"] = "unpaid"
		w.post(h, completed, s.session)
		s.session["payment_status"] = "paid"
		w.post(h+10+w.random.IntN(60), succeeded, s.session)
		s.expect(s.units)
	}},
	{4, func(w *week, s *sale, h int) { // the money is held, and taken later
		s.session["payment_status"] = "unpaid"
		w.post(h, completed, s.session)
		s.session["payment_status"] = "paid"
		w.post(h+5+w.random.IntN(60), "charge.captured", s.charge(0, false))
		s.expect(s.units)
	}},
	{5, func(w *week, s *sale, h int) { // never paid
		s.session["payment_status"] = "unpaid"
		w.post(h, completed, s.session)
		w.post(h+20, "checkout.session.async_payment_failed", s.session)
	}},
	{5, func(w *week, s *sale, h int) {
		s.session["status"], s.session["payment_status"] = "expired", "unpaid"
		w.post(h+24, "checkout.session.expired", s.session)
	}},
	{5, func(w *week, s *sale, h int) { // free
		s.session["payment_status"], s.session["payment_intent"], s.session["amount_total"] = "no_payment_required", nil, 0
		w.complete(s, h)
	}},
	{8, func(w *week, s *sale, h int) { // given back, perhaps before the sale is told
		w.complete(s, h)
		w.post(h+w.random.IntN(30), "charge.refunded", s.charge(s.amount(), true))
		s.valid = 0
	}},
	{5, func(w *week, s *sale, h int) { // given back in part
		w.complete(s, h)
		w.post(h+1+w.random.IntN(30), "charge.refunded", s.charge(s.amount()/2, false))
	}},
	{4, func(w *week, s *sale, h int) { // given back, and the refund fails
		w.complete(s, h)
		w.stripe.Add(s.charge(0, false))
		w.post(h+w.random.IntN(10), "charge.refunded", s.charge(s.amount(), true))
		w.post(h+11+w.random.IntN(10), "refund.failed", map[string]any{
			"id": "re_" + s.id, "object": "refund", "amount": s.amount(), "charge": "ch_" + s.id, "currency": "eur", "metadata": map[string]any{},
			"payment_intent": "pi_" + s.id, "status": "failed",
		})
	}},
	{4, func(w *week, s *sale, h int) {
		w.complete(s, h)
		w.post(h+w.random.IntN(20), "charge.dispute.created", s.dispute("needs_response"))
		w.post(h+21+w.random.IntN(40), "charge.dispute.closed", s.dispute("won"))
	}},
	{3, func(w *week, s *sale, h int) {
		w.complete(s, h)
		w.post(h+w.random.IntN(20), "charge.dispute.created", s.dispute("needs_response"))
		w.post(h+21+w.random.IntN(40), "charge.dispute.closed", s.dispute("lost"))
		s.valid = 0
	}},
	{5, func(w *week, s *sale, h int) { w.subscribe(s, h, false) }},
	{3, func(w *week, s *sale, h int) { w.subscribe(s, h, true) }},
	{2, func(w *week, s *sale, h int) { // a live event at a server for tests
		s.session["livemode"] = true
		w.posts[h] = append(w.posts[h], standins.Event(standins.EventOptions{ID: w.id(), Type: completed, Created: w.at(h), Live: true}, s.session))
	}},
	{1, func(w *week, s *sale, h int) { // nobody to send it to
		s.session["customer_details"] = map[string]any{"email": nil, "name": "Ada Lovelace"}
		w.complete(s, h)
		s.expect(0)
		s.failed = true
	}},
}

// sell makes a checkout and all that will come of it.
func (w *week) sell(i int) *sale {
	id := fmt.Sprintf("sale%06d", i)
	s := &sale{id: id, email: id + "@example.com"}
	items := []standins.Item{{Name: "Floor", Quantity: 1 + w.random.IntN(3), UnitAmount: 4950}}
	if w.random.IntN(4) == 0 {
		items = append(items, standins.Item{Name: "T-shirt", Quantity: 1, UnitAmount: 2000, Metadata: map[string]string{"kind": "shirt"}})
	}
	s.units = items[0].Quantity
	hour := w.random.IntN(5 * 24)
	s.session, s.items = standins.Checkout(standins.CheckoutOptions{Seed: id, Created: w.at(hour), Email: s.email, Name: "Ada Lovelace", Currency: "eur", Items: items})
	w.kind(i)(w, s, hour)
	w.stripe.AddSession(s.session, s.items)
	return s
}

// kind is what comes of a checkout. The first ones are one of each kind.
func (w *week) kind(i int) func(*week, *sale, int) {
	if i < len(kinds) {
		return kinds[i].tell
	}
	all := 0
	for _, k := range kinds {
		all += k.often
	}
	pick := w.random.IntN(all)
	at := slices.IndexFunc(kinds, func(k kind) bool { pick -= k.often; return pick < 0 })
	return kinds[at].tell
}

func (s *sale) expect(valid int) { s.valid, s.mails = valid, min(valid, 1) }

func (s *sale) amount() int { return s.session["amount_total"].(int) } //nolint:forcetypeassert // our own

func (s *sale) charge(refunded int, full bool) map[string]any {
	return map[string]any{
		"id": "ch_" + s.id, "object": "charge", "amount": s.amount(), "amount_captured": s.amount(), "amount_refunded": refunded, "refunded": full,
		"currency": "eur", "livemode": false, "metadata": map[string]any{}, "payment_intent": "pi_" + s.id, "status": "succeeded",
	}
}

func (s *sale) dispute(status string) map[string]any {
	return map[string]any{
		"id": "dp_" + s.id, "object": "dispute", "amount": s.amount(), "charge": "ch_" + s.id, "currency": "eur", "livemode": false,
		"metadata": map[string]any{}, "payment_intent": "pi_" + s.id, "reason": "fraudulent", "status": status,
	}
}

func (w *week) complete(s *sale, hour int) {
	w.post(hour, completed, s.session)
	s.expect(s.units)
}

// subscribe sells a membership, which renews, and ends or not.
func (w *week) subscribe(s *sale, hour int, ends bool) {
	s.units = 1
	s.items = s.items[:1]
	s.items[0]["quantity"] = 1
	sub := map[string]any{
		"id": "sub_" + s.id, "object": "subscription", "status": "active", "livemode": false, "metadata": map[string]any{}, "customer": "cus_" + s.id,
		"items": map[string]any{"object": "list", "data": []any{map[string]any{
			"id": "si_1", "object": "subscription_item", "current_period_start": w.at(hour).Unix(), "current_period_end": w.at(hour).AddDate(0, 1, 0).Unix(),
		}}},
	}
	s.session["mode"], s.session["subscription"], s.session["payment_intent"] = "subscription", sub["id"], nil
	w.stripe.Add(sub)
	w.complete(s, hour)
	w.post(hour+w.random.IntN(5), "invoice.paid", map[string]any{
		"id": "in_" + s.id, "object": "invoice", "billing_reason": "subscription_create", "livemode": false, "metadata": map[string]any{}, "status": "paid",
		"parent": map[string]any{"type": "subscription_details", "subscription_details": map[string]any{"subscription": sub["id"]}},
		"lines":  map[string]any{"object": "list", "data": []any{}},
	})
	if ends {
		w.post(hour+30+w.random.IntN(30), "customer.subscription.deleted", with(sub, "status", "canceled"))
		s.valid = 0
	}
}

func with(m map[string]any, key string, v any) map[string]any {
	out := map[string]any{key: v}
	for k, old := range m {
		if k != key {
			out[k] = old
		}
	}
	return out
}

func (w *week) at(hour int) time.Time { return w.start.Add(time.Duration(hour) * time.Hour) }

func (w *week) id() string { w.n++; return fmt.Sprintf("evt_%d", w.n) }

// post lets Stripe send an event: late now and then, and now and then never.
func (w *week) post(hour int, eventType string, object map[string]any) {
	body := standins.Event(standins.EventOptions{ID: w.id(), Type: eventType, Created: w.at(hour).Add(time.Duration(w.n%3600) * time.Second)}, object)
	switch w.random.IntN(20) {
	case 0:
		w.lost[hour] = append(w.lost[hour], body)
		return
	case 1, 2:
		hour += w.random.IntN(12)
	}
	w.posts[hour] = append(w.posts[hour], body)
}
