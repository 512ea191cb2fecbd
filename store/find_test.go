package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

func TestTextThatPostgreSQLCannotHoldIsAnError(t *testing.T) {
	s := opened(t, place{store.Config{URL: storetest.Postgres(t), Now: newClock().now}, nil})
	for _, bad := range []string{"a\x00b", "\xff"} {
		if _, err := s.FindEvents(t.Context(), store.Filter{Query: bad}); err == nil {
			t.Errorf("FindEvents %q", bad)
		}
		if _, _, err := s.ClaimEvent(t.Context(), bad); err == nil {
			t.Errorf("ClaimEvent %q", bad)
		}
	}
	e := claimed(t, s, event("1"))
	in := order(e, "cs_1\x00", 0, 1)
	if _, err := s.Issue(t.Context(), in); err == nil {
		t.Error("Issue")
	}
	must(t, s.SettleEvent(t.Context(), e, store.StateDone, "")) // nothing is broken
}

// No list, page or worker reads a whole table: with a million passes they would
// be a thousand times slower.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		db := opened(t, sqlite(t)).Database()
		scan := regexp.MustCompile(`(?m)^SCAN (events|orders|passes|pass_refs|deliveries|delivery_passes|changes|change_refs)$`)
		for name, q := range store.Queries() {
			if plan := explain(t, db, "EXPLAIN QUERY PLAN "+q.Text, 3, q.Args...); scan.MatchString(plan) {
				t.Errorf("%s:\n%s\n%s", name, q.Text, plan)
			}
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := opened(t, place{store.Config{URL: storetest.Postgres(t), Now: newClock().now}, nil})
		db := s.Database()
		db.SetMaxOpenConns(1)
		// An empty table is read as a whole, unless that is made dear.
		_, err := db.Exec("SET enable_seqscan = off")
		must(t, err)
		for name, q := range store.Queries() {
			if plan := explain(t, db, "EXPLAIN "+q.Text, 0, q.Args...); strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s:\n%s\n%s", name, q.Text, plan)
			}
		}
	})
}

// explain is one column of a plan, a line a row.
func explain(t testing.TB, db *sql.DB, query string, column int, args ...any) string {
	t.Helper()
	rows, err := db.Query(query, args...)
	must(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	must(t, err)
	var plan strings.Builder
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		fmt.Fprintln(&plan, values[column])
	}
	must(t, rows.Err())
	return plan.String()
}
