package storetest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// RowsVariable says how many rows benchmarks fill stores with.
const RowsVariable = "PASSHOOK_ROWS"

// Rows is how many rows benchmarks fill stores with: 100,000 unless RowsVariable
// says otherwise.
func Rows(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv(RowsVariable)
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatalf("%s: %v", RowsVariable, err)
	}
	return n
}

// chunk is how many rows of each table share one transaction.
const chunk = 50_000

// Fill gives a migrated database that nobody uses meanwhile n events of the last
// 30 days with all that they led to: n orders of one pass, 3n refs, n
// deliveries, a refund of each 50th pass, what became of the passes, and n
// messages for the endpoints crm and erp. Of 100 events one failed, fits nothing
// or is ignored; of 1,000 deliveries and of 1,000 messages one is dead, of which
// the operator was told; the last 3 events and messages are due in an hour. All passes are of the rule and
// template concert, and of the secret of a pass that is there already, else s1.
// Each pass is on a phone, phone-0 and so on; a thousandth of them is behind.
// It is called once for a database.
func Fill(tb testing.TB, db *sql.DB, n int) {
	tb.Helper()
	f := filler{tb: tb, ctx: context.Background(), n: n, end: time.Now()}
	_, f.postgres = db.Driver().(*stdlib.Driver)
	var err error
	if f.conn, err = db.Conn(f.ctx); err != nil {
		tb.Fatal(err)
	}
	// Nobody else gets the connection with these settings.
	defer func() { _ = f.conn.Raw(func(any) error { return driver.ErrBadConn }) }()
	if err := f.conn.QueryRowContext(f.ctx, "SELECT coalesce(min(secret_id), 's1') FROM passes").Scan(&f.secret); err != nil {
		tb.Fatal(err)
	}
	f.settings()
	indexes := f.indexes()
	for _, index := range indexes {
		f.exec("DROP INDEX " + index.name)
	}
	for from := 0; from < n; from += chunk {
		f.exec("BEGIN")
		for _, text := range fills {
			f.exec(f.numbered(text, from, min(from+chunk, n)))
		}
		f.exec("COMMIT")
	}
	for _, index := range indexes {
		f.exec(index.text)
	}
	if f.postgres {
		f.exec("VACUUM ANALYZE") // as PostgreSQL does by itself; SQLite does not
		return
	}
	f.exec("PRAGMA wal_checkpoint(TRUNCATE)")
}

type filler struct {
	tb       testing.TB
	ctx      context.Context //nolint:containedctx // as long as Fill
	conn     *sql.Conn
	postgres bool
	secret   string
	n        int
	end      time.Time
}

func (f *filler) exec(query string) {
	f.tb.Helper()
	if _, err := f.conn.ExecContext(f.ctx, query); err != nil {
		f.tb.Fatalf("%v: %s", err, query)
	}
}

// settings trade the safety of a test's data for speed.
func (f *filler) settings() {
	if f.postgres {
		f.exec("SET synchronous_commit = off")
		// Only a superuser may leave foreign keys unchecked.
		_, _ = f.conn.ExecContext(f.ctx, "SET session_replication_role = replica")
		return
	}
	for _, pragma := range []string{"synchronous = OFF", "foreign_keys = OFF", "cache_size = -500000"} {
		f.exec("PRAGMA " + pragma)
	}
}

type index struct{ name, text string }

// indexes are those that no constraint needs: they are made fastest at the end.
func (f *filler) indexes() (out []index) {
	f.tb.Helper()
	query := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
	if f.postgres {
		query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)"
	}
	rows, err := f.conn.QueryContext(f.ctx, query)
	if err != nil {
		f.tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var i index
		if err := rows.Scan(&i.name, &i.text); err != nil {
			f.tb.Fatal(err)
		}
		out = append(out, i)
	}
	if err := rows.Err(); err != nil {
		f.tb.Fatal(err)
	}
	return out
}

// numbered is a statement for the numbers from ≤ i < to.
func (f *filler) numbered(text string, from, to int) string {
	const month = 30 * 24 * time.Hour
	first, step := f.end.Add(-month).UnixMilli(), max(1, month.Milliseconds()/int64(f.n))
	number := func(i int64) string { return "CAST(" + strconv.FormatInt(i, 10) + " AS BIGINT)" }
	return strings.NewReplacer(
		"NUMBERS", "WITH RECURSIVE numbers (i) AS (SELECT "+number(int64(from))+" UNION ALL SELECT i + 1 FROM numbers WHERE i < "+number(int64(to-1))+")",
		"TIME", number(first)+" + i * "+number(step), "HOUR", number(f.end.Add(time.Hour).UnixMilli()), "LAST", "i >= "+number(int64(f.n-3)), "SECRET", "'"+f.secret+"'",
	).Replace(text)
}
