package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/store/storetest"
)

// BenchmarkTheProgramBesideAMillion is what verbs and pages take, and a start
// until the server is ready, beside many events, passes and deliveries, 100,000
// unless PASSHOOK_ROWS says otherwise, and beside 1,000. It reports the worst
// ratio of the medians, in which differences of less than 5 ms count as none, and
// the start. Budgets: 2, and 300 ms.
func BenchmarkTheProgramBesideAMillion(b *testing.B) {
	few, many := newLarge(b, 1000), newLarge(b, storetest.Rows(b))
	worst := 1.0
	table := tabwriter.NewWriter(b.Output(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tms of 1,000\tms of many\tratio")
	for i, what := range few.jobs {
		var took [2][]time.Duration
		for range 15 {
			took[0] = append(took[0], few.jobs[i].took(b))
			took[1] = append(took[1], many.jobs[i].took(b))
		}
		short, long := quantile(took[0], 0.5), quantile(took[1], 0.5)
		ratio := float64(long) / float64(short)
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.2f\n", what.name, short.Seconds()*1000, long.Seconds()*1000, ratio)
		if long-short > 5*time.Millisecond {
			worst = max(worst, ratio)
		}
		if what.name == "start" {
			b.ReportMetric(long.Seconds()*1000, "start-ms")
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(worst, "worst-ratio")
}

// large is a world with one order of its own and many others.
type large struct {
	*world
	p    *process
	jobs []timed
}

type timed struct {
	name string
	do   func() error
}

func (j timed) took(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	if err := j.do(); err != nil {
		b.Fatalf("%s: %v", j.name, err)
	}
	return time.Since(start)
}

func newLarge(b *testing.B, rows int) *large {
	b.Helper()
	w := &large{world: newWorld(b, "")}
	w.p = w.serve(b, 0)
	if _, err := w.send(b.Context(), w.p.url, w.checkout("ada", 2)); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	if err := w.smtp.Wait(ctx, 1); err != nil {
		b.Fatal(err)
	}
	mail, err := w.smtp.Messages()[0].Parse()
	if err != nil {
		b.Fatal(err)
	}
	w.p.kill()
	w.filled(b, rows)
	w.jobs = []timed{{"start", func() error {
		w.p.kill()
		w.p = w.serve(b, 0)
		return w.get(app.ReadyPath)
	}}}
	for _, path := range []string{linksIn(mail.Text, "p")[0], linksIn(mail.Text, "o")[0], app.ReadyPath} {
		w.jobs = append(w.jobs, timed{"GET " + path[:3], func() error { return w.get(path) }})
	}
	for _, args := range []string{"events", "events pi_000000000000", "events --state failed", "passes", "passes pi_000000000000", "deliveries", "deliveries a0@example.com", "deliveries resend --state dead --since 1m"} {
		w.jobs = append(w.jobs, timed{args, func() error {
			if out, code := w.verb(b, strings.Fields(args)...); code != 0 {
				return fmt.Errorf("%d %s", code, out)
			}
			return nil
		}})
	}
	return w
}

func (w *large) get(path string) error {
	resp, err := http.Get(w.p.url + path) //nolint:gosec // our own server
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return nil
}
