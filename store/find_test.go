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

func TestFindPasses(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		in := order(e, "cs_1", 0, 2)
		in.Passes[1].Void = []string{"refund"} // came before its pass
		issued, err := s.Issue(t.Context(), in)
		must(t, err)
		_, err = s.Issue(t.Context(), order(claimed(t, s, event("2")), "cs_2", 0, 1))
		must(t, err)
		for _, q := range []string{e.ID, issued.Passes[0].OrderID, "evt_1", "cs_1", "pi_cs_1"} {
			if found, err := s.FindPasses(t.Context(), store.Filter{Query: q}); err != nil || len(found) != 2 || found[0].EventID != e.ID {
				t.Errorf("passes by %s: %v %v", q, found, err)
			}
		}
		if found, err := s.FindPasses(t.Context(), store.Filter{Query: "ada@example.COM"}); err != nil || len(found) != 3 || found[0].Serial != "serial-cs_2/0" {
			t.Errorf("%v %v", found, err)
		}
		if pass, _, err := s.PassBySerial(t.Context(), "serial-cs_1/1"); err != nil || fmt.Sprint(pass.Void) != "[refund]" {
			t.Errorf("%+v %v", pass, err)
		}
		o, ok, err := s.OrderOf(t.Context(), e.ID)
		if must(t, err); !ok || o.ID != issued.Passes[0].OrderID || o.Object != "cs_1" || !o.Live {
			t.Errorf("got %+v", o)
		}
		if _, ok, err := s.OrderOf(t.Context(), "none"); err != nil || ok {
			t.Errorf("%t %v", ok, err)
		}
	})
}

func TestPages(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var want []string
		for i := range 5 {
			_, err := s.Issue(t.Context(), order(claimed(t, s, event(fmt.Sprint(i))), fmt.Sprintf("cs_%d", i), 0, 1))
			must(t, err)
			want = append([]string{fmt.Sprintf("serial-cs_%d/0", i)}, want...)
		}
		var passes, events []string
		f, g := store.Filter{Limit: 2}, store.Filter{Limit: 2, State: store.StateDone}
		for range 3 {
			found, err := s.FindPasses(t.Context(), f)
			must(t, err)
			for _, one := range found {
				passes, f.Before = append(passes, one.Serial), one.Serial
			}
			page, err := s.FindEvents(t.Context(), g)
			must(t, err)
			for _, one := range page {
				events, g.Before = append(events, "serial-"+strings.Replace(one.ExternalID, "evt_", "cs_", 1)+"/0"), one.ID
			}
		}
		if fmt.Sprint(passes) != fmt.Sprint(want) || fmt.Sprint(events) != fmt.Sprint(want) {
			t.Errorf("passes %v\nevents %v\nwant   %v", passes, events, want)
		}
	})
}

func TestCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		accept(t, s, event("1"))
		must(t, s.SettleEvent(t.Context(), claimed(t, s, event("2")), store.StateFailed, ""))
		_, err := s.Issue(t.Context(), order(claimed(t, s, event("3")), "cs_3", 0, 1))
		must(t, err)
		c, err := s.Counts(t.Context())
		must(t, err)
		if got := fmt.Sprint(c); got != "{map[failed:1 pending:1] map[bounced:0 dead:0 pending:1 sent:0]}" {
			t.Errorf("got %s", got)
		}
	})
}

func TestMeta(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		if v, ok, err := s.Meta(t.Context(), "first_start"); err != nil || ok || v != "" {
			t.Errorf("%q %t %v", v, ok, err)
		}
		for _, v := range []string{"2026-11-01", "2026-11-02"} {
			must(t, s.SetMeta(t.Context(), "first_start", v))
			if got, ok, err := s.Meta(t.Context(), "first_start"); err != nil || !ok || got != v {
				t.Errorf("%q %t %v", got, ok, err)
			}
		}
	})
}

func TestTextThatPostgreSQLCannotHoldIsAnError(t *testing.T) {
	s := opened(t, place{store.Config{URL: storetest.Postgres(t), Now: newClock().now}, nil})
	for _, bad := range []string{"a\x00b", "\xff"} {
		if _, err := s.FindEvents(t.Context(), store.Filter{Query: bad}); err == nil {
			t.Errorf("FindEvents %q", bad)
		}
		if _, _, err := s.ClaimEvent(t.Context(), bad, lease); err == nil {
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
		scan := regexp.MustCompile(`(?m)^SCAN (events|orders|passes|pass_refs|deliveries|delivery_passes)$`)
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
