package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store/storetest"
)

// A crash before and after every commit and every delivery loses and doubles
// nothing; a mail is repeated only where the crash came between the server's
// answer and the commit.
func TestACrashAtEveryStepLosesNothing(t *testing.T) {
	program := buildProgram(t, "-tags", "failpoints")
	// Some of the commits, others each time, and all deliveries.
	step := map[string]int{"SQLite": 5, "PostgreSQL": 7}
	if os.Getenv(longVariable) != "" {
		step = map[string]int{"SQLite": 1, "PostgreSQL": 1}
	}
	for engine := range step {
		for _, point := range []string{"before-commit", "after-commit", "before-deliver", "after-deliver"} {
			t.Run(engine+"/"+point, func(t *testing.T) {
				t.Parallel()
				by := 1
				if strings.HasSuffix(point, "commit") {
					by = step[engine]
				}
				crashes := 0
				for n := 1 + rand.IntN(by); crashAt(t, engine, program, point, n); n += by { //nolint:gosec // a test's dice
					crashes++
				}
				if t.Logf("%d crashes", crashes); crashes == 0 {
					t.Error("the failpoint is never reached")
				}
			})
		}
	}
}

// mortal is a process that may crash.
type mortal struct {
	*process
	dead chan struct{}
}

// begin starts serve with a failpoint, or with none. It may be dead already.
func (w *world) begin(t *testing.T, failpoint string) mortal {
	t.Helper()
	w.env = []string{"PASSHOOK_FAILPOINT=" + failpoint}
	m := mortal{&process{cmd: w.command("serve", "--port", "0"), log: &apptest.Log{}}, make(chan struct{})}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.cmd.Stderr = m.log
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.cmd.Process.Kill(); <-m.dead })
	line, _ := bufio.NewReader(out).ReadString('\n') // nothing, where it died
	m.url = strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	go func() {
		_ = m.cmd.Wait()
		close(m.dead)
	}()
	return m
}

// story is a world in which a process crashes once.
type story struct {
	*world
	run     mortal
	crashed bool
	doubts  []doubt
}

// crashAt plays the story with a crash at the nth time that a point is reached,
// and reports whether that happened.
func crashAt(t *testing.T, engine, program, point string, n int) bool {
	at := point + ":" + strconv.Itoa(n)
	database := ""
	if engine == "PostgreSQL" {
		database = storetest.Postgres(t)
	}
	s := story{world: newWorldWith(t, database, standins.SMTPOptions{HeadersOnly: true})}
	s.program = program
	s.renews(t)
	s.run = s.begin(t, at)
	bodies := s.happens()
	for _, body := range bodies {
		for {
			_, err := s.send(t.Context(), s.run.url, body)
			if err == nil {
				break
			}
			s.goesOn(t, at, err)
		}
	}
	eventually(t, 30*time.Second, at+": all is done", func() bool {
		select {
		case <-s.run.dead:
			s.goesOn(t, at, nil)
		default:
		}
		return s.pending(t) == 0
	})
	// It may die just now, after its last commit.
	_ = s.run.cmd.Process.Signal(syscall.SIGTERM)
	<-s.run.dead
	if s.died() {
		s.goesOn(t, at, nil)
	}
	s.check(t, at, len(bodies), strings.HasPrefix(at, "after-deliver"))
	return s.crashed
}

// died reports whether the process that is dead was killed.
func (s *story) died() bool {
	status, ok := s.run.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// goesOn starts the server again after its crash. cause is how that was seen.
func (s *story) goesOn(t *testing.T, at string, cause error) {
	t.Helper()
	select {
	case <-s.run.dead:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: no crash, but %v\n%s", at, cause, s.run.log)
	}
	if s.crashed || !s.died() {
		t.Fatalf("%s: serve ended by itself: %v\n%s", at, cause, s.run.log)
	}
	s.crashed = true
	s.doubts = append(s.doubts, s.world.crashed(t))
	s.leasesEnd(t)
	if s.run = s.begin(t, ""); s.run.url == "" {
		t.Fatalf("%s: it does not start after the crash\n%s", at, s.run.log)
	}
}

// renews adds a rule that changes a pass.
func (w *world) renews(t *testing.T) {
	t.Helper()
	file := w.dir + "/passhook.yaml"
	text, err := os.ReadFile(file) //nolint:gosec // a test's own path
	if err != nil {
		t.Fatal(err)
	}
	const rule = `
  - name: renewed
    on: stripe.subscription.paid
    action: update
    template: concert
    with: {holder: Renewed}
`
	w.write(t, "passhook.yaml", strings.Replace(string(text), "\nrules:\n", "\nrules:"+rule, 1))
}

// happens is a sale of two with its twin, a sale that is refunded, and a
// subscription that is renewed.
func (s *story) happens() [][]byte {
	two := s.checkout("two", 2)
	o := sampleCheckout("member", time.Now(), false, "member@example.com")
	o.Items = []standins.Item{{Name: "Membership", Quantity: 1, UnitAmount: 4950}}
	o.Subscription = true
	session, items := standins.Checkout(o)
	s.stripe.AddSession(session, items)
	subscription, _ := session["subscription"].(map[string]any)
	s.stripe.Add(subscription)
	at := time.Now()
	event := func(id, kind string, object map[string]any) []byte {
		return standins.Event(standins.EventOptions{ID: "evt_" + id, Type: kind, Created: at}, object)
	}
	return [][]byte{
		two, twin(two), s.checkout("back", 1), event("member", "checkout.session.completed", session),
		event("refund", "charge.refunded", map[string]any{
			"id": "ch_back", "object": "charge", "amount": 4950, "amount_captured": 4950, "amount_refunded": 4950, "captured": true, "created": at.Unix(),
			"currency": "eur", "livemode": false, "metadata": map[string]any{}, "paid": true, "payment_intent": "pi_back", "refunded": true, "status": "succeeded",
		}),
		event("renewal", "invoice.paid", map[string]any{
			"id": "in_next", "object": "invoice", "amount_due": 4950, "amount_paid": 4950, "billing_reason": "subscription_cycle", "created": at.Unix(),
			"currency": "eur", "customer": "cus_member", "livemode": false, "metadata": map[string]any{}, "status": "paid",
			"lines":  map[string]any{"object": "list", "has_more": false, "data": []any{}},
			"parent": map[string]any{"type": "subscription_details", "subscription_details": map[string]any{"metadata": map[string]any{}, "subscription": "sub_member"}},
		}),
	}
}

// check wants everything to be there once. again: the crash must have repeated a
// mail.
func (s *story) check(t *testing.T, at string, events int, again bool) {
	t.Helper()
	b := s.books(t)
	defer b.Close()
	if got := b.rows(t, "SELECT state, count(*) FROM events GROUP BY state"); !slices.Equal(got, []string{fmt.Sprintf("done %d", events)}) {
		t.Errorf("%s: events: %q", at, got)
	}
	if got, want := b.rows(t, "SELECT recipient, state FROM deliveries ORDER BY recipient"), []string{"back@example.com sent", "member@example.com sent", "two@example.com sent"}; !slices.Equal(got, want) {
		t.Errorf("%s: deliveries: %q", at, got)
	}
	got := b.rows(t, "SELECT orders.object, passes.void FROM passes JOIN orders ON orders.id = order_id ORDER BY orders.object")
	if want := []string{`cs_test_back ["refund"]`, "cs_test_member []", "cs_test_two []", "cs_test_two []"}; !slices.Equal(got, want) {
		t.Errorf("%s: passes: %q", at, got)
	}
	got = b.rows(t, "SELECT inputs FROM passes JOIN orders ON orders.id = order_id WHERE object = 'cs_test_member'")
	if len(got) != 1 || !strings.Contains(got[0], "Renewed") {
		t.Errorf("%s: the member has %q", at, got)
	}
	s.isWhole(t)
	repeats, _ := checkMails(t, s.world, []string{"back@example.com", "member@example.com", "two@example.com"}, s.doubts, func(testing.TB, string) string { return s.run.log.String() })
	if s.crashed && again && repeats == 0 {
		t.Errorf("%s: no mail was repeated", at)
	}
	if t.Failed() {
		t.Fatal(s.run.log)
	}
}
