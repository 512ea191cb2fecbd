package bot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/integrations/webhooks"
	"github.com/passhook/passhook/store"
)

const outSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is a program that is told: a real server, which checks each
// signature.
type receiver struct {
	*httptest.Server
	mu sync.Mutex
	// code is what it answers, and header goes with it.
	code   int
	header http.Header
	bodies []string
	ids    []string
}

func newReceiver(t testing.TB, code int) *receiver {
	t.Helper()
	judge, err := standardwebhooks.NewWebhook(outSecret)
	must(t, err)
	r := &receiver{code: code, header: http.Header{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = judge.Verify(body, req.Header)
		}
		if err != nil {
			t.Errorf("a message that cannot be believed: %v", err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies, r.ids = append(r.bodies, string(body)), append(r.ids, req.Header.Get("webhook-id"))
		for name, values := range r.header {
			w.Header()[name] = values
		}
		w.WriteHeader(r.code)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.code = code
}

// got are the bodies of a type, or all.
func (r *receiver) got(kind string) (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.bodies {
		if strings.Contains(body, `"type":"`+kind) {
			out = append(out, body)
		}
	}
	return out
}

// tellingBench is a bench that tells these receivers everything.
func tellingBench(t testing.TB, o options, all map[string]*receiver) *bench {
	t.Helper()
	notifiers := map[string]integrations.Notifier{}
	for name, r := range all {
		e := webhooks.Endpoint{Name: name, URL: r.URL, Secret: []string{outSecret}}
		s, err := webhooks.New(e, webhooks.Options{Now: time.Now, UserAgent: "passhook/test"})
		must(t, err)
		notifiers[name] = s
		o.endpoints = append(o.endpoints, store.Endpoint{Name: name, Address: e.Address(), Kinds: e.Types()})
	}
	b := newBench(t, o)
	b.engine.Notifiers = notifiers
	return b
}

// sale issues 3 passes and works until nothing is due.
func (b *bench) sale(t testing.TB, name string) (id string) {
	t.Helper()
	id, _, err := b.engine.Accept(t.Context(), b.checkout(t, name, completed, nil))
	must(t, err)
	b.work(t)
	return id
}

// shop gives the engine the shop and its rules.
func (b *bench) shop(t testing.TB) *shop {
	t.Helper()
	s := &shop{}
	b.engine.Sources["shop"] = s
	program, found := compile(t, shopRules, b.keys)
	must(t, found.Err())
	b.engine.SetProgram(program)
	return s
}

// outgoing are the messages of an event for an endpoint.
func (b *bench) outgoing(t testing.TB, eventID, endpoint string) []store.Outgoing {
	t.Helper()
	all, err := b.store.OutgoingOf(t.Context(), eventID, 1000)
	must(t, err)
	return slices.DeleteFunc(all, func(o store.Outgoing) bool { return o.Endpoint != endpoint })
}

// states are how many messages are in which state.
func states(all []store.Outgoing) string {
	n := map[string]int{}
	for _, o := range all {
		n[o.State]++
	}
	return fmt.Sprintf("%d sent, %d dead, %d pending", n["sent"], n["dead"], n["pending"])
}

// What differs from run to run in a message.
var varying = []struct {
	is   *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\b(evt|li|re|ch)_\w+`), "${1}_ID"},
	{regexp.MustCompile(`"[a-z2-7]{26}"`), `"SERIAL"`},
	{regexp.MustCompile(`mail: \S+ refused`), "mail: SERVER refused"},
	{regexp.MustCompile(`"live": (true|false)`), `"live": BOOL`},
}

func alike(t testing.TB, body string) string {
	t.Helper()
	var b bytes.Buffer
	must(t, json.Indent(&b, []byte(body), "", "  "))
	text := strings.TrimSpace(b.String())
	for _, v := range varying {
		text = v.is.ReplaceAllString(text, v.text)
	}
	return text
}

// documented are the bodies that the page shows, by type.
func documented(t testing.TB) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/webhooks.md")
	must(t, err)
	out := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		var body struct{ Type string }
		must(t, json.Unmarshal([]byte(m[1]), &body))
		out[body.Type] = alike(t, m[1])
	}
	return out
}

func TestMessagesAreAsThePageShowsThem(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		r := newReceiver(t, http.StatusOK)
		b := tellingBench(t, options{database: database, fail: func(stage, _, _ string, n int) error {
			if stage == "rcpt" {
				return &smtp.SMTPError{Code: 550, Message: "no such user"}
			}
			return nil
		}}, map[string]*receiver{"crm": r})
		e := b.checkout(t, "ada", completed, func(s map[string]any) { s["customer_details"].(map[string]any)["email"] = "ada@example.com" })
		id, _, err := b.engine.Accept(t.Context(), e)
		must(t, err)
		b.work(t)
		if n := len(r.got("pass.issued")); n != 3 {
			t.Fatalf("%d passes are told of", n)
		}
		_, _, err = b.engine.Accept(t.Context(), integrations.Event{
			Source: "stripe", Type: "stripe.charge.refunded", Aliases: []string{stripe.TypeRefunded}, ExternalID: "evt_refund", Object: "ch_1", Time: time.Now(), Refs: e.Refs,
			Data: json.RawMessage(`{"id":"ch_1","object":"charge","refunded":true,"payment_intent":"` + fmt.Sprint(e.Refs[len(e.Refs)-1]) + `"}`), Wanted: true,
		})
		must(t, err)
		b.work(t)
		_, p, _ := b.settled(t, id)
		for kind, want := range documented(t) {
			if !slices.ContainsFunc(r.got(kind), func(body string) bool { return alike(t, body) == want }) {
				t.Errorf("the page says:\n%s\nsent was:\n%s", want, alike(t, strings.Join(r.got(kind)[:1], "")))
			}
		}
		for _, body := range r.got("") {
			if strings.Contains(body, "/p/") || strings.Contains(body, "/o/") || strings.Contains(body, p[0].LinkHash) {
				t.Errorf("a link is told: %s", body)
			}
		}
	})
}

// A sample looks like what is sent, and says that it is none.
func TestASampleSaysSo(t *testing.T) {
	t.Parallel()
	pages := documented(t)
	for _, kind := range integrations.MessageTypes() {
		m := bot.SampleMessage(kind, time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC))
		text, err := json.Marshal(map[string]any{"type": m.Type, "timestamp": m.Time, "data": m.Data})
		must(t, err)
		var is struct {
			Data map[string]any `json:"data"`
		}
		must(t, json.Unmarshal(text, &is))
		if is.Data["sample"] != true {
			t.Errorf("%s: %s", kind, text)
		}
		delete(is.Data, "sample")
		of := "pass.voided"
		if kind == integrations.MessageDeliveryDead {
			of = kind
		}
		for name := range is.Data {
			if !strings.Contains(pages[of], `"`+name+`"`) {
				t.Errorf("%s: the page has no %s", kind, name)
			}
		}
	}
}

// One that answers 410 is told nothing more; all others are.
func TestAnEndpointThatIsGoneIsDisabled(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		c := newClock()
		gone, good := newReceiver(t, http.StatusGone), newReceiver(t, http.StatusOK)
		b := tellingBench(t, options{database: database, now: c.now}, map[string]*receiver{"gone": gone, "good": good})
		told := b.notices()
		first := b.sale(t, "ada")
		second := b.sale(t, "bob")
		if is := states(b.outgoing(t, first, "gone")); is != "0 sent, 3 dead, 0 pending" {
			t.Error(is)
		}
		if n := len(b.outgoing(t, second, "gone")); n != 0 {
			t.Errorf("%d are queued for one that is disabled", n)
		}
		if n := len(good.got("pass.issued")); n != 6 {
			t.Errorf("%d for the other", n)
		}
		for range 3 {
			must(t, b.engine.NotifyOperator(t.Context()))
			c.forward(24 * time.Hour)
		}
		if len(*told) != 1 || !strings.Contains((*told)[0], "Webhook gone is disabled: the endpoint answered 410 Gone") || !strings.Contains((*told)[0], "passhook trigger webhooks.gone") {
			t.Errorf("told %q", *told)
		}
		if log := b.log.String(); strings.Count(log, "is disabled; when it works again") != 1 || strings.Contains(log, gone.URL) {
			t.Errorf("the log says\n%s", log)
		}
	})
}

// tries moves the clock to when the one message of an event is tried next, waits
// for that, and tells the operator. It is false where it does not wait any more.
func (b *bench) tries(t testing.TB, c *clock, eventID string) bool {
	t.Helper()
	now := func() store.Outgoing { return b.outgoing(t, eventID, "crm")[0] }
	next := now()
	if next.State != store.StatePending {
		return false
	}
	c.forward(max(0, next.Due.Sub(c.now())))
	end := time.After(20 * time.Second)
	// While it is at work it is due when its lease ends, in 30 s; so it is when it
	// was tried twice.
	for o := now(); o.State == store.StatePending && (!o.Due.After(c.now()) || o.Due.Sub(c.now()) == 30*time.Second && o.Attempts != 2); o = now() {
		select {
		case <-end:
			t.Fatalf("it is not tried: %+v", o)
		case <-time.After(time.Millisecond):
		}
	}
	must(t, b.engine.NotifyOperator(t.Context()))
	return true
}

func TestAfter120HoursOfFailureAnEndpointIsDisabled(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newReceiver(t, http.StatusInternalServerError)
	b := tellingBench(t, options{now: c.now}, map[string]*receiver{"crm": r})
	told := b.notices()
	s := b.shop(t)
	b.run(t)
	sale := func(name string) (id string) {
		id = b.accept(t, s.event(name, 0, func(e *integrations.Completed) { e.Type, e.Object = "shop.sold", name }))
		b.settled(t, id)
		return id
	}
	start, first := c.now(), sale("ada")
	for b.tries(t, c, first) {
	}
	all := b.outgoing(t, first, "crm")
	if took := c.now().Sub(start); states(all) != "0 sent, 1 dead, 0 pending" || all[0].Attempts != 13 || took < 72*time.Hour || took > 80*time.Hour {
		t.Errorf("after %s: %s, %d tries", took, states(all), all[0].Attempts)
	}
	if n := len(*told); n != 1 || !strings.Contains((*told)[0], "Messages for webhook crm were given up") {
		t.Errorf("told %q", *told)
	}
	if why, err := b.store.Disabled(t.Context(), "crm"); err != nil || why != "" {
		t.Errorf("disabled too soon: %v %s", err, why)
	}
	second := sale("bob")
	for b.tries(t, c, second) {
	}
	took := c.now().Sub(start)
	why, err := b.store.Disabled(t.Context(), "crm")
	if err != nil || !strings.Contains(why, "500 Internal Server Error") || took < 120*time.Hour || took > 140*time.Hour {
		t.Errorf("after %s: %v %s", took, err, why)
	}
	must(t, b.engine.NotifyOperator(t.Context()))
	if n := len(*told); n != 2 || !strings.Contains((*told)[1], "Webhook crm is disabled: it has done nothing but fail for 1") {
		t.Errorf("told %q", *told)
	}
	if n := len(b.outgoing(t, sale("eve"), "crm")); n != 0 {
		t.Errorf("%d are queued all the same", n)
	}
	r.answers(http.StatusOK)
	must(t, b.store.Enable(t.Context(), "crm"))
	last := sale("zoe")
	for b.tries(t, c, last) {
	}
	if is := states(b.outgoing(t, last, "crm")); is != "1 sent, 0 dead, 0 pending" {
		t.Errorf("after it was enabled: %s", is)
	}
}

func TestAnEndpointThatIsBackIsTold(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newReceiver(t, http.StatusServiceUnavailable)
	r.header.Set("Retry-After", "600")
	b := tellingBench(t, options{now: c.now}, map[string]*receiver{"crm": r})
	id := b.sale(t, "ada")
	c.forward(599 * time.Second)
	b.work(t)
	if n := len(r.got("")); n != 3 {
		t.Errorf("%d tries: Retry-After is not honoured", n)
	}
	r.answers(http.StatusOK)
	c.forward(time.Second)
	b.work(t)
	if is := states(b.outgoing(t, id, "crm")); is != "3 sent, 0 dead, 0 pending" {
		t.Error(is)
	}
	slices.Sort(r.ids)
	if ids := slices.Compact(r.ids); len(ids) != 3 {
		t.Errorf("a message has several ids: %v", r.ids)
	}
}

// Messages of an endpoint that was taken out of the config end. Another process
// may know it: they wait for an hour.
func TestAnEndpointThatIsNotInTheConfigIsForgotten(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		c := newClock()
		b := tellingBench(t, options{database: database, now: c.now}, map[string]*receiver{"crm": newReceiver(t, http.StatusInternalServerError)})
		told := b.notices()
		id := b.sale(t, "ada")
		b.engine.Notifiers = nil
		c.forward(59 * time.Minute)
		b.work(t)
		if is := states(b.outgoing(t, id, "crm")); is != "0 sent, 0 dead, 3 pending" {
			t.Errorf("within the hour: %s", is)
		}
		c.forward(2 * time.Hour)
		b.work(t)
		all := b.outgoing(t, id, "crm")
		if is := states(all); is != "0 sent, 3 dead, 0 pending" || all[0].Note != "there is no webhook crm in the config" {
			t.Errorf("%s: %s", is, all[0].Note)
		}
		if must(t, b.engine.NotifyOperator(t.Context())); len(*told) != 0 {
			t.Errorf("told %q", *told)
		}
	})
}

// A refund that comes twice, and a dispute beside it, void a pass once.
func TestAVoidIsToldOnce(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, http.StatusOK)
	b := tellingBench(t, options{}, map[string]*receiver{"crm": r})
	s := b.shop(t)
	for _, e := range []integrations.Event{
		s.event("sold", 0, nil), s.event("refund", 1, effect("refund", false)), s.event("refund2", 2, effect("refund", false)),
		s.event("dispute", 3, effect("dispute", false)), s.event("moved", 4, nil), s.event("moved", 4, nil),
		s.event("failed", 5, effect("refund", true)), s.event("won", 6, effect("dispute", true)),
	} {
		b.accept(t, e)
		b.work(t)
	}
	var kinds []string
	for _, body := range r.got("") {
		kinds = append(kinds, regexp.MustCompile(`"type":"([a-z.]+)"`).FindStringSubmatch(body)[1])
	}
	want := "pass.issued pass.voided pass.updated pass.updated pass.updated pass.updated"
	if is := strings.Join(kinds, " "); is != want {
		t.Errorf("%s, want %s", is, want)
	}
	if last := r.got("pass.updated"); !strings.Contains(last[len(last)-1], `"voided":false,"void":[],"inputs":{"holder":"Ada Lovelace","number":null,"seat":"moved"}`) {
		t.Errorf("%s", last[len(last)-1])
	}
}
