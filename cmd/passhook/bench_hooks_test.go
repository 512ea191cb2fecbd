package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

// BenchmarkAMinuteOfHooks posts 1,000 signed events a second for a minute. Budget:
// p99 of 50 ms, and every event that was answered is stored.
func BenchmarkAMinuteOfHooks(b *testing.B) {
	w := newHooked(b)
	a := w.start(b)
	var n atomic.Int64
	const calls = 60_000
	took := paced(b, "http://"+a.Config.Listen+floodHook, &n, calls, time.Millisecond)
	b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "p50-ms")
	if stored := storedHooks(b, a.Store, calls); stored != calls {
		b.Errorf("%d of %d events are stored", stored, calls)
	}
}

// storedHooks counts the events of the flood that are there, of a sample of them.
func storedHooks(b *testing.B, s *store.Store, calls int) int {
	b.Helper()
	const every = 100
	found := 0
	for i := 1; i <= calls; i += every {
		if _, err := s.EventBySource(b.Context(), "hooks.flood", fmt.Sprintf("evt_flood%d", i)); err == nil {
			found += every
		}
	}
	return found
}

// BenchmarkTooManyHooks lets five times as many clients post as the server has room
// for. Budget: it takes 80 % of what it takes from 64 clients, and answers the
// rest with 429 or 503.
func BenchmarkTooManyHooks(b *testing.B) {
	w := newHooked(b)
	a := w.start(b)
	url := "http://" + a.Config.Listen + floodHook
	var n atomic.Int64
	const calls = 8000
	peak := calls / flood(b, url, &n, calls).Seconds()
	drained(b, a)
	taken, refused, took := crowd(b, url, &n, 5*64, calls)
	b.ReportMetric(float64(taken)/took.Seconds()/peak, "of-peak")
	b.ReportMetric(float64(refused), "refused")
	b.ReportMetric(peak, "peak/s")
}

// crowd posts events from many clients, each once.
func crowd(b *testing.B, url string, seq *atomic.Int64, clients, n int) (taken, refused int64, took time.Duration) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	bodies := events(seq, n)
	var next, yes, no atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range clients {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				switch err := shoot(client, url, bodies[i]); {
				case err == nil:
					yes.Add(1)
				case strings.HasPrefix(err.Error(), "429 "), strings.HasPrefix(err.Error(), "503 "):
					no.Add(1)
				default:
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return yes.Load(), no.Load(), time.Since(start)
}
