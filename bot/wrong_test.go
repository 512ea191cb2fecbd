package bot_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// wrong is one paid checkout, of two tickets for ada@example.com, in a world
// where something is wrong.
type wrong struct {
	*bench
	session map[string]any
	items   []map[string]any
	event   standins.EventOptions
	config  stripe.Config
	rules   string
	// refuse is what Stripe's API does instead of an answer.
	refuse func(*http.Request) *standins.Fault
	clock  time.Time
	id     string
}

// metadata is what the price says.
func (w *wrong) metadata() map[string]any {
	return w.items[0]["price"].(map[string]any)["metadata"].(map[string]any) //nolint:forcetypeassert // our own
}

// rule changes the one rule.
func (w *wrong) rule(old, now string) { w.rules = strings.Replace(w.rules, old, now, 1) }

const (
	asDescribed = `seat: "${{ item.description }}"`
	toTheBuyer  = `"${{ data.customer_details.email }}"`
	fromNothing = "  template: concert"
)

// wrongs are what may be wrong, and what the operator does about it. gets is
// who has the mail in the end, where that is not the buyer.
var wrongs = []struct {
	name       string
	wrong, fix func(*wrong)
	gets       string
}{
	{"test-event-live-only", func(w *wrong) { w.testMode() }, func(w *wrong) {
		w.config.APIKeys, w.config.TestRecipient = []string{"rk_live_1", "rk_test_1"}, "me@example.com"
	}, "me@example.com"},
	{"test-event-mode-live-with-both-keys", func(w *wrong) {
		w.testMode()
		w.config.APIKeys, w.config.Mode = []string{"rk_live_1", "rk_test_1"}, stripe.ModeLive
	}, func(w *wrong) { w.config.Mode, w.config.TestRecipient = stripe.ModeBoth, "me@example.com" }, "me@example.com"},
	{"test-event-mode-both", func(w *wrong) {
		w.testMode()
		w.config.APIKeys, w.config.TestRecipient = []string{"rk_live_1", "rk_test_1"}, "old@example.com"
		w.lacksPermission()
	}, func(w *wrong) { w.refuse, w.config.TestRecipient = nil, "me@example.com" }, "me@example.com"},
	{"live-event-test-only", func(w *wrong) { w.config.APIKeys = []string{"rk_test_1"} }, func(w *wrong) { w.config.APIKeys = []string{"rk_live_1"} }, ""},
	{"account-not-connected", func(w *wrong) {
		w.event.Account = "acct_1"
		w.refuse = func(r *http.Request) *standins.Fault {
			if r.Header.Get("Stripe-Account") != "acct_1" {
				return nil
			}
			return &standins.Fault{Status: http.StatusForbidden, Code: "account_invalid", Message: "The key does not have access to account 'acct_1'."}
		}
	}, func(w *wrong) { w.refuse = nil }, ""},
	{"account-of-another-key", func(w *wrong) {
		w.refuse = func(r *http.Request) *standins.Fault {
			if r.Header.Get("Authorization") == "Bearer rk_live_2" {
				return nil
			}
			return &standins.Fault{Status: http.StatusNotFound, Code: "resource_missing", Message: "No such checkout.session: cs_live_1"}
		}
	}, func(w *wrong) { w.config.APIKeys = []string{"rk_live_2"} }, ""},
	{"no-rule", func(w *wrong) { w.rules = "[]" }, func(w *wrong) { w.rules = rules }, ""},
	{"price-unknown", func(w *wrong) {
		w.rule(fromNothing, `  when: item.metadata.show == "hall-one"`+"\n"+fromNothing)
	}, func(w *wrong) { w.metadata()["show"] = "hall-one" }, ""},
	{"template-unresolved", func(w *wrong) { w.rule("template: concert", "template: ${{ item.metadata.template }}") },
		func(w *wrong) { w.metadata()["template"] = "concert" }, ""},
	{"template-unknown", func(w *wrong) {
		w.rule("template: concert", "template: ${{ item.metadata.template }}")
		w.metadata()["template"] = "ballet"
	}, func(w *wrong) { w.metadata()["template"] = "concert" }, ""},
	{"input-no-number", func(w *wrong) {
		w.rule(asDescribed, `number: "${{ item.metadata.row }}"`)
		w.metadata()["row"] = "front"
	}, func(w *wrong) { w.metadata()["row"] = "7" }, ""},
	{"currency-unknown", func(w *wrong) {
		w.rule(asDescribed, `seat: "${{ money(item.amount_total, item.metadata.currency) }}"`)
		w.metadata()["currency"] = "euros"
	}, func(w *wrong) { w.metadata()["currency"] = "eur" }, ""},
	{"no-email", func(w *wrong) { w.session["customer_details"] = map[string]any{"email": nil, "name": "Ada Lovelace"} },
		func(w *wrong) { w.rule(toTheBuyer, "box@example.com") }, "box@example.com"},
	{"no-email-of-the-customer", func(w *wrong) {
		w.session["customer_details"], w.session["customer"] = nil, "cus_1"
		w.stripe.Add(map[string]any{"id": "cus_1", "object": "customer", "email": nil, "livemode": true})
	}, func(w *wrong) {
		w.stripe.Add(map[string]any{"id": "cus_1", "object": "customer", "email": "ada@example.com", "livemode": true})
	}, ""},
	{"product-deleted", func(w *wrong) {
		w.rule(fromNothing, `  when: item.product.metadata.show == "hall-one"`+"\n"+fromNothing)
		w.items[0]["price"].(map[string]any)["product"] = map[string]any{"id": "prod_1", "object": "product", "deleted": true}
	}, func(w *wrong) { w.rule(`item.product.metadata.show == "hall-one"`, `item.description == "Floor"`) }, ""},
	{"product-unknown", func(w *wrong) {
		w.refuse = func(*http.Request) *standins.Fault {
			return &standins.Fault{Status: http.StatusNotFound, Code: "resource_missing", Message: "No such product: 'prod_1'"}
		}
	}, func(w *wrong) { w.refuse = nil }, ""},
	{"permission-missing", func(w *wrong) { w.lacksPermission() }, func(w *wrong) { w.refuse = nil }, ""},
}

// Whatever is wrong with an event, it is there to be seen and says what to do;
// nothing is sent, replayed or not, until that is done; then a replay sends it,
// once, and to nobody else. testdata/wrong has a file for each case.
func TestWhatIsWrongIsSeenAndAReplayAfterTheFixFinishesIt(t *testing.T) {
	for _, tc := range wrongs {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWrong(t)
			tc.wrong(w)
			w.start(t)
			w.accept(t, "evt_1")
			w.work(t)
			w.replay(t)
			got := "# before\n" + w.seen(t)
			if n := len(w.smtp.Messages()); n != 0 {
				t.Errorf("%d mails before the fix", n)
			}

			tc.fix(w)
			w.start(t)
			w.replay(t)
			got += "\n# after\n" + w.seen(t)
			w.replay(t)
			gets := cmp.Or(tc.gets, "ada@example.com")
			if mails := w.smtp.Messages(); len(mails) != 1 || !slices.Equal(mails[0].To, []string{gets}) {
				t.Errorf("after the fix %d mails, want one to %s", len(mails), gets)
			}
			file := filepath.Join("testdata", "wrong", tc.name+".golden")
			if *update {
				must(t, os.WriteFile(file, []byte(got), 0o600))
			}
			want, err := os.ReadFile(file)
			must(t, err)
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// newWrong is a live checkout with nothing wrong yet.
func newWrong(t *testing.T) *wrong {
	t.Helper()
	w := &wrong{clock: time.Now(), rules: rules}
	w.bench = newBench(t, options{now: func() time.Time { return w.clock }})
	w.session, w.items = standins.Checkout(standins.CheckoutOptions{
		Seed: "1", Created: w.clock, Live: true, Email: "ada@example.com", Name: "Ada Lovelace", Currency: "eur",
		Items: []standins.Item{{Name: "Floor", Quantity: 2, UnitAmount: 4950}},
	})
	w.event = standins.EventOptions{Type: completed, Created: w.clock, Live: true}
	api := httptest.NewServer(w.stripe)
	t.Cleanup(api.Close)
	w.config = stripe.Config{APIKeys: []string{"rk_live_1"}, APIURL: api.URL}
	return w
}

// testMode makes it a checkout of test mode.
func (w *wrong) testMode() { w.session["livemode"], w.event.Live = false, false }

func (w *wrong) lacksPermission() {
	w.refuse = func(*http.Request) *standins.Fault {
		return &standins.Fault{Status: http.StatusForbidden, Message: "Having the 'rak_checkout_session_read' permission would allow this request to continue."}
	}
}

// start is what the process does with config and rules as they are.
func (w *wrong) start(t *testing.T) {
	t.Helper()
	program, found := compile(t, w.rules, w.keys)
	must(t, found.Err())
	w.engine.SetProgram(program)
	w.engine.Sources["stripe"] = stripe.NewClient(w.config)
	w.stripe.Fail(w.refuse)
	w.stripe.AddSession(w.session, w.items)
}

// accept lets the event in, as one with that id.
func (w *wrong) accept(t *testing.T, id string) {
	t.Helper()
	w.event.ID = id
	e, err := stripe.Receive(w.config, standins.Event(w.event, w.session))
	must(t, err)
	w.id, _, err = w.engine.Accept(t.Context(), e)
	must(t, err)
}

func (w *wrong) replay(t *testing.T) {
	t.Helper()
	must(t, w.store.Replay(t.Context(), w.id))
	w.work(t)
}

// seen is what the operator sees of the event, and what they are told.
func (w *wrong) seen(t *testing.T) string {
	t.Helper()
	e, err := w.store.Event(t.Context(), w.id)
	must(t, err)
	passes, deliveries, err := w.store.IssuedBy(t.Context(), w.id)
	must(t, err)
	out := fmt.Sprintf("event %s: %s, %s\n", strings.Join(e.Names(), " "), e.State, e.Note)
	for _, p := range passes {
		out += fmt.Sprintf("pass %s %s %d %s\n", p.Rule, p.Item, p.Unit, p.Inputs)
	}
	for _, d := range deliveries {
		out += fmt.Sprintf("mail to %s: %d passes, %s\n", d.Recipient, len(d.Passes), d.State)
	}
	told := w.notices()
	must(t, w.engine.NotifyOperator(t.Context()))
	for _, text := range *told {
		out += "the operator is told: " + strings.TrimSpace(strings.ReplaceAll(text, w.id, "ID")) + "\n"
	}
	return out
}

// notices are those that the operator got.
type notices []string

// notices has the operator told here from now on.
func (b *bench) notices() *notices {
	told := &notices{}
	b.engine.Channels["notices"], b.engine.Operator = told, []integrations.Recipient{{Channel: "notices", Address: "me@example.com"}}
	return told
}

func (n *notices) Notice(_ context.Context, _ string, notice integrations.Notice) error {
	*n = append(*n, notice.Text)
	return nil
}

func (n *notices) Check(string) error { return nil }

func (n *notices) Deliver(context.Context, integrations.Delivery) error {
	return errors.New("only notices come here")
}
