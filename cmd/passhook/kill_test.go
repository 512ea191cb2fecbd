package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store/storetest"
)

// longVariable, when set, runs the tests of crashes in full: docs/testing.md.
const longVariable = "PASSHOOK_LONG"

// load is what TestKillUnderLoad does.
type load struct {
	orders, repeats, kills int
	// pause is the longest time between a start and the next kill.
	pause time.Duration
	// takeover waits for the claims of the dead to run out on PostgreSQL.
	takeover bool
}

// Under load, with kill -9 at random moments, every paid unit becomes one pass
// and every order is mailed; a mail is repeated only where its sender died before
// it could remember it, under the same Message-ID; a start takes a moment.
func TestKillUnderLoad(t *testing.T) {
	l := load{orders: 120, repeats: 36, kills: 8, pause: 300 * time.Millisecond}
	if os.Getenv(longVariable) != "" {
		l = load{orders: 20_000, repeats: 6_000, kills: 200, pause: time.Second, takeover: true}
	}
	program := theProgram(t)
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		l.run(t, program, "", 1)
	})
	t.Run("PostgreSQL, two processes", func(t *testing.T) {
		t.Parallel()
		l.run(t, program, storetest.Postgres(t), 2)
	})
}

// siege is a load that runs.
type siege struct {
	load
	*world
	// units are how many tickets each session has.
	units   map[string]int
	bodies  [][]byte
	running []*process
	ports   []int
	doubts  []doubt
	ready   []time.Duration
	logs    []fmt.Stringer
}

func (l load) run(t *testing.T, program, database string, processes int) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's dice
	var mails atomic.Int64
	s := siege{load: l, units: map[string]int{}, running: make([]*process, processes), ports: make([]int, processes)}
	s.world = newWorldWith(t, database, standins.SMTPOptions{HeadersOnly: true, Fail: func(stage, _, _ string, n int) error {
		if stage == "after-data" {
			mails.Store(int64(n))
		}
		return nil
	}})
	s.program = program
	s.happens(random)
	for i := range processes {
		s.start(t, i)
	}
	var senders sync.WaitGroup
	queue := make(chan []byte, len(s.bodies))
	for c := range 8 {
		senders.Go(func() { s.sendAll(t, queue, c) })
	}
	for k := range l.kills {
		from, to := k*len(s.bodies)/l.kills, (k+1)*len(s.bodies)/l.kills
		for _, b := range s.bodies[from:to] {
			queue <- b
		}
		<-time.After(50*time.Millisecond + time.Duration(random.Int64N(int64(l.pause))))
		s.kill(t, k%processes)
		s.start(t, k%processes)
		// What is refused because too much waits would only come later.
		sent := int64(to * l.orders / len(s.bodies))
		for begun := time.Now(); sent-mails.Load() > int64(max(l.orders/20, 100)) && time.Since(begun) < time.Minute; {
			<-time.After(20 * time.Millisecond)
		}
	}
	close(queue)
	senders.Wait()
	if !l.takeover {
		s.everybodyDies(t)
	}
	s.finish(t)
	s.check(t)
}

// happens makes the events: one in ten is sent twice, and as many sales have the
// second event that Stripe may send of a sale.
func (s *siege) happens(random *rand.Rand) {
	for i := range s.orders {
		name := fmt.Sprintf("buyer%05d", i)
		s.units["cs_test_"+name] = 1 + i%3
		s.bodies = append(s.bodies, s.checkout(name, 1+i%3))
	}
	for i := range s.repeats {
		body := s.bodies[random.IntN(s.orders)]
		if i%2 == 0 {
			body = twin(body)
		}
		s.bodies = append(s.bodies, body)
	}
	random.Shuffle(len(s.bodies), func(i, j int) { s.bodies[i], s.bodies[j] = s.bodies[j], s.bodies[i] })
}

// twin is another event about the same checkout.
func twin(body []byte) []byte {
	return []byte(strings.NewReplacer(`"id": "evt_`, `"id": "evt_twin_`, "checkout.session.completed", "checkout.session.async_payment_succeeded").Replace(string(body)))
}

// buildProgram builds passhook as users run it: with the race detector in it,
// SQLite in pure Go is so slow that the kills would all come before the work.
func buildProgram(t *testing.T, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "passhook")
	args := append([]string{"build", "-race=false", "-o", program}, flags...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil { //nolint:gosec // a test's own path
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// start starts a process and measures how long it takes until it is ready.
func (s *siege) start(t *testing.T, i int) {
	t.Helper()
	begun := time.Now()
	s.running[i] = s.serve(t, s.ports[i])
	s.logs = append(s.logs, s.running[i].log)
	if s.ports[i] == 0 { // from now on the senders know it
		s.ports[i] = s.running[i].port(t)
	}
	for {
		resp, err := http.Get(s.running[i].url + "/readyz") //nolint:gosec // our own server
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("it was never ready: %v\n%s", err, s.running[i].log)
		}
		<-time.After(5 * time.Millisecond)
	}
	s.ready = append(s.ready, time.Since(begun))
}

func (s *siege) kill(t *testing.T, i int) {
	t.Helper()
	s.running[i].kill()
	s.doubts = append(s.doubts, s.crashed(t))
}

// everybodyDies once more, and their claims run out.
func (s *siege) everybodyDies(t *testing.T) {
	t.Helper()
	for i := range s.running {
		s.kill(t, i)
	}
	s.leasesEnd(t)
	for i := range s.running {
		s.start(t, i)
	}
}

// sendAll posts events as Stripe does: until it gets a 2xx.
func (s *siege) sendAll(t *testing.T, queue <-chan []byte, c int) {
	for body := range queue {
		begun := time.Now()
		for try := c; ; try++ {
			_, err := s.send(context.Background(), fmt.Sprintf("http://127.0.0.1:%d", s.ports[try%len(s.ports)]), body)
			if err == nil {
				break
			}
			if time.Since(begun) > 3*time.Minute {
				t.Errorf("an event was never taken: %v", err)
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	}
}

// finish waits until all is done. However slow the machine, something must be
// done within each stretch of time: claims of the dead run out.
func (s *siege) finish(t *testing.T) {
	t.Helper()
	within := 15 * time.Second
	if s.takeover {
		within = 75 * time.Second
	}
	for left := -1; left != 0; {
		before := left
		eventually(t, within, fmt.Sprintf("some of %d events and deliveries are done", left), func() bool {
			left = s.pending(t)
			return left != before
		})
	}
}

// said is what the logs have of the deliveries to a recipient.
func (s *siege) said(t testing.TB, to string) string {
	b := s.books(t)
	defer b.Close()
	var out strings.Builder
	for _, id := range b.rows(t, "SELECT id FROM deliveries WHERE recipient = '"+to+"'") {
		for i, log := range s.logs {
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, id) {
					fmt.Fprintf(&out, "start %d: %s", i+1, line)
				}
			}
		}
	}
	for _, d := range s.doubts {
		if d.claimed[to] {
			fmt.Fprintf(&out, "died at %s while it was claimed\n", d.at.Format(time.StampMicro))
		}
	}
	return out.String()
}

// check wants the books to be right.
func (s *siege) check(t *testing.T) {
	t.Helper()
	b := s.books(t)
	defer b.Close()
	for _, wrong := range b.rows(t, "SELECT object, state, note FROM events WHERE state <> 'done'") {
		t.Errorf("event %s", wrong)
	}
	for _, wrong := range b.rows(t, "SELECT recipient, count(*), min(state) FROM deliveries GROUP BY recipient HAVING count(*) <> 1 OR min(state) <> 'sent'") {
		t.Errorf("delivery %s", wrong)
	}
	events := map[string]bool{}
	for _, body := range s.bodies {
		events[string(body)] = true
	}
	if got := b.rows(t, "SELECT count(*) FROM events"); got[0] != strconv.Itoa(len(events)) {
		t.Errorf("%s events, want %d", got[0], len(events))
	}
	passes := map[string]int{}
	for _, object := range b.rows(t, "SELECT orders.object FROM passes JOIN orders ON orders.id = order_id") {
		passes[object]++
	}
	lost, doubled := 0, 0
	var recipients []string
	for object, want := range s.units {
		recipients = append(recipients, strings.TrimPrefix(object, "cs_test_")+"@example.com")
		if got := passes[object]; got != want {
			t.Errorf("%s has %d passes, want %d", object, got, want)
			lost, doubled = lost+max(want-got, 0), doubled+max(got-want, 0)
		}
	}
	s.isWhole(t)
	repeats, unsent := checkMails(t, s.world, recipients, s.doubts, s.said)
	slices.Sort(s.ready)
	median, slowest := s.ready[len(s.ready)/2], s.ready[len(s.ready)-1]
	t.Logf("%d kills, %d events of %d orders: %d passes lost, %d doubled, %d orders without a mail, %d mails repeated; ready in %s, at most %s",
		len(s.doubts), len(s.bodies), s.orders, lost, doubled, unsent, repeats, median, slowest)
	if most := bot.DeliverySlots * len(s.doubts); repeats > most {
		t.Errorf("%d mails were repeated, at most %d may be", repeats, most)
	}
	// Others may keep a machine busy; but not at every start.
	if quick := s.ready[len(s.ready)/4]; quick > time.Second {
		t.Errorf("of four starts, three took longer than %s", quick)
	}
}
