package wallet_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// BenchmarkAChangeReachesAPhone voids a pass and makes it valid again, 500 times in
// all, with its phone at hand, and measures from the answer to the push and to the
// fetched pass. Limits: p50 of 30 ms and of 2 s, on an idle server.
func BenchmarkAChangeReachesAPhone(b *testing.B) {
	s := newShop(b, "")
	phone := standins.NewPhone("ada", "token-ada", http.DefaultClient)
	held, _, err := phone.Add(b.Context(), s.pass(b))
	if err != nil {
		b.Fatal(err)
	}
	woken, fetched := make(chan time.Time, 1), make(chan time.Time, 1)
	s.apns.Wake(phone.Token, func() {
		woken <- time.Now()
		if _, err := phone.Refresh(context.Background(), s.URL+"/wallet", held.PassType); err != nil {
			b.Error(err)
		}
		fetched <- time.Now()
	})
	var toPush, toPass []time.Duration
	void := false
	change := func() {
		if void = !void; void {
			s.change(b, http.MethodDelete, held.Serial, "", nil)
		} else {
			s.change(b, http.MethodPost, held.Serial, "/unvoid", nil)
		}
		answered := time.Now()
		toPush, toPass = append(toPush, (<-woken).Sub(answered)), append(toPass, (<-fetched).Sub(answered))
		if is := phone.Pass(held.Serial).JSON["voided"] == true; is != void {
			b.Fatalf("the pass on the phone is void: %v, want %v", is, void)
		}
	}
	for b.Loop() {
		for range 500 {
			change()
		}
	}
	for _, m := range []struct {
		name  string
		took  []time.Duration
		limit time.Duration
	}{{"push", toPush, 30 * time.Millisecond}, {"fetched", toPass, 2 * time.Second}} {
		slices.Sort(m.took)
		p50 := m.took[len(m.took)/2]
		b.ReportMetric(float64(p50.Microseconds())/1000, m.name+"-p50-ms")
		b.ReportMetric(float64(m.took[len(m.took)*99/100].Microseconds())/1000, m.name+"-p99-ms")
		if p50 > m.limit {
			b.Errorf("%s after %v, the limit is %v", m.name, p50, m.limit)
		}
	}
}
