package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

func event(id string) integrations.Event {
	return integrations.Event{
		Source: "stripe", Type: "stripe.checkout.session.completed", Aliases: []string{"stripe.checkout.paid"}, ExternalID: "evt_" + id, Object: "cs_" + id,
		Live: true, Time: time.Date(2026, 11, 20, 17, 59, 0, 0, time.UTC), Refs: []string{"cs_" + id, "pi_" + id}, Data: json.RawMessage(`{"id":"cs_` + id + `"}`),
	}
}

// of is an event of another source.
func of(source, id string) integrations.Event {
	e := event(id)
	e.Source = source
	return e
}

// later is an event about something that happened some minutes after a sale.
func later(id string, minutes int) integrations.Event {
	e := event(id)
	e.Type, e.Aliases, e.Time = "stripe.charge.refunded", nil, e.Time.Add(time.Duration(minutes)*time.Minute)
	return e
}

func accept(t testing.TB, s *store.Store, e integrations.Event) string {
	t.Helper()
	id, _, err := s.Accept(t.Context(), e)
	must(t, err)
	return id
}

// claimed accepts an event and claims it.
func claimed(t testing.TB, s *store.Store, e integrations.Event) *store.Event {
	t.Helper()
	return claimedAgain(t, s, accept(t, s, e))
}

func claimedAgain(t testing.TB, s *store.Store, id string) *store.Event {
	t.Helper()
	e, ok, err := s.ClaimEvent(t.Context(), id)
	must(t, err)
	if !ok {
		t.Fatal("the event could not be claimed")
	}
	return e
}

// order is n passes and one delivery, as the engine makes them.
func order(e *store.Event, object string, from, n int) store.Issue {
	in := store.Issue{
		Event: e, State: store.StateDone, Merge: named, Note: "issued",
		Order: store.Order{EventID: e.ID, Source: e.Source, Account: e.Account, Object: object, Live: e.Live, Created: e.Received},
	}
	d := store.Delivery{Channel: "email", Recipient: "Ada@example.com", Created: e.Received, LinkKey: "email", SecretID: "s1", LinkHash: "page-" + object}
	for i := from; i < from+n; i++ {
		key := fmt.Sprintf("%s/%d", object, i)
		in.Passes = append(in.Passes, store.Pass{
			Serial: "serial-" + key, Key: key, EventID: e.ID, Rule: "concert", Template: "concert", Item: "li_1", Unit: i, VoidOn: integrations.Reasons(),
			SecretID: "s1", LinkHash: "hash-" + key, Inputs: []byte(`{}`), Refs: []string{object, "pi_" + object}, Created: e.Received, Updated: e.Received,
		})
		d.Passes = append(d.Passes, "serial-"+key)
	}
	in.Deliveries = []store.Delivery{d}
	return in
}

// issue has a new event issue n passes about an object.
func issue(t testing.TB, s *store.Store, object string, n int) store.Issued {
	t.Helper()
	return got[store.Issued](t)(s.Issue(t.Context(), order(claimed(t, s, event("of "+object)), object, 0, n)))
}

// unfit are inputs that named leaves out.
const unfit = `"unfit"`

// named makes of updates the list of their names, in the order in which they
// came.
func named(_ store.Pass, updates []store.Change) (inputs []byte, why map[int]string) {
	names := []string{}
	why = map[int]string{}
	for i, c := range updates {
		if string(c.Inputs) == unfit {
			why[i] = c.Name + " does not fit"
			continue
		}
		names = append(names, c.Name)
	}
	inputs, _ = json.Marshal(names)
	return inputs, why
}

// change is one change of what shares refs.
func change(e *store.Event, kind, name string, refs ...string) store.Issue {
	return changes(e, store.Change{Name: name, Kind: kind, Reason: name, Refs: refs})
}

func changes(e *store.Event, all ...store.Change) store.Issue {
	return store.Issue{Event: e, State: store.StateDone, Merge: named, Changes: all}
}

// made stores what a new event changes.
func made(t testing.TB, s *store.Store, e integrations.Event, all ...store.Change) store.Issued {
	t.Helper()
	return got[store.Issued](t)(s.Issue(t.Context(), changes(claimed(t, s, e), all...)))
}

func passNow(t testing.TB, s *store.Store, serial string) *store.Pass {
	t.Helper()
	return got[*store.Pass](t)(s.PassBySerial(t.Context(), serial))
}

func eventNow(t testing.TB, s *store.Store, id string) *store.Event {
	t.Helper()
	return got[*store.Event](t)(s.Event(t.Context(), id))
}
