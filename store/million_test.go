package store_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// BenchmarkAMillion is what each query and job takes beside many events, passes
// and deliveries, 100,000 unless PASSHOOK_ROWS says otherwise, and beside 1,000.
// It reports the worst ratio of the medians. Differences of less than 0.2 ms
// count as none. Budget: 2.
func BenchmarkAMillion(b *testing.B) {
	onEngines(b, func(b *testing.B, fresh func(testing.TB) place) {
		few, many := filled(b, fresh(b), 1000), filled(b, fresh(b), storetest.Rows(b))
		worst := 1.0
		table := tabwriter.NewWriter(b.Output(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "job\tms of 1,000\tms of many\tratio")
		for _, j := range append(readJobs(), writeJobs()...) {
			short, long := compare(b, j, few, many)
			ratio := float64(long) / float64(short)
			fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%.2f\n", j.name, short.Seconds()*1000, long.Seconds()*1000, ratio)
			if long-short > 200*time.Microsecond {
				worst = max(worst, ratio)
			}
		}
		must(b, table.Flush())
		b.ReportMetric(worst, "worst-ratio")
	})
}

// onEngines runs a benchmark on SQLite and on PostgreSQL; place makes a fresh
// database of that engine each time.
func onEngines(b *testing.B, f func(b *testing.B, place func(testing.TB) place)) {
	b.Helper()
	b.Run("SQLite", func(b *testing.B) { f(b, sqlite) })
	b.Run("PostgreSQL", func(b *testing.B) { f(b, postgres) })
}

// full is a filled store that goes by the true time, as its rows do.
type full struct {
	*store.Store
	place place
	rows  int
	names []names
	fresh int
}

// names are what one of a store's orders is found by.
type names struct{ event, external, order, serial, session, payment, delivery, recipient, link, phone string }

func filled(b *testing.B, p place, rows int) *full {
	p.Now, p.Endpoints = nil, endpoints("bench")
	f := &full{Store: p.open(b), place: p, rows: rows}
	b.Cleanup(func() { must(b, f.Close()) })
	db := database(b, f.Store)
	start := time.Now()
	storetest.Fill(b, db, rows)
	b.Logf("%d rows in %s", rows, time.Since(start).Round(time.Second))
	const query = "SELECT events.id, external_id, orders.id, passes.serial, orders.object, ref, deliveries.id, recipient, deliveries.link_hash" +
		" FROM events JOIN orders ON orders.event_id = events.id JOIN passes ON passes.order_id = orders.id JOIN pass_refs USING (serial)" +
		" JOIN deliveries ON deliveries.order_id = orders.id WHERE events.id = $1 AND ref LIKE 'pi_%'"
	for i := range runs {
		var n names
		id := fmt.Sprintf("01900000-0000-7000-8000-%012d", i*(rows/runs)+7)
		must(b, db.QueryRow(query, id).Scan(&n.event, &n.external, &n.order, &n.serial, &n.session, &n.payment, &n.delivery, &n.recipient, &n.link))
		n.phone = fmt.Sprintf("phone-%d", i*(rows/runs)+7)
		f.names = append(f.names, n)
	}
	return f
}

// next is a name that was never used.
func (f *full) next() string {
	f.fresh++
	return "fresh" + strconv.Itoa(f.fresh)
}

// runs is how often each job is measured.
const runs = 30

// compare returns the medians of a job beside few rows and beside many, which
// take turns. What a run reads was read just before: how much of a database is in
// memory is not what is compared.
func compare(b *testing.B, j job, few, many *full) (short, long time.Duration) {
	b.Helper()
	var took [2][]time.Duration
	for i := range runs {
		for side, f := range []*full{few, many} {
			var last time.Duration
			for range 2 {
				do := j.make(b, f, f.names[i])
				start := time.Now()
				err := do()
				if last = time.Since(start); err != nil {
					b.Fatalf("%s beside %d rows: %v", j.name, f.rows, err)
				}
			}
			took[side] = append(took[side], last)
		}
	}
	return median(took[0]), median(took[1])
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
