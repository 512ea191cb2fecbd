package bot_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

const weekRules = `
- {name: concert, on: stripe.checkout.paid, when: 'data.mode == "payment" && item.metadata.kind != "shirt"', template: concert,
   with: {holder: "${{ data.customer_details.name }}", seat: "${{ item.description }}"}, deliver: [{email: "${{ data.customer_details.email }}"}]}
- {name: member, on: stripe.checkout.paid, when: 'data.mode == "subscription"', template: member,
   with: {holder: "${{ data.customer_details.name }}"}, deliver: [{email: "${{ data.customer_details.email }}"}]}
- {name: renewed, on: stripe.subscription.paid, action: update, template: member, with: {expires: "${{ date_add(data.period_end, '3 days') }}"}}
`

// sale is one checkout with all that comes of it, and what the books say in the
// end.
type sale struct {
	id, email    string
	units, valid int
	mails        int
	failed       bool
	session      map[string]any
	items        []map[string]any
}

// week is a week of sales against a clock that the test moves.
type week struct {
	*bench
	t      *testing.T
	random *rand.Rand
	start  time.Time
	clock  *clock
	// posts are Stripe's, by the hour; of some only its API knows.
	posts map[int][][]byte
	lost  map[int][][]byte
	n     int
	// mailDown and apiDown are outages.
	mailDown, apiDown atomic.Bool
	config            stripe.Config
	path              string
	cursor            string
}

// Checkouts, ten thousand where there is time, with everything that happens to checkouts, while
// Stripe's API, the mail server and the process itself fail for hours: in the
// end the paid units that were not given back are the valid passes, and every
// buyer has one mail.
func TestAWeekOfSales(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := &week{t: t, random: rand.New(rand.NewPCG(seed, 1)), start: time.Now().UTC().Truncate(time.Hour), clock: newClock(), posts: map[int][][]byte{}, lost: map[int][][]byte{}} //nolint:gosec // a test's dice
	w.clock.Store(w.start.UnixMilli())
	w.path = filepath.Join(t.TempDir(), "passhook.db")
	w.open()
	sales := make([]*sale, long(100, 10_000))
	for i := range sales {
		sales[i] = w.sell(i)
	}
	for hour := range 9 * 24 {
		w.live(hour)
	}
	w.check(sales)
}

// open starts the process, with the mail server and Stripe where they were.
func (w *week) open() {
	w.bench = newBench(w.t, options{path: w.path, now: w.clock.now, fail: func(stage, _, _ string, _ int) error {
		if w.mailDown.Load() && stage == "mail" {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
		}
		return nil
	}})
	program, found := compile(w.t, weekRules, w.keys)
	must(w.t, found.Err())
	w.engine.SetProgram(program)
	w.stripe.Fail(func(*http.Request) *standins.Fault {
		if w.apiDown.Load() {
			return &standins.Fault{Status: http.StatusInternalServerError}
		}
		return nil
	})
	api := httptest.NewServer(w.stripe)
	w.t.Cleanup(api.Close)
	w.config = stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: api.URL}
	w.engine.Sources["stripe"] = stripe.NewClient(w.config)
}

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

// live is one hour.
func (w *week) live(hour int) {
	w.clock.Store(w.at(hour + 1).UnixMilli())
	w.apiDown.Store(hour > 20 && hour <= 26 || hour > 90 && hour <= 92)
	w.mailDown.Store(hour > 24 && hour <= 40)
	due := w.posts[hour]
	for _, body := range slices.Concat(due, w.lost[hour]) {
		must(w.t, w.stripe.AddEvent(body))
	}
	if hour > 60 && hour <= 72 { // the process is down; Stripe tries again later
		w.posts[73] = append(w.posts[73], due...)
		return
	}
	for _, body := range slices.Clone(due) {
		if w.random.IntN(3) == 0 {
			due = append(due, body)
		}
	}
	w.random.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for _, body := range due {
		w.accept(body)
	}
	if hour%40 == 39 { // it is started again with work before it
		w.restart()
	}
	if hour%12 == 11 && !w.apiDown.Load() {
		w.reconcile()
	}
	w.work(w.t)
}

func (w *week) accept(body []byte) {
	e, err := stripe.NewClient(w.config).Decode(body)
	must(w.t, err)
	_, _, err = w.engine.Accept(w.t.Context(), e)
	must(w.t, err)
}

func (w *week) reconcile() {
	for _, r := range stripe.NewClient(w.config).Readers() {
		must(w.t, r.Events(w.t.Context(), w.start.Add(-time.Hour), w.cursor, func(raw []byte) error {
			e, err := stripe.NewClient(w.config).Decode(raw)
			if err == nil {
				w.cursor = e.ExternalID
				_, _, err = w.engine.Accept(w.t.Context(), e)
			}
			return err
		}))
	}
}

// restart ends the process; mail server and Stripe live on.
func (w *week) restart() {
	must(w.t, w.store.Close())
	fresh, err := store.Open(w.t.Context(), store.Config{Path: w.path, Now: w.clock.now})
	must(w.t, err)
	w.store, w.engine.Store = fresh, fresh
	w.t.Cleanup(func() { _ = fresh.Close() })
}

// check compares the books with what is there.
func (w *week) check(sales []*sale) {
	mails := map[string]int{}
	for _, m := range w.smtp.Messages() {
		mails[m.To[0]]++
	}
	paid, valid, void := 0, 0, 0
	for _, s := range sales {
		id, _ := s.session["id"].(string)
		found, err := w.store.FindPasses(w.t.Context(), store.Filter{Query: id, Limit: 100})
		must(w.t, err)
		good, sold := 0, s.units
		for _, p := range found {
			if len(p.Void) == 0 {
				good++
			}
		}
		if s.mails == 0 {
			sold = 0
		}
		if len(found) != sold || good != s.valid || mails[s.email] != s.mails {
			w.t.Errorf("%s: %d passes, %d valid, %d mails; want %d, %d, %d\n%s", id, len(found), good, mails[s.email], sold, s.valid, s.mails, w.history(id))
		}
		paid, valid, void = paid+sold, valid+good, void+len(found)-good
	}
	w.t.Logf("%d checkouts: %d paid units, %d given back, %d valid passes", len(sales), paid, void, valid)
}

// history is what came in about a session, for a test that fails.
func (w *week) history(id string) string {
	events, err := w.store.FindEvents(w.t.Context(), store.Filter{Query: id})
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprintf("%s %s %s %s: %s", e.ExternalID, e.Type, e.Time.Format(time.RFC3339), e.State, e.Note))
	}
	return strings.Join(out, "\n")
}
