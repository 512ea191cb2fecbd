package bot_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// longVariable names the variable that, when set, makes tests as large as what
// they are about: it takes minutes.
const longVariable = "PASSHOOK_LONG"

// long is the first number, or the second where there is time.
func long(quick, full int) int {
	if os.Getenv(longVariable) != "" {
		return full
	}
	return quick
}

// fill copies the one pass of order 1001 until there are so many.
func fill(t *testing.T, path string, n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	must(t, err)
	defer db.Close()
	const others = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO "
	for _, insert := range []string{
		others + "passes (serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash, issued, inputs, void_on, void, created, updated, source, account, live)" +
			" SELECT printf('%%026d', i), i, order_id, event_id, rule, template, item, i, secret_id, i, issued, inputs, void_on, void, created, updated, source, account, live FROM n, passes",
		others + "pass_refs (ref, serial) SELECT '1001', printf('%%026d', i) FROM n",
	} {
		_, err := db.Exec(fmt.Sprintf(insert, n))
		must(t, err)
	}
}

// One refund of an order of 25,000 passes: events come in and are worked on
// meanwhile, and in the end all are void.
func TestAChangeOfManyPassesKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	many := long(1_500, 25_000)
	path := filepath.Join(t.TempDir(), "passhook.db")
	fresh, err := freshStore()
	must(t, err)
	must(t, os.WriteFile(path, fresh, 0o600))
	s := &shop{}
	b := newBench(t, options{path: path})
	b.engine.Sources["shop"] = s
	program, found := compile(t, shopRules, b.keys)
	must(t, found.Err())
	b.engine.SetProgram(program)
	b.run(t)
	b.accepted(t, false, s.event("sold", 0, nil))
	fill(t, path, many)

	begun := time.Now()
	b.accept(t, s.event("refunded", 1, effect("refund", false)))
	longest, meanwhile := time.Duration(0), 0
	for valid := many; valid > 0; valid = b.valid(t, many) {
		before := time.Now()
		if before.Sub(begun) > 2*time.Minute {
			t.Fatalf("%d passes are valid still", valid)
		}
		id := b.accept(t, s.event(fmt.Sprint("other", meanwhile), 2, func(e *integrations.Completed) {
			e.Type, e.Object, e.Refs = "shop.sold", e.ExternalID, []string{e.ExternalID}
		}))
		longest = max(longest, time.Since(before))
		if e, issued, _ := b.settled(t, id); e.State != store.StateDone || len(issued) != 1 || len(issued[0].Void) != 0 {
			t.Fatalf("an order meanwhile: %s, %s", e.State, e.Note)
		}
		meanwhile++
	}
	t.Logf("%d passes in %s; meanwhile %d orders, the longest answer after %s", many, time.Since(begun), meanwhile, longest)
}

// valid is how many passes of order 1001 are valid.
func (b *bench) valid(t *testing.T, all int) (n int) {
	t.Helper()
	found, err := b.store.FindPasses(t.Context(), store.Filter{Query: "1001", Limit: 2 * all})
	must(t, err)
	if len(found) != all {
		t.Fatalf("%d passes", len(found))
	}
	for _, p := range found {
		if len(p.Void) == 0 {
			n++
		}
	}
	return n
}
