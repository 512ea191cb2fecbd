package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// endpoints want everything.
func endpoints(names ...string) (out []store.Endpoint) {
	for _, name := range names {
		out = append(out, store.Endpoint{Name: name, Address: "at-" + name, Kinds: integrations.MessageTypes()})
	}
	return out
}

// firstFor is the id of the first message for an endpoint.
func firstFor(all []store.Outgoing, endpoint string) string {
	i := slices.IndexFunc(all, func(o store.Outgoing) bool { return o.Endpoint == endpoint })
	return all[i].ID
}

func claimedMessage(t testing.TB, s *store.Store, id string) *store.Outgoing {
	t.Helper()
	o, ok, err := s.ClaimOutgoing(t.Context(), id)
	must(t, err)
	if !ok {
		t.Fatal("the message could not be claimed")
	}
	return o
}

// lines is one column of what a query finds.
func lines(t testing.TB, s *store.Store, query string, args ...any) (out []string) {
	t.Helper()
	rows, err := database(t, s).Query(query, args...)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		out = append(out, line)
	}
	must(t, rows.Err())
	return out
}

func want(t testing.TB, what string, is []string, want ...string) {
	t.Helper()
	if !slices.Equal(is, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(is, "\n"), strings.Join(want, "\n"))
	}
}

const (
	messages = "SELECT endpoint || ' ' || kind || ' ' || subject FROM outgoing ORDER BY id"
	activity = "SELECT kind || ' ' || serial FROM activity ORDER BY id"
)

// sending hands each message to do.
func sending(slots int, do func(ctx context.Context, o *store.Outgoing) error) store.Work[store.Outgoing] {
	return store.Work[store.Outgoing]{Table: store.Outgoings, Slots: slots, Do: do}
}

func TestEndpointsAreToldWhatTheyWant(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = []store.Endpoint{{Name: "crm", Kinds: []string{"pass.issued"}}, {Name: "erp", Kinds: []string{"pass.voided", "pass.updated"}}}
		s := opened(t, p)
		issue(t, s, "cs_1", 2)
		made(t, s, later("seat", 1), store.Change{Name: "seat", Kind: store.ChangeUpdate, Refs: []string{"cs_1"}})
		want(t, "messages", lines(t, s, messages), "crm pass.issued serial-cs_1/0", "crm pass.issued serial-cs_1/1", "erp pass.updated serial-cs_1/0", "erp pass.updated serial-cs_1/1")
		want(t, "activity", lines(t, s, activity), "issued serial-cs_1/0", "issued serial-cs_1/1", "updated serial-cs_1/0", "updated serial-cs_1/1")
	})
}

func TestWithoutEndpointsThereAreNoMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_1", 2)
		if n, a := count(t, s, "outgoing"), count(t, s, "activity"); n != 0 || a != 2 {
			t.Errorf("%d messages, %d activities", n, a)
		}
	})
}

// Two reasons make a pass void once, and only the last that is lifted makes it
// valid.
func TestAPassIsVoidedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := opened(t, p)
		issue(t, s, "cs_1", 1)
		step := func(minutes int, kind, reason string) {
			made(t, s, later(fmt.Sprint(minutes), minutes), store.Change{Name: reason, Kind: kind, Reason: reason, Refs: []string{"cs_1"}})
		}
		step(1, store.ChangeVoid, "refund")
		step(2, store.ChangeVoid, "dispute")
		step(3, store.ChangeVoid, "dispute") // nothing new
		step(4, store.ChangeLift, "refund")
		step(5, store.ChangeLift, "dispute")
		step(6, store.ChangeLift, "dispute") // nothing new
		want(t, "activity", lines(t, s, "SELECT kind FROM activity ORDER BY id"), "issued", "voided", "updated", "updated", "unvoided")
		want(t, "messages", lines(t, s, "SELECT kind FROM outgoing ORDER BY id"), "pass.issued", "pass.voided", "pass.updated", "pass.updated", "pass.updated")
	})
}

func TestAnEventThatChangesNothingSendsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := opened(t, p)
		pass := issue(t, s, "cs_1", 1).Passes[0]
		seat := store.Change{Name: "seat", Kind: store.ChangeUpdate, Refs: []string{"cs_1"}}
		e := claimed(t, s, later("seat", 1))
		got[store.Issued](t)(s.Issue(t.Context(), changes(e, seat)))
		before := lines(t, s, messages)
		must(t, s.Replay(t.Context(), e.ID))
		got[store.Issued](t)(s.Issue(t.Context(), changes(claimedAgain(t, s, e.ID), seat)))
		got[store.Issued](t)(s.Issue(t.Context(), order(claimed(t, s, event("again")), "cs_1", 0, 1)))
		nobody := made(t, s, later("nobody's", 2), store.Change{Name: "seat", Kind: store.ChangeUpdate, Refs: []string{"cs_none"}})
		if len(nobody.Changed) != 0 {
			t.Errorf("%+v", nobody.Changed)
		}
		want(t, "messages", lines(t, s, messages), before...)
		for id, is := range map[string]bool{e.ID: true, pass.EventID: true, eventCalled(t, s, "evt_again").ID: false, "": false} {
			if changed := got[bool](t)(s.Changed(t.Context(), id, pass.Serial)); changed != is {
				t.Errorf("event %s changed the pass: %t", id, changed)
			}
		}
	})
}

// What came before a pass makes it void as it is issued: both are told.
func TestAPassThatIsVoidWhenItIsIssued(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := opened(t, p)
		made(t, s, later("early", 1), store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1"}},
			store.Change{Name: "seat", Kind: store.ChangeUpdate, Refs: []string{"cs_1"}})
		issue(t, s, "cs_1", 1)
		want(t, "activity", lines(t, s, activity), "issued serial-cs_1/0", "voided serial-cs_1/0")
	})
}

func TestAWalkTellsOfEachPassOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := opened(t, p)
		issue(t, s, "cs_1", many)
		e := claimed(t, s, later("refund", 1))
		got[store.Issued](t)(s.Issue(t.Context(), change(e, store.ChangeVoid, "refund", "cs_1", "pi_cs_1")))
		running(t, s, walking(s, named, func(context.Context, []store.Pass) error { return nil }))
		until(t, "the walk is done", func() bool { return count(t, s, "walks WHERE state = 'done'") == 1 })
		for _, table := range []string{"outgoing WHERE kind = 'pass.voided' AND event_id = $1", "activity WHERE kind = 'voided' AND event_id = $1"} {
			if n := count(t, s, table, e.ID); n != many {
				t.Errorf("%d rows of %s", n, table)
			}
		}
		if n := count(t, s, "(SELECT DISTINCT subject FROM outgoing WHERE kind = 'pass.voided') AS told"); n != many {
			t.Errorf("%d passes are told of", n)
		}
	})
}

// A row that was not stored with the fact would be lost in a crash.
func TestAMessageIsStoredWithWhatItTells(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := p.open(t)
		for _, table := range []string{"activity", "outgoing"} {
			e := claimed(t, s, event(table))
			allow := refuse(t, s, table, p.URL != "")
			if _, err := s.Issue(t.Context(), order(e, table, 0, 2)); err == nil {
				t.Errorf("%s: it was stored", table)
			}
			leftNothing(t, s, e.ID)
			allow()
		}
		sold := issue(t, s, "cs_1", 1)
		must(t, s.Close()) // nobody has sent anything
		s = opened(t, p)
		sent := make(chan *store.Outgoing, 10)
		running(t, s, sending(1, func(_ context.Context, o *store.Outgoing) error { sent <- o; return nil }))
		o := receive(t, sent, "the message")
		if o.Type != "pass.issued" || o.Subject != sold.Passes[0].Serial || o.EventID != sold.Passes[0].EventID || !o.At.Equal(p.clock.now()) || o.Endpoint != "crm" {
			t.Errorf("%+v", o)
		}
		until(t, "it is sent", func() bool { return count(t, s, "outgoing WHERE state = 'sent' AND settled > 0") == 1 })
	})
}

// A process that dies while it sends has the message sent again, under its id.
func TestAMessageThatWasUnderWayIsSentAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := p.open(t)
		issue(t, s, "cs_1", 1)
		was := claimedMessage(t, s, lines(t, s, "SELECT id FROM outgoing")[0])
		must(t, s.Close()) // as if it died
		p.clock.advance(store.Lease)
		s = opened(t, p)
		sent := make(chan *store.Outgoing, 10)
		running(t, s, sending(1, func(_ context.Context, o *store.Outgoing) error { sent <- o; return nil }))
		if is := receive(t, sent, "the message"); is.ID != was.ID || is.Attempts != 2 {
			t.Errorf("%+v", is)
		}
	})
}

func TestMessagesAreSentAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Sweep, p.Endpoints = time.Hour, endpoints("crm")
		s := opened(t, p)
		sent := make(chan string, 10)
		running(t, s, sending(1, func(_ context.Context, o *store.Outgoing) error { sent <- o.Subject; return nil }))
		until(t, "Run has looked", s.Ready)
		issue(t, s, "cs_1", 1)
		receive(t, sent, "the message")
	})
}

func TestADeadDeliveryIsToldInItsTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = []store.Endpoint{{Name: "crm", Kinds: []string{"delivery.dead"}}}
		s := opened(t, p)
		sold := issue(t, s, "cs_1", 1)
		first := sold.Deliveries[0].ID
		again := got[string](t)(s.Resend(t.Context(), first, "", 0)) // in its place: no news
		if n := count(t, s, "outgoing"); n != 0 {
			t.Errorf("%d messages", n)
		}
		allow := refuse(t, s, "outgoing", p.URL != "")
		tried := make(chan bool, 1)
		running(t, s, store.Work[store.Delivery]{Table: store.Deliveries, Slots: 1, Do: func(context.Context, *store.Delivery) error {
			defer close(tried)
			return integrations.Never(errors.New("550 no such user"))
		}})
		receive(t, tried, "the delivery")
		if n := count(t, s, "deliveries WHERE state = 'dead' AND id = $1", again); n != 0 {
			t.Error("it is dead, and nobody was told")
		}
		allow()
		until(t, "it is dead", func() bool { return count(t, s, "deliveries WHERE state = 'dead' AND id = $1", again) == 1 })
		want(t, "messages", lines(t, s, "SELECT endpoint || ' ' || kind || ' ' || subject || ' ' || event_id FROM outgoing"), "crm delivery.dead "+again+" "+sold.Passes[0].EventID)
	})
}

func TestAnEndpointHoldsUpNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("bad", "good")
		s := opened(t, p)
		issue(t, s, "cs_1", 5)
		sent, finish := make(chan string, 10), make(chan bool)
		running(t, s, sending(1, func(ctx context.Context, o *store.Outgoing) error {
			if o.Endpoint == "good" {
				sent <- o.Subject
				return nil
			}
			select {
			case <-finish:
			case <-ctx.Done():
			}
			return errors.New("timeout")
		}))
		for range 5 {
			receive(t, sent, "a message for the good one")
		}
		close(finish)
	})
}

func TestWhatIsRedeemedIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = []store.Endpoint{{Name: "crm", Kinds: []string{"pass.redeemed"}}}
		s := opened(t, p)
		serial := issue(t, s, "cs_1", 1).Passes[0].Serial
		must(t, s.Redeemed(t.Context(), "", serial)) // at a door, by no event
		want(t, "messages", lines(t, s, messages), "crm pass.redeemed "+serial)
		want(t, "activity", lines(t, s, activity), "issued "+serial, "redeemed "+serial)
	})
}
