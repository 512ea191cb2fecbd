package bot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

const rules = `
- name: concert
  on: stripe.checkout.paid
  template: concert
  with: {holder: "${{ data.customer_details.name ?? \"Guest\" }}", seat: "${{ item.description }}"}
  deliver: [{email: "${{ data.customer_details.email }}"}]
`

// bench is an engine with everything real around it but Stripe and the mail
// server, which are stand-ins on loopback.
type bench struct {
	engine *bot.Engine
	store  *store.Store
	smtp   *standins.SMTP
	stripe *standins.Stripe
	// api is the address of Stripe's API.
	api  string
	log  *record
	keys *certificates.Keyring
}

// probe is the first pause before a service that is away is asked.
const probe = 20 * time.Millisecond

// options of newBench.
type options struct {
	database string
	fail     func(stage, from, to string, n int) error
	secrets  []string
	path     string
	now      func() time.Time
}

// clock is one that a test moves.
type clock struct{ atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.Store(time.Now().UnixMilli())
	return c
}

func (c *clock) now() time.Time { return time.UnixMilli(c.Load()).UTC() }

func (c *clock) forward(d time.Duration) { c.Add(d.Milliseconds()) }

var secretA, secretB = strings.Repeat("a", 32), strings.Repeat("b", 32)

// signingKeys are made once: keys are slow to make.
var signingKeys = sync.OnceValues(func() (*certificates.Keyring, error) {
	ca, err := authority()
	if err != nil {
		return nil, err
	}
	cert, err := ca.Issue("pass.com.example.test", "TEAM012345", "Hall One")
	if err != nil {
		return nil, err
	}
	return load(ca, cert)
})

var authority = sync.OnceValues(func() (*standins.CA, error) { return standins.NewCA(time.Now()) })

func load(ca *standins.CA, cert *standins.PassCertificate) (*certificates.Keyring, error) {
	keys, found := certificates.Load([]certificates.Config{{
		Certificate: string(cert.CertPEM), Key: string(cert.KeyPEM), Intermediate: string(ca.IntermediatePEM()),
	}}, time.Now())
	return keys, found.Err()
}

// freshStore is an empty SQLite store's file. It is made once: migrations are
// slow, above all with -race.
var freshStore = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "passhook")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "passhook.db")
	s, err := store.Open(context.Background(), store.Config{Path: path, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func newBench(t testing.TB, o options) *bench {
	t.Helper()
	b := &bench{stripe: standins.NewStripe(), log: &record{}}
	keys, err := signingKeys()
	must(t, err)
	b.keys = keys
	b.smtp, err = standins.NewSMTP(standins.SMTPOptions{Fail: o.fail})
	must(t, err)
	t.Cleanup(func() { _ = b.smtp.Close() })
	api := httptest.NewServer(b.stripe)
	t.Cleanup(api.Close)
	b.api = api.URL
	m, err := mailer.New(mailer.Config{From: "Hall One <tickets@example.com>", SMTP: "smtp+insecure://" + b.smtp.Addr()}, mailer.Options{})
	must(t, err)
	t.Cleanup(func() { _ = m.Close() })
	storeNow := o.now
	if o.now == nil {
		o.now = time.Now
	}
	if o.path == "" {
		o.path = filepath.Join(t.TempDir(), "passhook.db")
		fresh, err := freshStore()
		must(t, err)
		must(t, os.WriteFile(o.path, fresh, 0o600))
	}
	logger := slog.New(slog.NewTextHandler(b.log, nil))
	b.store, err = store.Open(context.Background(), store.Config{
		Path: o.path, URL: o.database, Now: storeNow, Jitter: func() float64 { return 0.5 }, Logger: logger, Sweep: 50 * time.Millisecond, Probe: probe,
	})
	must(t, err)
	t.Cleanup(func() { _ = b.store.Close() })
	if o.secrets == nil {
		o.secrets = []string{secretA}
	}
	secrets, err := bot.NewSecrets(o.secrets)
	must(t, err)
	program, found := compile(t, rules, keys)
	must(t, found.Err())
	b.engine = bot.New(bot.Config{
		Store: b.store, Renderer: bot.NewRenderer(program, secrets, "https://tickets.example.com", o.now),
		Sources:  map[string]integrations.Source{bot.SourceOwn: bot.Own{}, "stripe": stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}, APIURL: api.URL})},
		Channels: map[string]integrations.Channel{integrations.ChannelEmail: m}, Operator: []integrations.Recipient{{Channel: "email", Address: "me@example.com"}}, Log: logger,
	})
	return b
}

// record is a log that can be read while it is written.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run works the queue until the test ends.
func (b *bench) run(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// work does all that is due.
func (b *bench) work(t testing.TB) {
	t.Helper()
	must(t, b.engine.RunDue(t.Context()))
}

// checkout adds a paid session to Stripe and returns the event that says so.
func (b *bench) checkout(t testing.TB, name, eventType string, change func(session map[string]any)) integrations.Event {
	t.Helper()
	session, items := standins.Checkout(standins.CheckoutOptions{
		Seed: name, Created: time.Now(), Email: name + "@example.com", Name: "Ada Lovelace", Currency: "eur",
		Items: []standins.Item{{Name: "Floor", Quantity: 2, UnitAmount: 4950}, {Name: "Balcony", Quantity: 1, UnitAmount: 3950}},
	})
	if change != nil {
		change(session)
	}
	b.stripe.AddSession(session, items)
	body := standins.Event(standins.EventOptions{ID: "evt_" + name + strings.ReplaceAll(eventType, ".", ""), Type: eventType, Created: time.Now()}, session)
	e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(body)
	must(t, err)
	return e
}

const completed, succeeded = "checkout.session.completed", "checkout.session.async_payment_succeeded"

// settled waits until the event is no longer pending and its deliveries are
// neither.
func (b *bench) settled(t testing.TB, id string) (store.Event, []store.Pass, []store.Delivery) {
	t.Helper()
	ctx := context.Background()
	deadline := time.After(20 * time.Second)
	for {
		e, err := b.store.Event(ctx, id)
		must(t, err)
		p, d, err := b.store.IssuedBy(ctx, id)
		must(t, err)
		pending := e.State == store.StatePending
		for _, one := range d {
			pending = pending || one.State == store.StatePending
		}
		if !pending {
			return *e, p, d
		}
		select {
		case <-deadline:
			t.Fatalf("event is %s (%s), deliveries %+v", e.State, e.Note, d)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func engines(t *testing.T, f func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { f(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, storetest.Postgres(t)) })
}

func TestACheckoutBecomesPassesInOneMail(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b := newBench(t, options{database: database})
		b.run(t)
		id, fresh, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
		must(t, err)
		e, p, d := b.settled(t, id)
		if !fresh || e.State != store.StateDone || len(p) != 3 || len(d) != 1 || d[0].State != store.StateSent || len(d[0].Passes) != 3 {
			t.Fatalf("%+v\n%+v\n%+v", e, p, d)
		}
		serials := map[string]bool{}
		for _, one := range p {
			serials[one.Serial] = true
		}
		if mails := b.smtp.Messages(); len(serials) != 3 || len(mails) != 1 || strings.Count(string(mails[0].Raw), "Content-Disposition: attachment") != 3 {
			t.Errorf("%d serials, %d mails", len(serials), len(mails))
		}
	})
}

func TestTwoPaidEventsAtOnceMakeOneOrderAndOneMail(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b := newBench(t, options{database: database})
		b.run(t)
		one, two := b.checkout(t, "ada", completed, nil), b.checkout(t, "ada", succeeded, nil)
		var ids sync.Map
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				e := one
				if i%2 == 1 {
					e = two
				}
				id, _, err := b.engine.Accept(context.Background(), e)
				if err != nil {
					t.Error(err)
				}
				ids.Store(id, true)
			})
		}
		all.Wait()
		passes, deliveries, events := 0, 0, 0
		ids.Range(func(id, _ any) bool {
			_, p, d := b.settled(t, fmt.Sprint(id))
			events, passes, deliveries = events+1, passes+len(p), deliveries+len(d)
			return true
		})
		if events != 2 || passes != 3 || deliveries != 1 || len(b.smtp.Messages()) != 1 {
			t.Errorf("%d events, %d passes, %d deliveries, %d mails", events, passes, deliveries, len(b.smtp.Messages()))
		}
	})
}

func wait(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestStripeThatFailsIsAskedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, options{})
	var calls sync.Map
	b.stripe.Fail(func(r *http.Request) *standins.Fault {
		if _, seen := calls.LoadOrStore("down", true); !seen {
			return &standins.Fault{Status: http.StatusInternalServerError}
		}
		return nil
	})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	if e, p, _ := b.settled(t, id); e.State != store.StateDone || len(p) != 3 {
		t.Errorf("%s %s, %d passes", e.State, e.Note, len(p))
	}
}

func TestMailServersRefusals(t *testing.T) {
	for _, tc := range []struct {
		name  string
		code  int
		state string
		mails int
	}{
		{"temporary: sent on the second try", 451, store.StateSent, 1},
		{"permanent: dead at once", 550, store.StateDead, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClock()
			b := newBench(t, options{now: c.now, fail: func(stage, _, _ string, n int) error {
				if stage == "rcpt" && n == 1 {
					return &smtp.SMTPError{Code: tc.code, Message: "scripted"}
				}
				return nil
			}})
			id := b.sold(t, "ada")
			c.forward(2 * time.Second)
			b.work(t)
			if _, _, d := b.now(t, id); d[0].State != tc.state || len(b.smtp.Messages()) != tc.mails {
				t.Errorf("%+v, %d mails", d, len(b.smtp.Messages()))
			}
		})
	}
}

func TestResendIsAMailOfItsOwn(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	_, _, d := b.settled(t, id)
	_, err = b.store.Resend(context.Background(), d[0].ID, "right@example.com", 0)
	must(t, err)
	must(t, b.smtp.Wait(wait(t), 2))
	mails := b.smtp.Messages()
	if mails[1].To[0] != "right@example.com" || header(mails[0].Raw, "Message-Id") == header(mails[1].Raw, "Message-Id") {
		t.Errorf("%v %s %s", mails[1].To, header(mails[0].Raw, "Message-Id"), header(mails[1].Raw, "Message-Id"))
	}
}

func header(raw []byte, name string) string {
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func TestTestModeGoesToTheTestRecipientOnly(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	e := b.checkout(t, "ada", completed, nil)
	e.Redirect = integrations.Recipient{Channel: "email", Address: "me@example.com"}
	id, _, err := b.engine.Accept(context.Background(), e)
	must(t, err)
	b.settled(t, id)
	if mails := b.smtp.Messages(); len(mails) != 1 || mails[0].To[0] != "me@example.com" {
		t.Errorf("%+v", mails)
	}
}

func TestIgnoredEventsAreRecordedAndDoNothing(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	e := b.checkout(t, "ada", completed, nil)
	e.Ignore = "test mode"
	id, _, err := b.engine.Accept(context.Background(), e)
	must(t, err)
	if e, p, _ := b.settled(t, id); e.State != store.StateIgnored || e.Note != "test mode" || len(p) != 0 {
		t.Errorf("%+v", e)
	}
}

func TestAChangedSecretIsRefusedWhilePassesNeedIt(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	b.settled(t, id)
	inUse, err := b.store.Secrets(context.Background())
	must(t, err)
	for _, tc := range []struct {
		list []string
		ok   bool
	}{{[]string{secretA}, true}, {[]string{secretB}, false}, {[]string{secretB, secretA}, true}} {
		secrets, err := bot.NewSecrets(tc.list)
		must(t, err)
		if err := secrets.Check(inUse); (err == nil) != tc.ok {
			t.Errorf("%d secrets: %v", len(tc.list), err)
		}
	}
}

// What the operator's log says to do, and that no secret stands in it.
func TestTheLogSaysWhatToDoAndNoSecrets(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, func(s map[string]any) {
		s["customer_details"].(map[string]any)["email"] = nil
	}))
	must(t, err)
	b.settled(t, id)
	log := b.log.String()
	if !strings.Contains(log, "passhook events replay "+id) || strings.Contains(log, secretA) || strings.Contains(log, "/p/") {
		t.Errorf("%s", log)
	}
}

// The operator gets one mail about everything that needs a person, once.
func TestTheOperatorIsTold(t *testing.T) {
	b := newBench(t, options{fail: func(stage, _, to string, _ int) error {
		if stage == "rcpt" && to == "ada@example.com" {
			return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
		}
		return nil
	}})
	b.run(t)
	dead, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	failed, _, err := b.engine.Accept(context.Background(), b.checkout(t, "bob", completed, func(s map[string]any) {
		s["customer_details"].(map[string]any)["email"] = nil
	}))
	must(t, err)
	b.settled(t, dead)
	b.settled(t, failed)
	for range 2 {
		must(t, b.engine.TellOnce(context.Background()))
	}
	mails := b.smtp.Messages()
	if len(mails) != 1 || mails[0].To[0] != "me@example.com" {
		t.Fatalf("%d mails", len(mails))
	}
	mail, err := mails[0].Parse()
	must(t, err)
	if subject := mail.Get("Subject"); subject != "passhook: 1 failed event, 1 dead delivery" {
		t.Errorf("the subject is %s", subject)
	}
	for _, want := range []string{"passhook events replay " + failed, "there is no address", "no such mailbox", "--to ADDRESS"} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("%q is missing in:\n%s", want, mail.Text)
		}
	}
}

// A large order is one mail with a link for each pass and no attachments.
func TestALargeOrderHasLinksAlone(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	session, items := standins.Checkout(standins.CheckoutOptions{
		Seed: "group", Created: time.Now(), Email: "group@example.com", Name: "Ada Lovelace", Currency: "eur",
		Items: []standins.Item{{Name: "Floor", Quantity: 40, UnitAmount: 100}},
	})
	b.stripe.AddSession(session, items)
	e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: "evt_group", Type: completed, Created: time.Now()}, session))
	must(t, err)
	id, _, err := b.engine.Accept(context.Background(), e)
	must(t, err)
	b.settled(t, id)
	mail, err := b.smtp.Messages()[0].Parse()
	must(t, err)
	if links := strings.Count(mail.Text, "https://tickets.example.com/p/"); links != 40 || len(mail.Attachments) != 0 {
		t.Errorf("%d links, %d attachments", links, len(mail.Attachments))
	}
}
