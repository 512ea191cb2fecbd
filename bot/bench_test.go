package bot_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/app/apptest"
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
	log  *apptest.Log
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
	// endpoints are told what becomes of passes.
	endpoints []store.Endpoint
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
	b := &bench{stripe: standins.NewStripe(), log: &apptest.Log{}}
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
		Path: o.path, URL: o.database, Now: storeNow, Jitter: func() float64 { return 0.5 }, Logger: logger, Sweep: 50 * time.Millisecond, Probe: probe, Endpoints: o.endpoints,
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
