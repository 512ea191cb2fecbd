package store_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// BenchmarkAWalkOf100000 is how long events wait to be accepted, 100 a second,
// while a change walks over the passes that share a ref: 100,000 of them unless
// PASSHOOK_ROWS says otherwise. Beside it stands the same without a walk.
// Budget: p99 100 ms.
func BenchmarkAWalkOf100000(b *testing.B) {
	onEngines(b, func(b *testing.B, fresh func(testing.TB) place) {
		p := fresh(b)
		p.Now = nil
		s := opened(b, p)
		db := database(b, s)
		storetest.Fill(b, db, storetest.Rows(b))
		exec(b, s, "UPDATE passes SET account = '', live = true WHERE account <> '' OR NOT live")
		exec(b, s, "INSERT INTO pass_refs (ref, serial) SELECT 'price_all', serial FROM passes")
		p99 := func(took []time.Duration) float64 {
			slices.Sort(took)
			return float64(took[len(took)*99/100].Microseconds()) / 1000
		}
		b.ReportMetric(p99(acceptUntil(b, s, time.After(3*time.Second))), "idle-p99-ms")
		e := claimed(b, s, later("sold out", 1))
		got[store.Issued](b)(s.Issue(b.Context(), changes(e, store.Change{Name: "rule seats", Kind: store.ChangeUpdate, Inputs: []byte(`{"gate": "B"}`), Refs: []string{"price_all"}})))
		var steps []time.Duration
		begun, passes := time.Now(), 0
		last, ended := begun, make(chan time.Time)
		stop := running(b, s, walking(s, named, func(_ context.Context, changed []store.Pass) error {
			steps = append(steps, time.Since(last))
			last, passes = time.Now(), passes+len(changed)
			if passes == storetest.Rows(b) {
				close(ended)
			}
			return nil
		}))
		b.ReportMetric(p99(acceptUntil(b, s, ended)), "accept-p99-ms")
		b.ReportMetric(float64(passes)/time.Since(begun).Seconds(), "passes/s")
		stop()
		b.ReportMetric(p99(steps), "step-p99-ms")
	})
}

// acceptUntil accepts an event each 10 ms, whether the one before was or not, and
// returns how long each took.
func acceptUntil(b *testing.B, s *store.Store, end <-chan time.Time) (took []time.Duration) {
	b.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	for {
		select {
		case <-end:
			all.Wait()
			return took
		case <-tick.C:
		}
		acceptances++
		e := of("bench", "accepted"+time.Duration(acceptances).String())
		all.Go(func() {
			start := time.Now()
			_, _, err := s.Accept(context.Background(), e)
			d := time.Since(start)
			mu.Lock()
			defer mu.Unlock()
			if took = append(took, d); err != nil {
				b.Error(err)
			}
		})
	}
}

// acceptances counts the events of acceptUntil.
var acceptances int
