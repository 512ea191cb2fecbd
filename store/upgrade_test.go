package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// old is a store that the passhook of commit b93ac7d has made, with one of its
// queued replays.
func old(t testing.TB, p place) *store.Store {
	t.Helper()
	if p.URL == "" {
		must(t, os.MkdirAll(filepath.Dir(p.Path), 0o700))
		db := got[*sql.DB](t)(sql.Open("sqlite", "file:"+p.Path))
		_, err := db.Exec(string(got[[]byte](t)(os.ReadFile("testdata/b93ac7d-sqlite.sql"))))
		must(t, err)
		must(t, db.Close())
	} else {
		p.URL = storetest.Postgres(t)
		conn := got[*pgx.Conn](t)(pgx.Connect(t.Context(), p.URL))
		_, err := conn.PgConn().Exec(t.Context(), string(got[[]byte](t)(os.ReadFile("testdata/b93ac7d-postgres.sql")))).ReadAll()
		must(t, err)
		must(t, conn.Close(t.Context()))
	}
	return opened(t, p)
}

// only is the one event, delivery or pass that is found.
func only[T any](t testing.TB, found []T, err error) T {
	t.Helper()
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d were found", len(found))
	}
	return found[0]
}

func eventCalled(t testing.TB, s *store.Store, id string) store.Event {
	t.Helper()
	found, err := s.FindEvents(t.Context(), store.Filter{Query: id})
	return only(t, found, err)
}

func TestAStoreOfYesterdayKeepsEveryRow(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := old(t, p)
		for table, want := range map[string]int{
			"events": 10, "orders": 3, "passes": 6, "pass_refs": 6*3 - 4, "deliveries": 3, "delivery_passes": 6, "changes": 3, "change_refs": 3, "marks": 1, "walks": 0,
		} {
			if n := count(t, s, table); n != want {
				t.Errorf("%d %s, want %d", n, table, want)
			}
		}
		for id, state := range map[string]string{
			"evt_1": store.StateDone, "evt_4": store.StatePending, "evt_5": store.StatePending, "evt_6": store.StatePending, "evt_7": store.StateFailed,
		} {
			replayed := id == "evt_5" // its tries begin anew
			if e := eventCalled(t, s, id); e.State != state || e.Since.Equal(e.Received) == replayed {
				t.Errorf("%s: %+v", id, e)
			}
		}
		if to := eventCalled(t, s, "evt_4").Redirect; to.Channel != "email" || to.Address != "grace@example.com" {
			t.Errorf("redirected to %+v", to)
		}
		for query, state := range map[string]string{"cs_1": store.StateSent, "cs_2": store.StateDead, "cs_3": store.StatePending} {
			found, err := s.FindDeliveries(t.Context(), store.Filter{Query: query})
			if d := only(t, found, err); d.State != state || !d.Since.Equal(d.Created) || len(d.Passes) != 2 || d.Recipient != "ada@example.com" {
				t.Errorf("%s: %+v", query, d)
			}
		}
		if is := got[string](t)(s.Mark(t.Context(), "cursor")); is != "evt_7" {
			t.Errorf("the mark is %q", is)
		}
	})
}

func TestAStoreOfYesterdayLosesItsQueue(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := old(t, p)
		query := "SELECT name FROM sqlite_master WHERE name LIKE '%river%'"
		if p.URL != "" {
			query = "SELECT relname FROM pg_class WHERE relname LIKE '%river%' UNION SELECT proname FROM pg_proc WHERE proname LIKE '%river%' UNION SELECT typname FROM pg_type WHERE typname LIKE '%river%'"
		}
		for _, name := range explained(t, database(t, s), query, 0, nil) {
			t.Errorf("%s is there", name)
		}
	})
}

// A void by serial number counts on, also when another change has the pass
// looked at again; who buys no longer chooses by what events find a pass.
func TestAStoreOfYesterdayKeepsItsChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := old(t, p)
		first, second := passNow(t, s, "serial-cs_1/0"), passNow(t, s, "serial-cs_2/0")
		if !slices.Equal(first.Void, []string{"operator"}) || !strings.Contains(string(first.Inputs), "9C") || !strings.Contains(string(first.Issued), "4A") ||
			!slices.Equal(second.Void, []string{"refund"}) || first.Source != "stripe" || !first.Live {
			t.Errorf("%+v\n%+v", first, second)
		}
		for serial, want := range map[string][]string{"serial-cs_1/0": {"dispute", "operator"}, "serial-cs_1/1": {"dispute"}, "serial-cs_2/1": {"dispute", "refund"}} {
			made(t, s, later(serial, 60), store.Change{Name: "dispute", Kind: store.ChangeVoid, Reason: "dispute", Refs: []string{"pi_" + serial[7:11]}})
			if is := passNow(t, s, serial); !slices.Equal(is.Void, want) {
				t.Errorf("%s: void %v", serial, is.Void)
			}
		}
		found, err := s.FindPasses(t.Context(), store.Filter{Query: "order-77"})
		if must(t, err); len(found) != 2 {
			t.Errorf("%d are found by the reference", len(found))
		}
		e := later("chosen", 90)
		out := made(t, s, e, store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"order-77"}})
		if len(out.Changed) != 0 {
			t.Errorf("the reference voids %+v", out.Changed)
		}
	})
}

func TestAStoreOfYesterdayIsWorkedOn(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := old(t, p)
		p.clock.advance(50 * time.Second) // the claim in which the replayed event failed has ended
		events, sent := make(chan string, 10), make(chan string, 10)
		running(t, s, onEvents(1, func(_ context.Context, e *store.Event) error { events <- e.ExternalID; return nil }),
			store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(_ context.Context, d *store.Delivery) error { sent <- d.ID; return nil }})
		is := []string{receive(t, events, "an event"), receive(t, events, "the other event")}
		if slices.Sort(is); !slices.Equal(is, []string{"evt_4", "evt_5"}) { // the new one and the replay
			t.Errorf("worked on %v", is)
		}
		receive(t, sent, "the delivery")
		nothing(t, events, "the retry is not due")
		p.clock.advance(time.Minute)
		if id := receive(t, events, "the retry"); id != "evt_6" {
			t.Errorf("got %s", id)
		}
	})
}
