package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// recorder has every statement that a store ran, with arguments of its own.
type recorder struct {
	mu   sync.Mutex
	args map[string][]any
}

func (r *recorder) saw(query string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.args[query]; !ok {
		r.args[query] = slices.Clone(args)
	}
}

// mayScan are ends of statements that read an index from its start, and what
// SQLite says of that: one that has little but what they look for, or one in
// their order, of which they take a page.
var mayScan = map[string]string{
	"UPDATE walks SET claimed = false, due = $1 WHERE state = 'pending' AND claimed":                       "SCAN walks USING INDEX walks_since",
	"UPDATE events SET claimed = false, due = $1 WHERE state = 'pending' AND claimed":                      "SCAN events USING INDEX events_since",
	"UPDATE outgoing SET claimed = false, due = $1 WHERE state = 'pending' AND claimed":                    "SCAN outgoing USING INDEX outgoing_due",
	"UPDATE messages SET claimed = false, due = $1 WHERE state = 'pending' AND claimed":                    "SCAN messages USING INDEX messages_due",
	"UPDATE deliveries SET claimed = false, due = $1 WHERE state = 'pending' AND claimed":                  "SCAN deliveries USING INDEX deliveries_since",
	"FROM events WHERE state = 'pending' AND attempts >= 5 ORDER BY since LIMIT 1":                         "SCAN events USING INDEX events_stuck",
	"FROM events WHERE state = $1 AND state = 'pending' ORDER BY since DESC, id DESC LIMIT $2":             "SCAN events USING INDEX events_since",
	"FROM deliveries WHERE state = $1 AND state = 'pending' ORDER BY since DESC, id DESC LIMIT $2":         "SCAN deliveries USING INDEX deliveries_since",
	"FROM walks WHERE state = 'failed' AND NOT told ORDER BY id LIMIT $1":                                  "SCAN walks USING INDEX walks_untold",
	"WHERE attention <> '' AND NOT told) ORDER BY id LIMIT $1":                                             "SCAN events USING INDEX events_attention",
	"FROM events ORDER BY id DESC LIMIT $1":                                                                "SCAN events USING INDEX sqlite_autoindex_events_1",
	"FROM deliveries ORDER BY id DESC LIMIT $1":                                                            "SCAN deliveries USING INDEX sqlite_autoindex_deliveries_1",
	"UPDATE devices SET claimed = false, due = $1 WHERE state = 'pending' AND claimed":                     "SCAN devices USING INDEX devices_since",
	"DELETE FROM phone_logs WHERE id IN (SELECT id FROM phone_logs ORDER BY id DESC LIMIT 1000 OFFSET $1)": "SCAN phone_logs USING COVERING INDEX sqlite_autoindex_phone_logs_1", // few are kept
	"FROM phone_logs ORDER BY id DESC LIMIT $1":                                                            "SCAN phone_logs USING INDEX sqlite_autoindex_phone_logs_1",
	"FROM passes ORDER BY created DESC, key LIMIT $1":                                                      "SCAN passes USING INDEX passes_created",
}

func scanIsFine(query, found string) bool {
	for end, plan := range mayScan {
		if strings.HasSuffix(query, end) && found == plan {
			return true
		}
	}
	return false
}

// With a million passes, what reads a whole table is a thousand times slower than
// what uses an index.
func TestNoStatementReadsAWholeTable(t *testing.T) { //nolint:paralleltest // it watches all stores
	const sales = 20_000
	all := &recorder{args: map[string][]any{}}
	seen := map[bool]*recorder{true: {args: map[string][]any{}}, false: {args: map[string][]any{}}} // by whether it is SQLite's
	defer store.Watch(func(sqlite bool, query string, args []any) { seen[sqlite].saw(query, args) })()
	t.Run("on", func(t *testing.T) {
		for _, c := range []struct {
			name  string
			place func(testing.TB) place
			scans func(testing.TB, *sql.DB, string, []any) string
		}{
			{"SQLite", sqlite, scansSQLite}, {"PostgreSQL", postgres, scansPostgres},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				p := c.place(t)
				p.Now = nil // the database's own clock is asked as well
				p.Endpoints = endpoints("crm", "erp", "off")
				s := p.open(t)
				db := database(t, s)
				storetest.Fill(t, db, sales)
				everything(t, s)
				must(t, s.Close())
				for query, args := range seen[p.URL == ""].args {
					all.saw(query, args)
					if found := c.scans(t, db, query, args); found != "" && !scanIsFine(query, found) {
						t.Errorf("%s\n%s", query, found)
					}
				}
			})
		}
	})
	if t.Failed() || len(all.args) == 0 {
		return
	}
	for where, pattern := range statements(t) {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(all.args)), pattern.MatchString) {
			t.Errorf("%s was never run: %s", where, pattern)
		}
	}
}

var ourTables = "(events|orders|passes|pass_refs|deliveries|delivery_passes|changes|change_refs|walks|files|figures|devices|registrations|phone_logs|activity|outgoing|messages)"

var scansOfSQLite = regexp.MustCompile(`^SCAN ` + ourTables + `\b`)

func scansSQLite(t testing.TB, db *sql.DB, query string, args []any) string {
	var found []string
	for _, line := range explained(t, db, "EXPLAIN QUERY PLAN "+query, 3, args) {
		if scansOfSQLite.MatchString(line) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

var scansOfPostgres = regexp.MustCompile(`Seq Scan on ` + ourTables + `\b`)

func scansPostgres(t testing.TB, db *sql.DB, query string, args []any) string {
	plan := explained(t, db, "EXPLAIN "+query, 0, args)
	for _, line := range plan {
		m := scansOfPostgres.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		var rows int
		must(t, db.QueryRow("SELECT count(*) FROM "+m[1]).Scan(&rows))
		if rows > 1000 {
			return strings.Join(plan, "\n")
		}
	}
	return ""
}

// explained is one column of a plan.
func explained(t testing.TB, db *sql.DB, query string, column int, args []any) (plan []string) {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	defer rows.Close()
	names := got[[]string](t)(rows.Columns())
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		plan = append(plan, fmt.Sprint(values[column]))
	}
	must(t, rows.Err())
	return plan
}

// everything has a store run every statement that it has.
func everything(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	must(t, s.Ping(ctx))
	must(t, s.CheckWrite(ctx))
	got[string](t)(s.Mark(ctx, "cursor"))
	reading(t, s)
	for n := 1; n <= 8; n++ { // so many events share a statement
		must(t, s.AcceptTogether(ctx, n))
	}
	sold := issue(t, s, "cs_new", 2)
	issue(t, s, "cs_new2", 1)
	again := order(claimed(t, s, event("again")), "cs_new", 0, 1)
	got[store.Issued](t)(s.Issue(ctx, again))
	_, fresh, err := s.Accept(ctx, event("again"))
	if must(t, err); fresh {
		t.Error("an event was new twice")
	}
	own := later("own", 1)
	own.Source = "passhook"
	made(t, s, own, store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "operator", Serial: sold.Passes[0].Serial})
	replayed := claimed(t, s, later("replayed", 2))
	got[store.Issued](t)(s.Issue(ctx, change(replayed, store.ChangeUpdate, "seat", "cs_new")))
	must(t, s.Replay(ctx, replayed.ID))
	got[store.Issued](t)(s.Issue(ctx, change(claimedAgain(t, s, replayed.ID), store.ChangeUpdate, "seat", "cs_new2")))
	got[*store.Pass](t)(s.Redeem(ctx, sold.Passes[1].Serial, "api.website 1"))
	must(t, s.PutFiles(ctx, map[string][]byte{"a": []byte("picture")}))
	got[map[string][]byte](t)(s.Files(ctx, []string{"a"}))
	if changed := got[[]store.Pass](t)(s.MadeBy(ctx, eventNow(t, s, replayed.ID), 10)); len(changed) != 3 {
		t.Errorf("%d passes have refs of the change", len(changed))
	}
	got[[]store.Delivery](t)(s.DeliveriesOf(ctx, replayed.ID))
	d := sold.Deliveries[0].ID
	got[string](t)(s.Resend(ctx, d, "", 3))
	got[int](t)(s.ResendDead(ctx, time.Unix(1795197600+19_990, 0)))
	got[store.Stuck](t)(s.Stuck(ctx))
	working(t, s)
	phoning(t, s)
	telling(t, s)
	trouble := got[store.Trouble](t)(s.Unreported(ctx, 10))
	trouble.Deliveries, trouble.Walks = append(trouble.Deliveries, store.Delivery{ID: d}), append(trouble.Walks, store.Walk{ID: "w"})
	must(t, s.MarkReported(ctx, trouble))
}

// telling has a store run what it has for endpoints.
func telling(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	sold := issue(t, s, "cs_told", 3)
	if !got[bool](t)(s.Changed(ctx, sold.Passes[0].EventID, sold.Passes[0].Serial)) {
		t.Error("a new pass is nothing new")
	}
	all := got[[]store.Outgoing](t)(s.OutgoingOf(ctx, sold.Passes[0].EventID, 10))
	if len(all) != 9 {
		t.Fatalf("%d messages", len(all))
	}
	got[time.Duration](t)(s.EndpointFailed(ctx, "off"))
	got[bool](t)(s.Disable(ctx, claimedMessage(t, s, firstFor(all, "off")), "410 Gone"))
	got[string](t)(s.Disabled(ctx, "off"))
	must(t, s.EndOutgoing(ctx, claimedMessage(t, s, firstFor(all, "erp")), "it is not in the config"))
	must(t, s.EndpointAnswered(ctx, "crm"))
	sold, delivery := placed(t, s, "cs_placed", 2)
	got[*store.Event](t)(s.EventOfOrder(ctx, sold.Passes[0].OrderID))
	got[*store.Delivery](t)(s.Delivery(ctx, delivery))
	must(t, s.Tell(ctx, store.Message{Kind: store.MessageNotice, Channel: "slack", Recipient: "nobody"}))
	stop := running(t, s, delivering(func(context.Context, *store.Message) error { return integrations.Never(errors.New("user_not_found")) }))
	until(t, "the message is dead", func() bool { return count(t, s, "messages WHERE state = 'dead' AND note = 'user_not_found'") == 1 })
	stop()
}

// phoning has a store run what phones cause.
func phoning(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	one, two := issue(t, s, "cs_phone", 1).Passes[0].Serial, issue(t, s, "cs_phone2", 1).Passes[0].Serial
	refund(t, s, "cs_phone", "refund before", 1, false)
	register(t, s, "ada", one)
	register(t, s, "ada", two)
	refund(t, s, "cs_phone", "failed", 2, true)
	since(t, s, "ada", 0)
	if !got[bool](t)(s.Behind(ctx, one)) {
		t.Error("the phone is not behind")
	}
	must(t, s.Fetched(ctx, one))
	got[[]store.Registration](t)(s.Stale(ctx, time.Time{}, time.Now(), 10))
	got[int](t)(s.CountPhones(ctx, one))
	refund(t, s, "cs_phone2", "refund of the other", 3, false)
	_, _, err := s.CountTemplate(ctx, "concert", 100)
	must(t, err)
	pushed := later("push", 4)
	pushed.Source, pushed.Data = "passhook", []byte(`{"template": "rare"}`)
	in := changes(claimed(t, s, pushed))
	in.Push = &store.Push{Template: "rare"}
	got[store.Issued](t)(s.Issue(ctx, in))
	stopWalk := running(t, s, walking(s, named, func(context.Context, []store.Pass) error { return nil }))
	until(t, "the push is done", func() bool { return count(t, s, "walks WHERE state = 'done' AND kind = 'push'") == 1 })
	stopWalk()
	got[int](t)(s.PushAgain(ctx, time.Unix(0, 0), time.Now().Add(time.Hour)))
	must(t, s.PutPhoneLogs(ctx, []store.PhoneLog{{Serial: one, Text: "hello"}}))
	got[[]store.PhoneLog](t)(s.PhoneLogs(ctx, one, 10))
	got[[]store.PhoneLog](t)(s.PhoneLogs(ctx, "", 10))
	woken := make(chan bool, 10)
	stop := running(t, s, store.Work[store.Device]{Table: store.Devices, Slots: 1, Do: func(ctx context.Context, d *store.Device) error {
		defer func() { woken <- true }()
		return errors.Join(s.Pushed(ctx, d), store.ErrSettled)
	}})
	receive(t, woken, "a phone")
	stop()
	must(t, s.Unregister(ctx, "ada", tickets, two))
	must(t, s.Forget(ctx, &got[[]store.Registration](t)(s.PhonesOf(ctx, one, 10))[0].Device))
}

// reading asks about what is in the middle of a full store.
func reading(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	listed := got[[]store.Pass](t)(s.FindPasses(ctx, store.Filter{Rule: "concert", Limit: 10_000}))
	p := &listed[slices.IndexFunc(listed, func(p store.Pass) bool { return p.Live && p.Account == "" && strings.HasPrefix(p.Key, "cs_live_") })]
	eventID, object := p.EventID, eventNow(t, s, p.EventID).Object
	payment := strings.Replace(object, "cs_live_", "pi_", 1)
	deliveryID := got[[]store.Delivery](t)(s.DeliveriesAbout(ctx, "stripe", object))[0].ID
	got[*store.Delivery](t)(s.Delivery(ctx, deliveryID))
	got[*store.Pass](t)(s.PassByLink(ctx, p.LinkHash))
	got[[]store.Pass](t)(s.PassesAbout(ctx, store.Event{Event: integrations.Event{Source: "stripe", Live: true, Refs: []string{payment}}}))
	if passes := got[[]store.Pass](t)(s.PassesOf(ctx, deliveryID)); len(passes) == 0 {
		t.Error("the delivery has no passes")
	}
	if about := got[[]store.Delivery](t)(s.DeliveriesAbout(ctx, "stripe", object)); len(about) != 1 {
		t.Errorf("%d deliveries are about %s", len(about), object)
	}
	got[[]store.Delivery](t)(s.DeliveriesByLink(ctx, "nobody's"))
	_, _, err := s.IssuedBy(ctx, eventID)
	must(t, err)
	if !got[bool](t)(s.HasEvent(ctx, "stripe", object, "stripe.checkout.paid")) {
		t.Errorf("no event is about %s", object)
	}
	got[int](t)(s.Figure(ctx, "stripe", time.Unix(0, 0), time.Now()))
	got[*store.Event](t)(s.EventBySource(ctx, "stripe", eventNow(t, s, eventID).ExternalID))
	got[[]string](t)(s.Secrets(ctx))
	got[[]string](t)(s.Accounts(ctx, "stripe"))
	for _, query := range []string{"", payment} {
		for _, state := range []string{"", store.StatePending, store.StateDone, store.StateDead} {
			f := store.Filter{Query: query, State: state}
			got[[]store.Event](t)(s.FindEvents(ctx, f))
			got[[]store.Delivery](t)(s.FindDeliveries(ctx, f))
		}
		for _, rule := range []string{"", "concert"} {
			for _, source := range []string{"", "stripe"} {
				got[[]store.Pass](t)(s.FindPasses(ctx, store.Filter{Query: query, Rule: rule, Source: source}))
				got[[]store.Pass](t)(s.FindPasses(ctx, store.Filter{Query: query, Rule: rule, Source: source, After: p}))
			}
		}
	}
}

// working has the ledger do all that it does with rows.
func working(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	issue(t, s, "cs_many", many)
	e := claimed(t, s, later("many", 1))
	got[store.Issued](t)(s.Issue(ctx, changes(e, store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_many"}},
		store.Change{Name: "seats", Kind: store.ChangeUpdate, Inputs: []byte(unfit), Refs: []string{"cs_many"}})))
	far := claimed(t, s, event("far"))
	must(t, s.RetryEvent(ctx, far, time.Now().Add(365*24*time.Hour), "stripe is down"))
	hangs, confirmed := make(chan bool), make(chan bool, 10)
	calls := map[string]int{}
	stop := running(t, s, walking(s, named, func(context.Context, []store.Pass) error { return nil }),
		store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(ctx context.Context, d *store.Delivery) error {
			defer func() { confirmed <- true }()
			if len(confirmed) > 0 {
				return integrations.Never(errors.New("550 no such user"))
			}
			return s.Confirm(ctx, d)
		}},
		store.Work[store.Outgoing]{Table: store.Outgoings, Slots: 1, Do: func(context.Context, *store.Outgoing) error { return nil }},
		delivering(func(context.Context, *store.Message) error { return nil }),
		onEvents(1, func(ctx context.Context, e *store.Event) error {
			if calls[e.ID]++; calls[e.ID] == 1 && e.ExternalID == "evt_retried" {
				return fmt.Errorf("again")
			}
			if e.ExternalID != "evt_hangs" {
				return nil
			}
			hangs <- true
			<-ctx.Done()
			return ctx.Err()
		}))
	receive(t, confirmed, "a delivery")
	settled(t, s, far.ID)
	settled(t, s, accept(t, s, event("retried")))
	accept(t, s, event("hangs"))
	receive(t, hangs, "the one that hangs")
	must(t, s.Renew(ctx))
	until(t, "the walk is done", func() bool { return count(t, s, "walks WHERE state = 'done'") == 1 })
	stop()
}
