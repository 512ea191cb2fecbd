package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// Under load, with kill -9 at random moments, every paid unit becomes one pass
// and every order is mailed; a mail is repeated at most once for each mail
// worker and kill, under the same Message-ID.
func TestKillUnderLoad(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, newWorld(t, ""), 1, 15*time.Second)
	})
	t.Run("PostgreSQL, two processes", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, newWorld(t, storetest.Postgres(t)), 2, 75*time.Second)
	})
}

const (
	killEvents     = 200
	killDuplicates = 60 // 30 %
	kills          = 10
)

// killUnderLoad wants what the dead had claimed to be taken over within a time.
func killUnderLoad(t *testing.T, w *world, processes int, within time.Duration) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's dice
	units := map[string]int{}
	var bodies [][]byte
	for i := range killEvents {
		name := fmt.Sprintf("buyer%04d", i)
		units["cs_test_"+name] = 1 + i%3
		bodies = append(bodies, w.checkout(name, 1+i%3))
	}
	for range killDuplicates {
		bodies = append(bodies, bodies[random.IntN(killEvents)])
	}
	random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })

	w.program = buildProgram(t)
	running := make([]*process, processes)
	ports := make([]int, processes)
	for i := range running {
		running[i] = w.serve(t, 0)
		ports[i] = running[i].port(t)
	}
	var sent sync.WaitGroup
	queue := make(chan []byte)
	for c := range 8 {
		sent.Go(func() { sendAll(t, w, queue, ports, c) })
	}
	stop := make(chan struct{})
	go func() {
		defer close(queue)
		for _, b := range bodies {
			queue <- b
		}
	}()
	go func() { sent.Wait(); close(stop) }()
	for k := range kills {
		select {
		case <-time.After(time.Duration(50+random.IntN(250)) * time.Millisecond):
		case <-stop:
		}
		i := k % processes
		running[i].kill()
		running[i] = w.serve(t, ports[i])
	}
	<-stop
	checkBooks(t, w, units, within)
}

// buildProgram builds passhook as users run it: with the race detector in it,
// SQLite in pure Go is so slow that the kills would all come before the work.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "passhook")
	if out, err := exec.Command("go", "build", "-race=false", "-o", program, ".").CombinedOutput(); err != nil { //nolint:gosec // a test's own path
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// sendAll posts events as Stripe does: until it gets a 2xx.
func sendAll(t *testing.T, w *world, queue <-chan []byte, ports []int, c int) {
	for body := range queue {
		for try := 0; ; try++ {
			_, err := w.send(context.Background(), fmt.Sprintf("http://127.0.0.1:%d", ports[(c+try)%len(ports)]), body)
			if err == nil {
				break
			}
			if try > 600 {
				t.Errorf("an event was never taken: %v", err)
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	}
}

// checkBooks waits until all is done. However slow the machine, something must
// be done within each stretch of time: claims of the dead run out.
func checkBooks(t *testing.T, w *world, units map[string]int, within time.Duration) {
	t.Helper()
	ctx := context.Background()
	c, err := config.Load(w.dir+"/passhook.yaml", config.Options{Sections: []config.Section{config.Store}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenBeside(ctx, app.StoreConfig(c, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for left := -1; left != 0; {
		before := left
		eventually(t, within, fmt.Sprintf("one of %d events and deliveries is done", left), func() bool {
			events, err := s.FindEvents(ctx, store.Filter{State: store.StatePending, Limit: 2 * killEvents})
			deliveries, err2 := s.FindDeliveries(ctx, store.Filter{State: store.StatePending, Limit: 2 * killEvents})
			left = 2*len(events) + len(deliveries) // a worked event becomes a delivery
			return err == nil && err2 == nil && left != before
		})
	}
	events, err := s.FindEvents(ctx, store.Filter{Limit: 2 * killEvents})
	if err != nil || len(events) != len(units) {
		t.Fatalf("%d events, want %d; %v", len(events), len(units), err)
	}
	mails := mailsByRecipient(t, w)
	repeated := 0
	for _, e := range events {
		passes, deliveries, err := s.IssuedBy(ctx, e.ID)
		if err != nil || e.State != store.StateDone {
			t.Errorf("%s is %s %s, %v", e.Object, e.State, e.Note, err)
		}
		if len(passes) != units[e.Object] || len(deliveries) != 1 || deliveries[0].State != store.StateSent {
			t.Errorf("%s: %d passes, want %d; deliveries %+v", e.Object, len(passes), units[e.Object], deliveries)
			continue
		}
		ids := mails[deliveries[0].Recipient]
		if len(ids) == 0 {
			t.Errorf("%s got no mail", deliveries[0].Recipient)
		}
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("%s got two mails with different Message-IDs", deliveries[0].Recipient)
			}
		}
		repeated += max(len(ids)-1, 0)
	}
	t.Logf("%d mails repeated in %d kills", repeated, kills)
	if repeated > bot.DeliverySlots*kills {
		t.Errorf("%d mails were repeated, at most %d may be", repeated, bot.DeliverySlots*kills)
	}
}

// mailsByRecipient are the Message-IDs of all mails, by whom they went to.
func mailsByRecipient(t *testing.T, w *world) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, m := range w.smtp.Messages() {
		parsed, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
		if err != nil {
			t.Fatal(err)
		}
		out[m.To[0]] = append(out[m.To[0]], parsed.Header.Get("Message-Id"))
	}
	return out
}
