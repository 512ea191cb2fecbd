package orders_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/store"
)

const benchRules = `
- {name: concert, on: shop.sold, template: concert, with: {holder: "${{ data.name }}", seat: A1}, deliver: [{email: "${{ data.email }}"}, {email: crew@example.com}]}
- {name: drink, on: shop.more, template: coupon, deliver: [{email: "${{ data.email }}"}]}
`

// bench is an engine with a store, one source and a channel that keeps what it
// is handed.
type bench struct {
	*orders.Orders
	engine *bot.Engine
	shop   *shop
	mails  *mails
	clock  atomic.Int64 // in milliseconds
}

// now is the time for all of it, and later moves it on.
func (b *bench) now() time.Time { return time.UnixMilli(b.clock.Load()) }

func (b *bench) later(d time.Duration) { b.clock.Add(d.Milliseconds()) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keyring is made once: keys are slow to make.
var keyring = sync.OnceValue(func() *certificates.Keyring {
	ca, issued := passtest.Apple(&testing.T{})
	keys, _ := certificates.Load([]certificates.Config{{
		Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM()),
	}}, passtest.Now)
	return keys
})

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{shop: &shop{}, mails: &mails{}}
	b.clock.Store(passtest.Now.UnixMilli())
	s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "passhook.db"), Now: b.now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	secrets, err := bot.NewSecrets([]string{strings.Repeat("a", 32)})
	must(t, err)
	b.engine = bot.New(bot.Config{
		Store: s, Renderer: bot.NewRenderer(program(t), secrets, "https://tickets.example.com", b.now),
		Sources:  map[string]integrations.Source{bot.SourceOwn: bot.Own{}, "shop": b.shop},
		Channels: map[string]integrations.Channel{integrations.ChannelEmail: b.mails}, Operator: []integrations.Recipient{{Channel: integrations.ChannelEmail, Address: "me@example.com"}},
		Log: slog.New(slog.DiscardHandler),
	})
	b.Orders = orders.New(b.engine, "")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		must(t, s.Close())
	})
	return b
}

// program has the templates concert, of which the buyer may change holder, seat
// and class until 18:00 on the next day, and coupon, of which nothing may be
// changed.
func program(t testing.TB) *bot.Program {
	t.Helper()
	var icon bytes.Buffer
	must(t, png.Encode(&icon, image.NewGray(image.Rect(0, 0, 38, 38))))
	fsys := fstest.MapFS{}
	add := func(name, style, about string) {
		fsys[name+".pass/pass.json"] = &fstest.MapFile{Data: []byte(`{"passTypeIdentifier":"pass.com.example.test","organizationName":"Hall One","description":"Ticket",
			"` + style + `":{"primaryFields":[{"key":"holder","label":"Holder","value":"${{ holder }}"}],"secondaryFields":[{"key":"seat","label":"Seat","value":"${{ seat }}"}]},
			"barcodes":[{"format":"PKBarcodeFormatQR","message":"${{ serial }}","messageEncoding":"iso-8859-1"}]}`)}
		fsys[name+".pass/template.yaml"] = &fstest.MapFile{Data: []byte("title: " + name + "\n" + about)}
		fsys[name+".pass/icon.png"] = &fstest.MapFile{Data: icon.Bytes()}
	}
	add("concert", "eventTicket", `inputs:
  holder: {required: true, example: Ada Lovelace}
  seat: {}
  class: {type: choice, options: [floor, balcony]}
  starts: {type: time, default: "2026-11-24T18:00:00Z"}
buyer: {inputs: [holder, seat, class], until: "${{ starts }}"}
`)
	add("coupon", "coupon", "inputs:\n  holder: {default: Guest}\n  seat: {}\n")
	templates, found := passes.LoadTemplates(fsys, "templates", passes.Settings{Keyring: keyring()})
	must(t, found.Err())
	var rules []bot.Rule
	must(t, yaml.Unmarshal([]byte(benchRules), &rules))
	out, found := bot.Compile(rules, bot.Options{Templates: templates, Channels: map[string]func(string) error{"email": func(string) error { return nil }}})
	must(t, found.Err())
	return out
}

// sold lets an order be paid now.
func (b *bench) sold(t testing.TB, object string) {
	t.Helper()
	b.happens(t, "sold", object, nil)
}

// happens lets an event of the shop happen, and waits for what comes of it.
func (b *bench) happens(t testing.TB, name, object string, edit func(*integrations.Completed)) {
	t.Helper()
	e := integrations.Completed{Event: integrations.Event{
		Source: "shop", Type: "shop." + name, ExternalID: name + object, Object: object, Live: true, Refs: []string{object},
		Time: b.now(), Data: json.RawMessage(`{"name":"Ada Lovelace","email":"ada@example.com"}`),
	}}
	if edit != nil {
		edit(&e)
	}
	e.Wanted = e.Attention != "" || len(e.Effects) > 0
	b.shop.done.Store(e.ExternalID, e)
	must(t, b.engine.Do(t.Context(), e.Event))
}

// bought is the delivery to the buyer of an order.
func (b *bench) bought(t testing.TB, object string) *orders.Delivery {
	t.Helper()
	found, err := b.DeliveriesAbout(t.Context(), "shop", object)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d deliveries", len(found))
	}
	return found[0]
}

// shop is a source whose events say all there is to say.
type shop struct{ done sync.Map }

func (s *shop) Types() (map[string]integrations.TypeInfo, error) { return nil, nil }

func (s *shop) Decode([]byte) (integrations.Event, error) {
	return integrations.Event{}, errors.New("the shop has no bodies")
}

func (s *shop) Complete(_ context.Context, e integrations.Event) (integrations.Completed, error) {
	v, _ := s.done.Load(e.ExternalID)
	out, _ := v.(integrations.Completed)
	out.ID = e.ID
	return out, nil
}

// mails is a channel.
type mails struct {
	down    atomic.Bool
	mu      sync.Mutex
	sent    []integrations.Delivery
	notices []integrations.Notice
}

func (m *mails) Check(string) error { return nil }

func (m *mails) Deliver(_ context.Context, d integrations.Delivery) error {
	if m.down.Load() {
		return errors.New("the mail server is down")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, d)
	return nil
}

func (m *mails) Notice(_ context.Context, _ string, n integrations.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices = append(m.notices, n)
	return nil
}

// to waits until so many mails were taken, and returns who got the last one.
func (m *mails) to(t testing.TB, n int) (recipient string) {
	t.Helper()
	eventually(t, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.sent) < n {
			return false
		}
		recipient = m.sent[n-1].Recipient
		return true
	})
	return recipient
}

// settled waits until no delivery is under way.
func (b *bench) settled(t testing.TB) {
	t.Helper()
	eventually(t, func() bool {
		pending, err := b.engine.Store.FindDeliveries(t.Context(), store.Filter{State: store.StatePending})
		must(t, err)
		return len(pending) == 0
	})
}

// eventually waits for f to be true, for as long as a test may take.
func eventually(t testing.TB, f func() bool) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen")
		}
	}
}

func token(t testing.TB, link string) string {
	t.Helper()
	i := strings.LastIndexByte(link, '/')
	if i < 0 {
		t.Fatalf("%q is no link", link)
	}
	return link[i+1:]
}
