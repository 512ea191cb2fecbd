package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// Fill puts n sales into a store's empty tables, past the store, and has the
// database look at them: an event, an order of 1 to 3 passes with two refs each,
// and a delivery. One of 50 was refunded since, or 2,000 of fewer than 100,000.
// Nothing is pending.
func Fill(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	var version string
	sqlite := db.QueryRow("SELECT sqlite_version()").Scan(&version) == nil
	for _, q := range fillers {
		if _, err := db.Exec(filler(q, n, sqlite)); err != nil {
			t.Fatalf("%v: %s", err, filler(q, n, sqlite))
		}
	}
}

// Sale is what Fill calls the things of one sale, from 0.
func Sale(i int) (event, externalID, object, payment, order, delivery, serial string) {
	const id = "01a20eb3-%s-7000-8000-%012d"
	n := 1_000_000_000 + i
	return fmt.Sprintf(id, "e000", n), fmt.Sprintf("evt_%d", n), fmt.Sprintf("cs_%d", n), fmt.Sprintf("pi_%d", n),
		fmt.Sprintf(id, "0000", n), fmt.Sprintf(id, "d000", n), fmt.Sprintf("%d-%d-0", 100_000+i*7919%100_000, n)
}

// filler puts into a statement what differs: FROM n has the numbers of the
// sales as i, $ID(x) is an id, and $BYTES(…) is what BYTEA takes.
func filler(q string, n int, sqlite bool) string {
	series := fmt.Sprintf("(WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s) AS n", n-1)
	bytes := "CAST($1 AS BLOB)"
	if !sqlite {
		series, bytes = fmt.Sprintf("generate_series(0::bigint, %d) AS n (i)", n-1), "convert_to($1, 'UTF8')"
	}
	for _, kind := range []string{"e000", "0000", "d000", "c000", "f000"} {
		q = strings.ReplaceAll(q, "$ID("+kind+")", "'01a20eb3-"+kind+"-7000-8000-00' || NUMBER")
	}
	for strings.Contains(q, "$BYTES(") {
		before, rest, _ := strings.Cut(q, "$BYTES(")
		text, after, _ := strings.Cut(rest, ")$")
		q = before + strings.ReplaceAll(bytes, "$1", text) + after
	}
	refunded := fmt.Sprintf("i %% %d = 0", min(50, max(1, n/2000)))
	return strings.NewReplacer("REFUNDED", refunded, "FROM n", "FROM "+series, "NUMBER", "CAST(1000000000 + i AS TEXT)", "TIME", "1795197600000 + i * 1000",
		"SERIAL", "CAST(100000 + i * 7919 % 100000 AS TEXT) || '-' || CAST(1000000000 + i AS TEXT) || '-' || CAST(u AS TEXT)",
		"HASH", "'0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978' ||").Replace(q)
}

// units are those of a sale's passes.
const units = "FROM n JOIN (SELECT 0 AS u UNION ALL SELECT 1 UNION ALL SELECT 2) AS units ON u <= i % 3"

var fillers = []string{
	`INSERT INTO events (id, source, external_id, account, object, live, types, refs, redirect, rule, data, time, received, state, note, attention, attempts, claimed, since, due, settled, told)
	SELECT $ID(e000), 'stripe', 'evt_' || NUMBER, '', 'cs_' || NUMBER, true, '["stripe.checkout.session.completed","stripe.checkout.paid"]', '["cs_' || NUMBER || '","pi_' || NUMBER || '"]', '', '',
		$BYTES('{"id":"cs_' || NUMBER || '","object":"checkout.session","payment_intent":"pi_' || NUMBER || '","customer_details":{"name":"Ada Lovelace","email":"ada' || NUMBER || '@example.com"}}')$,
		TIME, TIME, CASE WHEN i % 1000 = 999 THEN 'failed' ELSE 'done' END, '', '', 1, false, TIME, TIME, TIME, true FROM n`,
	`INSERT INTO orders (id, event_id, source, account, object, live, created) SELECT $ID(0000), $ID(e000), 'stripe', '', 'cs_' || NUMBER, true, TIME FROM n`,
	`INSERT INTO passes (serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash, issued, inputs, void_on, void, created, updated, source, account, live)
	SELECT SERIAL, 'stripe live cs_' || NUMBER || ' ' || CAST(u AS TEXT), $ID(0000), $ID(e000), 'rule' || CAST(i % 5 AS TEXT), 'concert', 'li_1', u, 's1', HASH SERIAL,
		$BYTES('{"name":"Ada Lovelace","number":' || NUMBER || '}')$, $BYTES('{"name":"Ada Lovelace","number":' || NUMBER || '}')$, '["refund","dispute"]',
		CASE WHEN REFUNDED THEN '["refund"]' ELSE '[]' END, TIME, TIME, 'stripe', '', true ` + units,
	`INSERT INTO pass_refs (ref, serial) SELECT 'cs_' || NUMBER, SERIAL ` + units,
	`INSERT INTO pass_refs (ref, serial) SELECT 'pi_' || NUMBER, SERIAL ` + units,
	`INSERT INTO deliveries (id, order_id, channel, recipient, resend_of, created, state, note, attempts, claimed, since, due, sent, told, link_key, secret_id, link_hash)
	SELECT $ID(d000), $ID(0000), 'email', 'ada' || NUMBER || '@example.com', '', TIME, CASE WHEN i % 1000 = 998 THEN 'dead' ELSE 'sent' END, '', 1, false, TIME, TIME, TIME, true,
		'email', 's1', HASH NUMBER FROM n`,
	`INSERT INTO delivery_passes (delivery_id, position, serial) SELECT $ID(d000), u, SERIAL ` + units,
	`INSERT INTO events (id, source, external_id, account, object, live, types, refs, redirect, rule, data, time, received, state, note, attention, attempts, claimed, since, due, settled, told)
	SELECT $ID(f000), 'stripe', 'evt_r' || NUMBER, '', 'ch_' || NUMBER, true, '["stripe.charge.refunded"]', '["pi_' || NUMBER || '"]', '', '', $BYTES('{"id":"ch_' || NUMBER || '"}')$,
		TIME, TIME, 'done', '', '', 1, false, TIME, TIME, TIME, true FROM n WHERE REFUNDED`,
	`INSERT INTO changes (id, event_id, name, kind, reason, template, inputs) SELECT $ID(c000), $ID(f000), 'effect 1', 'void', 'refund', '', $BYTES('')$ FROM n WHERE REFUNDED`,
	`INSERT INTO change_refs (ref, change_id) SELECT 'pi_' || NUMBER, $ID(c000) FROM n WHERE REFUNDED`,
	`ANALYZE`,
}
