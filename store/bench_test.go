package store_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

// BenchmarkAccept stores events of 3 kB from 64 clients in SQLite with
// synchronous=FULL, in turns with the least that a durable answer costs: an
// HMAC, and a group-committed INSERT into two columns. of-bare is the ratio of
// their rates, the median of 5; p99-ms is how long Accept takes at 1,000/s.
// Limits: 0.7 and 50 ms.
func BenchmarkAccept(b *testing.B) {
	s, err := store.Open(b.Context(), store.Config{Path: filepath.Join(b.TempDir(), "passhook.db")})
	must(b, err)
	b.Cleanup(func() { must(b, s.Close()) })
	body := []byte(`{"id":"` + strings.Repeat("x", 3000) + `"}`)
	bare := newBare(b)
	ours := func(id string) error {
		sign(body)
		e := event(id)
		e.Data = json.RawMessage(body)
		_, _, err := s.Accept(b.Context(), e)
		return err
	}
	theirs := func(id string) error { sign(body); return bare.accept(id, body) }
	var seq atomic.Int64
	var ratios []float64
	const rounds, events = 5, 4000 // whatever b.N is
	for range rounds {
		least := flood(b, &seq, events, theirs)
		ratios = append(ratios, least.Seconds()/flood(b, &seq, events, ours).Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[rounds/2], "of-bare")
	took := paced(b, &seq, 3000, time.Millisecond, ours)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func sign(body []byte) {
	mac := hmac.New(sha256.New, []byte("whsec_benchmark"))
	mac.Write(body)
	mac.Sum(nil)
}

// flood is how long n events from 64 clients take.
func flood(b *testing.B, seq *atomic.Int64, n int, accept func(id string) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range 64 {
		all.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := accept(fmt.Sprint(seq.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// paced is how long each of n events takes when one comes each interval.
func paced(b *testing.B, seq *atomic.Int64, n int, interval time.Duration, accept func(id string) error) []time.Duration {
	b.Helper()
	took := make([]time.Duration, n)
	var all sync.WaitGroup
	tick := time.NewTicker(interval)
	defer tick.Stop()
	start := time.Now()
	for i := range took {
		due := start.Add(time.Duration(i) * interval)
		for time.Now().Before(due) {
			<-tick.C
		}
		id := fmt.Sprint(seq.Add(1))
		all.Go(func() {
			if err := accept(id); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	return took
}

// bare is the baseline of BenchmarkAccept.
type bare struct{ queue chan bareEvent }

type bareEvent struct {
	id   string
	body []byte
	done chan error
}

func newBare(b *testing.B) *bare {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	must(b, err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE event (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
	must(b, err)
	h := &bare{make(chan bareEvent, 256)}
	done := make(chan bool)
	go func() {
		defer close(done)
		for first := range h.queue {
			batch := []bareEvent{first}
			for len(batch) < 256 && len(h.queue) > 0 {
				batch = append(batch, <-h.queue)
			}
			err := insertBare(db, batch)
			for _, e := range batch {
				e.done <- err
			}
		}
	}()
	b.Cleanup(func() { close(h.queue); <-done; must(b, db.Close()) })
	return h
}

func (h *bare) accept(id string, body []byte) error {
	e := bareEvent{id, body, make(chan error, 1)}
	h.queue <- e
	return <-e.done
}

func insertBare(db *sql.DB, batch []bareEvent) error {
	var q bytes.Buffer
	var args []any
	for _, e := range batch {
		q.WriteString(map[bool]string{true: "INSERT INTO event (id, body) VALUES ", false: ", "}[len(args) == 0])
		fmt.Fprintf(&q, "($%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, e.id, e.body)
	}
	q.WriteString(" ON CONFLICT (id) DO NOTHING")
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(q.String(), args...); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}
