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

// Checkouts, ten thousand where there is time, with everything that happens to
// checkouts, while Stripe's API, the mail server and the process itself fail for
// hours: in the end the paid units that were not given back are the valid passes,
// and every buyer has one mail.
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
