package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

func TestADisabledEndpointGetsNothingMore(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm", "erp")
		s := p.open(t)
		issue(t, s, "cs_1", 3)
		all := got[[]store.Outgoing](t)(s.OutgoingOf(t.Context(), eventCalled(t, s, "evt_of cs_1").ID, 10))
		first, second := claimedMessage(t, s, all[0].ID), claimedMessage(t, s, all[1].ID)
		if fresh := got[bool](t)(s.Disable(t.Context(), first, "410 Gone")); !fresh {
			t.Error("it was disabled before")
		}
		if fresh := got[bool](t)(s.Disable(t.Context(), second, "410 Gone")); fresh {
			t.Error("it was disabled twice")
		}
		if _, err := s.Disable(t.Context(), first, "410 Gone"); !errors.Is(err, store.ErrLost) {
			t.Errorf("a claim that is over: %v", err)
		}
		issue(t, s, "cs_2", 1)
		must(t, s.EndOutgoing(t.Context(), claimedMessage(t, s, all[2].ID), "it is disabled"))
		want(t, "messages", lines(t, s, "SELECT endpoint || ' ' || state || ' ' || note || CASE WHEN told THEN ' told' ELSE '' END FROM outgoing ORDER BY endpoint, id"),
			"crm dead 410 Gone", "crm dead 410 Gone told", "crm dead it is disabled told", "erp pending ", "erp pending ", "erp pending ", "erp pending ")
		if why := got[string](t)(s.Disabled(t.Context(), "crm")); why != "410 Gone" {
			t.Errorf("disabled: %q", why)
		}
		if why := got[string](t)(s.Disabled(t.Context(), "erp")); why != "" {
			t.Errorf("the other one is disabled: %q", why)
		}
		must(t, s.Enable(t.Context(), "crm"))
		if n := issue(t, s, "cs_3", 1); count(t, s, "outgoing WHERE endpoint = 'crm' AND event_id = $1", n.Passes[0].EventID) != 1 {
			t.Error("it was enabled and gets nothing")
		}
		must(t, s.Close())
	})
}

func TestAnEndpointThatMovedIsEnabledAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := p.open(t)
		issue(t, s, "cs_1", 1)
		got[bool](t)(s.Disable(t.Context(), claimedMessage(t, s, lines(t, s, "SELECT id FROM outgoing")[0]), "410 Gone"))
		got[time.Duration](t)(s.EndpointFailed(t.Context(), "crm"))
		must(t, s.Close())
		p.Endpoints[0].Address = "elsewhere"
		p.clock.advance(time.Hour)
		s = opened(t, p)
		if why := got[string](t)(s.Disabled(t.Context(), "crm")); why != "" {
			t.Errorf("disabled: %q", why)
		}
		issue(t, s, "cs_2", 1)
		if n := count(t, s, "outgoing WHERE state = 'pending'"); n != 1 {
			t.Errorf("%d messages", n)
		}
		if d := got[time.Duration](t)(s.EndpointFailed(t.Context(), "crm")); d != 0 {
			t.Errorf("it has failed for %s", d)
		}
	})
}

func TestHowLongAnEndpointFails(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		fails := func(after, want time.Duration) {
			t.Helper()
			p.clock.advance(after)
			if is := got[time.Duration](t)(s.EndpointFailed(t.Context(), "crm")); is != want {
				t.Errorf("%s, want %s", is, want)
			}
		}
		fails(0, 0)
		fails(time.Minute, time.Minute)
		fails(30*time.Hour, 30*time.Hour+time.Minute)
		fails(30*time.Hour, 60*time.Hour+time.Minute)
		fails(37*time.Hour, 0) // nobody tried meanwhile
		fails(time.Hour, time.Hour)
		must(t, s.EndpointAnswered(t.Context(), "crm"))
		fails(time.Hour, 0)
		p.clock.advance(-365 * 24 * time.Hour) // a clock that was wrong
		fails(0, 0)
	})
}

// However many messages were given up, the operator is told of the endpoint.
func TestTheOperatorIsToldOfAnEndpointOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm", "erp")
		s := opened(t, p)
		issue(t, s, "cs_1", 601)
		exec(t, s, "UPDATE outgoing SET state = 'dead', note = '500' WHERE endpoint = 'crm' OR subject = 'serial-cs_1/7'")
		is := got[store.Trouble](t)(s.Unreported(t.Context(), 10)).Outgoing
		if len(is) != 2 || is[0].Endpoint != "crm" || is[1].Endpoint != "erp" || is[1].Subject != "serial-cs_1/7" || is[0].Note != "500" {
			t.Fatalf("%+v", is)
		}
		must(t, s.MarkReported(t.Context(), store.Trouble{Outgoing: is[:1]}))
		if is := got[store.Trouble](t)(s.Unreported(t.Context(), 10)).Outgoing; len(is) != 1 || is[0].Endpoint != "erp" {
			t.Errorf("%+v", is)
		}
		if n := count(t, s, "outgoing WHERE told"); n != 601 {
			t.Errorf("%d are told", n)
		}
	})
}

func TestAMessageIsTriedForThreeDays(t *testing.T) {
	t.Parallel()
	plain := errors.New("500")
	now := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
	start, tries := now, 0
	var waits []time.Duration
	for {
		tries++
		if store.SpacedFinal(plain, store.Row{Attempts: tries, Since: start}, now, start) {
			break
		}
		wait := store.SpacedPause(tries, plain, 0.5)
		waits = append(waits, wait)
		now = now.Add(wait)
	}
	if total := now.Sub(start); tries != 13 || total < 72*time.Hour || total > 80*time.Hour {
		t.Errorf("%d tries in %s: %s", tries, total, waits)
	}
	for name, c := range map[string]struct {
		err  error
		want time.Duration
	}{
		"unavailable waits as long":       {integrations.Unavailable(plain), 5 * time.Second},
		"Retry-After":                     {integrations.Unavailable(integrations.After(time.Hour, plain)), time.Hour},
		"a Retry-After that is too long":  {integrations.After(100*time.Hour, plain), 18 * time.Hour},
		"a Retry-After that is too short": {integrations.After(time.Second, plain), 5 * time.Second},
	} {
		if is := store.SpacedPause(1, c.err, 0.5); is != c.want {
			t.Errorf("%s: %s", name, is)
		}
	}
	if !store.SpacedFinal(integrations.Unavailable(plain), store.Row{Attempts: 13, Since: start}, start.Add(80*time.Hour), start) {
		t.Error("what is unavailable is tried for ever")
	}
}

// A day's pause is no clock that was wrong.
func TestALongPauseOfAMessageIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Endpoints = endpoints("crm")
		s := opened(t, p)
		issue(t, s, "cs_1", 1)
		exec(t, s, "UPDATE outgoing SET due = $1", p.clock.now().Add(30*time.Hour).UnixMilli())
		must(t, s.Look(t.Context()))
		running(t, s, sending(1, nil))
		until(t, "the lane is known", func() bool { _, ok := s.LaneOf("outgoing", "crm"); return ok })
		must(t, s.Look(t.Context()))
		if n := count(t, s, "outgoing WHERE due = $1", p.clock.now().Add(30*time.Hour).UnixMilli()); n != 1 {
			t.Error("it is due too soon")
		}
	})
}
