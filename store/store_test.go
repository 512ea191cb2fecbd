package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// clock is handed to the store and moved by hand.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// place is a database that can be opened again.
type place struct {
	store.Config
	clock *clock
}

func (p place) open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config)
	must(t, err)
	return s
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, f func(t *testing.T, p place)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(t, sqlite(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		c := newClock()
		f(t, place{store.Config{URL: storetest.Postgres(t), Now: c.now, Sweep: 20 * time.Millisecond}, c})
	})
}

func sqlite(t testing.TB) place {
	c := newClock()
	return place{store.Config{Path: filepath.Join(t.TempDir(), "data", "passhook.db"), Now: c.now, Sweep: 20 * time.Millisecond}, c}
}

// opened is a store that the test's end closes.
func opened(t testing.TB, p place) *store.Store {
	t.Helper()
	s := p.open(t)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func event(id string) integrations.Event {
	return integrations.Event{
		Source: "stripe", Type: "stripe.checkout.session.completed", Aliases: []string{"stripe.checkout.paid"}, ExternalID: "evt_" + id, Object: "cs_" + id,
		Live: true, Time: time.Date(2026, 11, 20, 17, 59, 0, 0, time.UTC), Refs: []string{"cs_" + id, "pi_" + id}, Data: json.RawMessage(`{"id":"cs_` + id + `"}`),
	}
}

func accept(t testing.TB, s *store.Store, e integrations.Event) string {
	t.Helper()
	id, _, err := s.Accept(t.Context(), e)
	must(t, err)
	return id
}

// claimed accepts an event and claims it.
func claimed(t testing.TB, s *store.Store, e integrations.Event) *store.Event {
	t.Helper()
	got, ok, err := s.ClaimEvent(t.Context(), accept(t, s, e))
	must(t, err)
	if !ok {
		t.Fatal("the event could not be claimed")
	}
	return got
}

const lease = 45 * time.Second

// order is n passes and one delivery, as the engine makes them.
func order(e *store.Event, object string, from, n int) store.Issue {
	in := store.Issue{Event: e, State: store.StateDone, Fold: told, Order: store.Order{EventID: e.ID, Source: "stripe", Object: object, Live: true, Created: e.Received}, Note: "issued"}
	d := store.Delivery{Channel: "email", Recipient: "Ada@example.com", Created: e.Received}
	for i := from; i < from+n; i++ {
		key := fmt.Sprintf("%s/%d", object, i)
		in.Passes = append(in.Passes, store.Pass{
			Serial: "serial-" + key, Key: key, EventID: e.ID, Rule: "concert", Template: "concert", Item: "li_1", Unit: i,
			SecretID: "s1", LinkHash: "hash-" + key, Inputs: []byte(`{}`), Refs: []string{object, "pi_" + object}, Created: e.Received, Updated: e.Received,
		})
		d.Passes = append(d.Passes, "serial-"+key)
	}
	in.Deliveries = []store.Delivery{d}
	return in
}

func TestAcceptKeepsWhatItGot(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Account, e.Redirect = "acct_1", integrations.Recipient{Channel: "email", Address: "me@example.com"}
		id, fresh, err := s.Accept(t.Context(), e)
		must(t, err)
		got, ok, err := s.Event(t.Context(), id)
		must(t, err)
		e.ID = id
		if !ok || !fresh || fmt.Sprint(got.Event) != fmt.Sprint(e) || got.State != store.StatePending || !got.Received.Equal(p.clock.now()) {
			t.Errorf("got %+v\nwant %+v", got, e)
		}
	})
}

func TestAcceptOfOneEventManyTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var fresh atomic.Int64
		var ids sync.Map
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				id, ok, err := s.Accept(t.Context(), event("1"))
				if err != nil {
					t.Error(err)
				}
				if ok {
					fresh.Add(1)
				}
				ids.Store(id, true)
			})
		}
		all.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if fresh.Load() != 1 || n != 1 {
			t.Errorf("%d fresh, %d ids", fresh.Load(), n)
		}
	})
}

func TestAcceptKnowsTheEventAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		id := accept(t, s, event("1"))
		must(t, s.Close())
		again, fresh, err := opened(t, p).Accept(t.Context(), event("1"))
		if must(t, err); fresh || again != id {
			t.Errorf("got %s, fresh %t; want %s", again, fresh, id)
		}
	})
}

func TestAcceptRefusesWhatCannotBeStored(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for name, e := range map[string]integrations.Event{"NUL": event("a\x00b"), "UTF-8": event("\xff"), "no id": {Source: "stripe", Type: "x"}} {
			if _, _, err := s.Accept(t.Context(), e); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		accept(t, s, event("good")) // and nothing is broken
	})
}

func TestIgnoredEventsAreSettledWhenAccepted(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Ignore = "test mode"
		id := accept(t, s, e)
		if got, _, _ := s.Event(t.Context(), id); got.State != store.StateIgnored || got.Note != "test mode" {
			t.Errorf("got %+v", got)
		}
		if _, ok, _ := s.ClaimEvent(t.Context(), id); ok {
			t.Error("it could be claimed")
		}
	})
}

func TestOneOfManyClaims(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		id := accept(t, s, event("1"))
		var won atomic.Int64
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				if _, ok, err := s.ClaimEvent(t.Context(), id); err != nil {
					t.Error(err)
				} else if ok {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d workers have it", won.Load())
		}
	})
}

func TestALostClaimChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		stale := claimed(t, s, event("1"))
		p.clock.advance(lease)
		second, ok, err := s.ClaimEvent(t.Context(), stale.ID)
		must(t, err)
		if !ok || second.Attempts != 2 {
			t.Fatalf("the claim did not run out: %+v", second)
		}
		for name, err := range map[string]error{
			"settle": s.SettleEvent(t.Context(), stale, store.StateFailed, "stale"),
			"retry":  s.RetryEvent(t.Context(), stale, p.clock.now(), "stale"),
		} {
			if !errors.Is(err, store.ErrLost) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Issue(t.Context(), order(stale, "cs_1", 0, 2)); !errors.Is(err, store.ErrLost) {
			t.Errorf("issue: %v", err)
		}
		if passes, _, _ := s.IssuedBy(t.Context(), stale.ID); len(passes) != 0 {
			t.Error("a stale worker issued passes")
		}
		must(t, s.SettleEvent(t.Context(), second, store.StateDone, ""))
	})
}

func TestARetryIsDueWhenItSays(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		must(t, s.RetryEvent(t.Context(), e, p.clock.now().Add(time.Minute), "stripe is down\x00"))
		if _, ok, _ := s.ClaimEvent(t.Context(), e.ID); ok {
			t.Error("it was claimed too soon")
		}
		p.clock.advance(time.Minute)
		got, ok, err := s.ClaimEvent(t.Context(), e.ID)
		if must(t, err); !ok || got.Attempts != 2 || got.Note != "stripe is down\uFFFD" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestIssueStoresEverythingOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		issued, err := s.Issue(t.Context(), order(e, "cs_1", 0, 3))
		must(t, err)
		got, _, _ := s.Event(t.Context(), e.ID)
		passes, deliveries, err := s.IssuedBy(t.Context(), e.ID)
		must(t, err)
		if got.State != store.StateDone || got.Note != "issued" || len(issued.Passes) != 3 || len(passes) != 3 || len(deliveries) != 1 || strings.Join(deliveries[0].Passes, " ") != "serial-cs_1/0 serial-cs_1/1 serial-cs_1/2" {
			t.Errorf("%+v\n%+v\n%+v", got, passes, deliveries)
		}
		bad := claimed(t, s, event("2"))
		in := order(bad, "cs_2", 0, 2)
		in.Passes[1].LinkHash = in.Passes[0].LinkHash // violates a constraint
		if _, err := s.Issue(t.Context(), in); err == nil {
			t.Fatal("that should have failed")
		}
		passes, deliveries, _ = s.IssuedBy(t.Context(), bad.ID)
		if again, _, _ := s.Event(t.Context(), bad.ID); len(passes)+len(deliveries) != 0 || again.State != store.StatePending {
			t.Errorf("something was left: %+v %+v %+v", again, passes, deliveries)
		}
	})
}

func TestTwoEventsAboutOneObjectAtOnceMakeOneOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var all sync.WaitGroup
		var made, deliveries atomic.Int64
		for i := range 8 {
			e := claimed(t, s, event(fmt.Sprint(i)))
			all.Go(func() {
				issued, err := s.Issue(t.Context(), order(e, "cs_same", 0, 5))
				if err != nil {
					t.Error(err)
				}
				made.Add(int64(len(issued.Passes)))
				deliveries.Add(int64(len(issued.Deliveries)))
			})
		}
		all.Wait()
		if made.Load() != 5 || deliveries.Load() != 1 {
			t.Errorf("%d passes, %d deliveries", made.Load(), deliveries.Load())
		}
		events, err := s.FindEvents(t.Context(), store.Filter{State: store.StateDone})
		must(t, err)
		named := 0
		for _, e := range events {
			if strings.HasPrefix(e.Note, "nothing new: order ") {
				named++
			}
		}
		if len(events) != 8 || named != 7 {
			t.Errorf("%d done, %d of them name the other order", len(events), named)
		}
	})
}

func TestOnlyNewPassesAreDelivered(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		_, err := s.Issue(t.Context(), order(claimed(t, s, event("1")), "cs_1", 0, 3))
		must(t, err)
		issued, err := s.Issue(t.Context(), order(claimed(t, s, event("2")), "cs_1", 2, 3))
		must(t, err)
		if len(issued.Passes) != 2 || strings.Join(issued.Deliveries[0].Passes, " ") != "serial-cs_1/3 serial-cs_1/4" {
			t.Errorf("got %+v", issued)
		}
	})
}

func TestDeliveries(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		in := order(claimed(t, s, event("1")), "cs_1", 0, 2)
		in.Lease = lease
		issued, err := s.Issue(t.Context(), in)
		must(t, err)
		d := issued.Deliveries[0]
		if _, ok, _ := s.ClaimDelivery(t.Context(), d.ID); ok {
			t.Error("a delivery that was issued with a lease could be claimed")
		}
		must(t, s.RetryDelivery(t.Context(), &d, p.clock.now(), "451"))
		second, ok, err := s.ClaimDelivery(t.Context(), d.ID)
		if must(t, err); !ok || second.Attempts != 2 || len(second.Passes) != 2 {
			t.Fatalf("got %+v", second)
		}
		if err := s.SettleDelivery(t.Context(), &d, store.StateDead, ""); !errors.Is(err, store.ErrLost) {
			t.Errorf("a stale worker settled: %v", err)
		}
		must(t, s.SettleDelivery(t.Context(), second, store.StateSent, ""))
		id, err := s.Resend(t.Context(), d.ID, "right@example.com")
		must(t, err)
		found, err := s.FindDeliveries(t.Context(), store.Filter{Query: "right@example.com"})
		must(t, err)
		if len(found) != 1 || found[0].ID != id || found[0].ResendOf != d.ID || len(found[0].Passes) != 2 || found[0].State != store.StatePending {
			t.Errorf("got %+v", found)
		}
		if _, err := s.Resend(t.Context(), "none", ""); err == nil {
			t.Error("what is not there was sent again")
		}
	})
}

func TestFind(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		issued, err := s.Issue(t.Context(), order(e, "cs_1", 0, 1))
		must(t, err)
		accept(t, s, event("2"))
		for _, q := range []string{e.ID, "evt_1", "cs_1", "pi_cs_1", "serial-cs_1/0", "ada@EXAMPLE.com"} {
			if found, err := s.FindEvents(t.Context(), store.Filter{Query: q}); err != nil || len(found) != 1 || found[0].ID != e.ID {
				t.Errorf("events by %s: %v %v", q, found, err)
			}
		}
		for _, q := range []string{issued.Deliveries[0].ID, issued.Deliveries[0].OrderID, "pi_cs_1", "serial-cs_1/0", "ada@example.com", e.ID} {
			if found, err := s.FindDeliveries(t.Context(), store.Filter{Query: q}); err != nil || len(found) != 1 {
				t.Errorf("deliveries by %s: %v %v", q, found, err)
			}
		}
		if found, _ := s.FindEvents(t.Context(), store.Filter{}); len(found) != 2 || found[0].ExternalID != "evt_2" {
			t.Errorf("newest first: %+v", found)
		}
		if found, _ := s.FindEvents(t.Context(), store.Filter{Query: "nobody"}); len(found) != 0 {
			t.Errorf("got %+v", found)
		}
		if pass, ok, err := s.PassByLink(t.Context(), "hash-cs_1/0"); err != nil || !ok || pass.Serial != "serial-cs_1/0" {
			t.Errorf("%+v %t %v", pass, ok, err)
		}
		if _, ok, err := s.PassBySerial(t.Context(), "none"); err != nil || ok {
			t.Errorf("%t %v", ok, err)
		}
		if ids, err := s.Secrets(t.Context()); err != nil || len(ids) != 1 || ids[0] != "s1" {
			t.Errorf("%v %v", ids, err)
		}
	})
}

// worked runs the store and hands every job to f until the test ends.
func worked(t testing.TB, s *store.Store, f func(context.Context, store.Job) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, f) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func receive[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(15 * time.Second):
		t.Fatalf("nothing came: %s", what)
		panic("unreachable") // Fatalf does not return
	}
}

// job waits for a job of that kind, for that id where one is named. Others may
// come before it: the sweep and a row's own job may name the same row.
func job(t testing.TB, jobs <-chan store.Job, kind, id string) store.Job {
	t.Helper()
	for {
		if j := receive(t, jobs, kind+" "+id); j.Kind == kind && (id == "" || j.IDs[0] == id) {
			return j
		}
	}
}

func TestRunWakesForAcceptedEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		jobs := make(chan store.Job, 10)
		worked(t, s, func(_ context.Context, j store.Job) error { jobs <- j; return nil })
		id := accept(t, s, event("1"))
		if j := receive(t, jobs, "a job for the event"); j.Kind != store.JobEvent || j.IDs[0] != id {
			t.Errorf("got %+v", j)
		}
	})
}

func TestRunWakesForReplaysAndResendsFromBeside(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		_, err := s.Issue(t.Context(), order(claimed(t, s, event("1")), "cs_1", 0, 1))
		must(t, err)
		jobs := make(chan store.Job, 10)
		worked(t, s, func(_ context.Context, j store.Job) error { jobs <- j; return nil })
		first := job(t, jobs, store.JobDelivery, "")
		beside, err := store.OpenBeside(t.Context(), p.Config)
		must(t, err)
		t.Cleanup(func() { must(t, beside.Close()) })
		found, err := beside.FindEvents(t.Context(), store.Filter{})
		must(t, err)
		must(t, beside.Replay(t.Context(), found[0].ID))
		job(t, jobs, store.JobReplay, found[0].ID)
		id, err := beside.Resend(t.Context(), first.IDs[0], "")
		must(t, err)
		job(t, jobs, store.JobDelivery, id)
		if err := beside.Replay(t.Context(), "none"); err == nil {
			t.Error("an event that is not there was replayed")
		}
	})
}

// A worker that dies with a claim leaves the row to the next start at once on
// SQLite, and to the end of its lease on PostgreSQL.
func TestAClaimOfADeadProcessIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		e := claimed(t, s, event("1"))
		retry := claimed(t, s, event("2"))
		must(t, s.RetryEvent(t.Context(), retry, p.clock.now().Add(time.Hour), "later"))
		must(t, s.Close())
		if p.URL != "" {
			p.clock.advance(lease)
		}
		s = opened(t, p)
		got := make(chan string, 10)
		worked(t, s, func(ctx context.Context, j store.Job) error {
			for _, id := range j.IDs {
				if _, ok, err := s.ClaimEvent(ctx, id); err == nil && ok {
					got <- id
				}
			}
			return nil
		})
		if id := receive(t, got, "the event of the dead process"); id != e.ID {
			t.Errorf("got %s; a retry is not due before its time", id)
		}
	})
}

func TestTheSweepFindsWhatHasNoJob(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		must(t, s.RetryEvent(t.Context(), e, p.clock.now().Add(time.Minute), ""))
		jobs := make(chan store.Job, 100)
		worked(t, s, func(ctx context.Context, j store.Job) error {
			if _, ok, err := s.ClaimEvent(ctx, j.IDs[0]); err == nil && ok {
				jobs <- j
			}
			return nil
		})
		p.clock.advance(time.Minute + 3*time.Second)
		if j := receive(t, jobs, "the retry"); j.IDs[0] != e.ID {
			t.Errorf("got %+v", j)
		}
	})
}

func TestASecondServerIsRefused(t *testing.T) {
	p := sqlite(t)
	opened(t, p)
	if _, err := store.Open(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "another passhook works on") {
		t.Errorf("got %v", err)
	}
}

func TestOpenBesideSaysWhatIsMissing(t *testing.T) {
	p := sqlite(t)
	if _, err := store.OpenBeside(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "start passhook serve once") {
		t.Errorf("no file: %v", err)
	}
	p = place{store.Config{URL: storetest.Postgres(t), Now: newClock().now}, nil}
	if _, err := store.OpenBeside(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "start passhook serve once") {
		t.Errorf("no tables: %v", err)
	}
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	p := sqlite(t)
	p.Path = filepath.Join(file, "passhook.db")
	if _, err := store.Open(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("got %v", err)
	}
}

func TestTheFileIsPrivate(t *testing.T) {
	p := sqlite(t)
	opened(t, p)
	if info, err := os.Stat(p.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}
