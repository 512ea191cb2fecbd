package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
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
