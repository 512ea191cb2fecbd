package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// happened lets Stripe have n paid checkouts, so long ago, that nobody was told
// of.
func (w *world) happened(t testing.TB, seed string, n int, ago time.Duration) {
	t.Helper()
	for i := range n {
		o := sampleCheckout(fmt.Sprintf("%s%d", seed, i+1), time.Now().Add(-ago), false, fmt.Sprintf("%s%d@example.com", seed, i+1))
		session, items := standins.Checkout(o)
		w.stripe.AddSession(session, items)
		body := standins.Event(standins.EventOptions{ID: "evt_" + o.Seed, Type: "checkout.session.completed", Created: o.Created}, session)
		if err := w.stripe.AddEvent(body); err != nil {
			t.Fatal(err)
		}
	}
}

// stored are how many events the store has, by state.
func (w *world) stored(t testing.TB) map[string]int {
	t.Helper()
	out, told, code := w.says(t, "", "events", "--json", "--limit", "1000")
	var events []eventJSON
	if err := json.Unmarshal([]byte(out), &events); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	count := map[string]int{}
	for _, e := range events {
		count[e.State]++
	}
	return count
}

// mails waits until so many mails came.
func (w *world) mails(t testing.TB, want int) {
	t.Helper()
	eventually(t, 20*time.Second, fmt.Sprintf("%d mails", want), func() bool { return len(w.smtp.Messages()) >= want })
	if got := len(w.smtp.Messages()); got != want {
		t.Fatalf("%d mails came, want %d", got, want)
	}
}

// stop ends a server as an operator does.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

// The first start mails nobody who bought before; what happens while the server
// is down afterwards is worked on at the next start, once.
func TestServeFetchesWhatHappenedWhileItWasDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.happened(t, "old", 40, 24*time.Hour)
	p := w.serve(t, 0)
	eventually(t, 20*time.Second, "the first look", func() bool { return w.stripe.Requests() > 0 })
	p.stop(t)
	if got := w.stored(t); len(got) != 0 {
		t.Fatalf("a first start fetched %v", got)
	}

	w.happened(t, "missed", 7, 0)
	p = w.serve(t, 0)
	w.mails(t, 7)
	eventually(t, 20*time.Second, "the log tells of them", func() bool {
		return strings.Contains(p.log.String(), "fetched events that had not arrived") && strings.Contains(p.log.String(), "events=7")
	})
	// Stripe sends one of them after all.
	if _, err := w.send(t.Context(), p.url, w.checkout("missed3", 1)); err != nil {
		t.Fatal(err)
	}
	p.stop(t)

	asked := w.stripe.Requests()
	p = w.serve(t, 0)
	eventually(t, 20*time.Second, "another look", func() bool { return w.stripe.Requests() > asked })
	p.stop(t)
	if got := w.stored(t); got["done"] != 7 || len(got) != 1 {
		t.Errorf("stored: %v", got)
	}
	w.mails(t, 7)
}

// Stripe lists a connected account's events only to who asks for that account,
// and does not name it in them. Accounts are known by their first event.
func TestServeFetchesWhatHappenedInConnectedAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	p := w.serve(t, 0)
	var bodies [][]byte
	for _, seed := range []string{"arrived", "missed"} {
		o := sampleCheckout(seed, time.Now(), false, seed+"@example.com")
		session, items := standins.Checkout(o)
		w.stripe.AddSession(session, items)
		bodies = append(bodies, standins.Event(standins.EventOptions{ID: "evt_" + seed, Type: "checkout.session.completed", Created: o.Created, Account: "acct_7"}, session))
	}
	if _, err := w.send(t.Context(), p.url, bodies[0]); err != nil {
		t.Fatal(err)
	}
	w.mails(t, 1)
	p.stop(t)
	for _, body := range bodies {
		if err := w.stripe.AddEvent(body); err != nil {
			t.Fatal(err)
		}
	}
	p = w.serve(t, 0)
	w.mails(t, 2)
	// It is the connected account's, so the same from the webhook is no other.
	if _, err := w.send(t.Context(), p.url, bodies[1]); err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	if got := w.stored(t); got["done"] != 2 || len(got) != 1 {
		t.Errorf("stored: %v", got)
	}
	out, _, _ := w.says(t, "", "stripe", "reconcile", "--dry-run", "--json")
	if !strings.Contains(out, `"known": 2`) {
		t.Errorf("reconcile says %s", out)
	}
}

func TestSinceInTheConfigLetsAFirstStartFetch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.happened(t, "before", 3, 30*24*time.Hour)
	w.happened(t, "after", 2, 24*time.Hour)
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	since := time.Now().AddDate(0, 0, -10).Format(time.DateOnly)
	w.write(t, "passhook.yaml", strings.Replace(string(b), "stripe: {", "stripe: {since: "+since+", ", 1))
	w.serve(t, 0)
	w.mails(t, 2)
}

// look is a reconciler with its surroundings, at a time of the test's own.
type look struct {
	reconciler
	api   *standins.Stripe
	store *store.Store
	now   time.Time
	log   *bytes.Buffer
	fresh []integrations.Event
}

var lookNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newLook(t *testing.T, c stripe.Config) *look {
	t.Helper()
	l := &look{api: standins.NewStripe(), now: lookNow, log: &bytes.Buffer{}}
	server := httptest.NewServer(l.api)
	t.Cleanup(server.Close)
	c.APIURL = server.URL
	log := slog.New(slog.NewTextHandler(l.log, nil))
	var err error
	l.store, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "passhook.db"), Now: func() time.Time { return l.now }, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.store.Close() })
	accept := func(ctx context.Context, e integrations.Event) (string, bool, error) {
		id, fresh, err := l.store.Accept(ctx, e)
		if fresh {
			l.fresh = append(l.fresh, e)
		}
		return id, fresh, err
	}
	l.reconciler = reconciler{config: c, accept: accept, store: l.store, now: func() time.Time { return l.now }, log: log, told: map[string]string{}}
	return l
}

func (l *look) happens(t *testing.T, id string, at time.Time, live bool) {
	t.Helper()
	err := l.api.AddEvent(standins.Event(standins.EventOptions{ID: id, Type: "charge.refunded", Created: at, Live: live}, map[string]any{"id": "ch_" + id, "object": "charge"}))
	if err != nil {
		t.Fatal(err)
	}
}

// again looks once and gives how many events were new, and with how many
// requests.
func (l *look) again(t *testing.T, since time.Time) (fresh, requests int) {
	t.Helper()
	had, asked := len(l.fresh), l.api.Requests()
	l.look(t.Context(), since)
	return len(l.fresh) - had, l.api.Requests() - asked
}

func TestReconcilingGoesOnWhereItWas(t *testing.T) {
	since := lookNow.Add(-48 * time.Hour)
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	for i := range 250 {
		l.happens(t, fmt.Sprintf("evt_%d", i), since.Add(time.Duration(i)*time.Minute), false)
	}
	if fresh, _ := l.again(t, since); fresh != 250 {
		t.Errorf("the first look brought %d", fresh)
	}
	if fresh, requests := l.again(t, since); fresh != 0 || requests != 1 {
		t.Errorf("the second look brought %d in %d requests", fresh, requests)
	}
	l.happens(t, "evt_new", lookNow.Add(-time.Minute), false)
	l.happens(t, "evt_late", lookNow.Add(-2*time.Minute), false)
	if fresh, requests := l.again(t, since); fresh != 2 || requests != 1 {
		t.Errorf("two more: %d in %d requests", fresh, requests)
	}
	l.now = l.now.Add(5 * time.Minute)
	l.happens(t, "evt_later", lookNow.Add(-3*time.Minute), false) // listed behind those that were read
	if fresh, _ := l.again(t, since); fresh != 1 {
		t.Errorf("one that Stripe listed late: %d", fresh)
	}
	l.happens(t, "evt_past", since.Add(-time.Hour), false)
	if fresh, _ := l.again(t, since); fresh != 0 {
		t.Errorf("one before since: %d", fresh)
	}
	if fresh, _ := l.again(t, since.Add(-2*time.Hour)); fresh != 1 {
		t.Errorf("an earlier since: %d", fresh)
	}
}

// A reading that breaks off goes on behind the last hundred.
func TestReconcilingKeepsItsPlaceWhenItBreaksOff(t *testing.T) {
	since := lookNow.Add(-48 * time.Hour)
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	for i := range 450 {
		l.happens(t, fmt.Sprintf("evt_%d", i), since.Add(time.Duration(i)*time.Minute), false)
	}
	l.api.Fail(func(r *http.Request) *standins.Fault {
		if r.URL.Query().Get("ending_before") == "evt_200" {
			return &standins.Fault{Status: http.StatusTooManyRequests, Message: "Too many requests"}
		}
		return nil
	})
	if fresh, _ := l.again(t, since); fresh != 201 {
		t.Errorf("before it broke off: %d", fresh)
	}
	l.api.Fail(nil)
	if fresh, requests := l.again(t, since); fresh != 249 || requests > 4 {
		t.Errorf("afterwards: %d in %d requests", fresh, requests)
	}
}

func TestReconcilingTellsAnErrorOnce(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.api.Fail(lacking("rak_event_read", func(*http.Request) bool { return true }))
	for range 3 {
		l.again(t, lookNow)
	}
	l.api.Fail(nil)
	for range 3 {
		l.again(t, lookNow)
	}
	log := l.log.String()
	if strings.Count(log, "rak_event_read") != 1 || strings.Count(log, "are fetched again") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

// The door is the webhook's: an event of each mode is treated as the config says.
func TestReconcilingKeepsModesApart(t *testing.T) {
	for _, tc := range []struct {
		config stripe.Config
		want   string
	}{
		{stripe.Config{APIKeys: []string{"rk_live_1"}}, "evt_live to  "},
		{stripe.Config{APIKeys: []string{"rk_test_1"}}, "evt_test to  "},
		{stripe.Config{APIKeys: []string{"rk_test_1", "rk_live_1"}, TestRecipient: "me@example.com"}, "evt_live to  evt_test to me@example.com "},
		{stripe.Config{APIKeys: []string{"rk_test_1", "rk_live_1"}, Mode: stripe.ModeLive}, "evt_live to  "},
	} {
		l := newLook(t, tc.config)
		l.happens(t, "evt_live", lookNow, true)
		l.happens(t, "evt_test", lookNow, false)
		l.again(t, lookNow)
		got := ""
		for _, e := range l.fresh {
			got += e.ExternalID + " to " + e.Redirect.Address + " "
		}
		if got != tc.want {
			t.Errorf("%+v: got %q, want %q", tc.config, got, tc.want)
		}
	}
}

func TestParseSince(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for text, want := range map[string]time.Time{
		"30d": lookNow.AddDate(0, 0, -30), "36h": lookNow.Add(-36 * time.Hour), "90m": lookNow.Add(-90 * time.Minute), "0d": lookNow,
		"2026-11-01": time.Date(2026, 11, 1, 0, 0, 0, 0, zone),
	} {
		if got, err := parseSince(text, lookNow, zone); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-3d", "-1h", "d", "yesterday", "2026-13-01"} {
		if got, err := parseSince(text, lookNow, zone); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestTheVerbReconcileStoresWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	p := w.serve(t, 0)
	eventually(t, 20*time.Second, "the first look", func() bool { return w.stripe.Requests() > 0 })
	w.happened(t, "old", 3, 24*time.Hour)
	w.happened(t, "new", 2, -time.Second)

	out, told, code := w.says(t, "", "stripe", "reconcile", "--since", "2d", "--dry-run")
	if code != 0 || !strings.Contains(out, "stripe.checkout.session.completed  5    0") || !strings.Contains(told, "5 events are missing") || len(w.stored(t)) != 0 {
		t.Errorf("a dry run: exit %d\n%s%s%v", code, out, told, w.stored(t))
	}
	out, told, code = w.says(t, "", "stripe", "reconcile")
	if code != 0 || !strings.Contains(out, "stripe.checkout.session.completed  2    0") || !strings.Contains(told, "2 events were missing") {
		t.Errorf("since the first start: exit %d\n%s%s", code, out, told)
	}
	w.mails(t, 2)
	out, told, code = w.says(t, "", "stripe", "reconcile", "--since", "2d", "--json")
	if code != 0 || !strings.Contains(strings.Join(strings.Fields(out), ""), `{"stripe.checkout.session.completed":{"new":3,"known":2}}`) {
		t.Errorf("further back: exit %d\n%s%s", code, out, told)
	}
	w.mails(t, 5)
	p.stop(t)
	if _, told, code := w.says(t, "", "stripe", "reconcile", "--since", "soon"); code != exitWrongUse || !strings.Contains(told, "write 30d") {
		t.Errorf("exit %d: %s", code, told)
	}
	if got := w.stored(t); got["done"] != 5 {
		t.Errorf("stored %v", got)
	}
}
