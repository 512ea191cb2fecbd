package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

const tickets = "pass.com.example.tickets"

// register has a phone register a pass.
func register(t testing.TB, s *store.Store, phone, serial string) (created bool) {
	t.Helper()
	return got[bool](t)(s.Register(t.Context(), phone, tickets, serial, "token-"+phone))
}

// since are the passes of a phone that changed after a version, and the newest.
func since(t testing.TB, s *store.Store, phone string, version int64) (string, int64) {
	t.Helper()
	serials, last, err := s.ChangedSince(t.Context(), phone, tickets, version)
	must(t, err)
	return strings.Join(serials, " "), last
}

// refund makes a pass of an order void, or valid again.
func refund(t testing.TB, s *store.Store, object, id string, minutes int, lift bool) {
	t.Helper()
	c := store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{object}}
	if lift {
		c.Kind = store.ChangeLift
	}
	made(t, s, later(id, minutes), c)
}

func TestAPhoneIsToldOfWhatChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		one := issue(t, s, "cs_1", 1).Passes[0].Serial
		two := issue(t, s, "cs_2", 1).Passes[0].Serial
		if !register(t, s, "ada", one) || !register(t, s, "ada", two) || !register(t, s, "grace", two) || register(t, s, "ada", one) {
			t.Error("registrations are not told from repeats")
		}
		if serials, last := since(t, s, "ada", 0); serials != "" || last != 0 {
			t.Errorf("before anything changed: %s, %d", serials, last)
		}
		refund(t, s, "cs_2", "refund", 1, false)
		serials, first := since(t, s, "ada", 0)
		if serials != two || first == 0 {
			t.Errorf("after a refund: %s, %d", serials, first)
		}
		if serials, _ := since(t, s, "ada", first); serials != "" {
			t.Errorf("again: %s", serials)
		}
		if serials, _ := since(t, s, "grace", 0); serials != two {
			t.Errorf("another phone: %s", serials)
		}
		// The clock is set back; versions are not.
		p.clock.advance(-24 * time.Hour)
		refund(t, s, "cs_1", "refund of the other", 2, false)
		refund(t, s, "cs_2", "failed", 3, true)
		if serials, last := since(t, s, "ada", first); serials != strings.Join(sorted(one, two), " ") || last <= first {
			t.Errorf("after a step back: %s, %d after %d", serials, last, first)
		}
		if _, _, err := s.ChangedSince(t.Context(), "nobody", tickets, 0); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown phone: %v", err)
		}
		if _, err := s.Register(t.Context(), "ada", tickets, "nothing", "token"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown pass: %v", err)
		}
	})
}

func sorted(serials ...string) []string { return slices.Sorted(slices.Values(serials)) }

func TestWhatChangedBetweenDownloadAndRegistrationIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		serial := issue(t, s, "cs_1", 1).Passes[0].Serial
		refund(t, s, "cs_1", "refund", 1, false)
		register(t, s, "ada", serial)
		if serials, last := since(t, s, "ada", 0); serials != serial || last == 0 {
			t.Errorf("%s, %d", serials, last)
		}
	})
}

func TestVersionsGrowInTheOrderOfCommits(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		first := opened(t, p)
		processes := []*store.Store{first}
		if p.URL != "" {
			processes = append(processes, opened(t, p))
		}
		const passes = 24
		for i := range passes {
			register(t, first, "ada", issue(t, first, fmt.Sprintf("cs_%d", i), 1).Passes[0].Serial)
		}
		var all sync.WaitGroup
		done := make(chan struct{})
		for i := range passes {
			all.Go(func() {
				refund(t, processes[i%len(processes)], fmt.Sprintf("cs_%d", i), fmt.Sprintf("refund %d", i), 1, false)
			})
		}
		go func() { all.Wait(); close(done) }()
		// A phone that asks all the time, and each time with what it got, hears of
		// every pass.
		heard, version := map[string]bool{}, int64(0)
		for ended := false; ; {
			serials, last, err := first.ChangedSince(context.Background(), "ada", tickets, version)
			must(t, err)
			for _, serial := range serials {
				heard[serial] = true
			}
			version = max(version, last)
			if ended {
				break
			}
			select {
			case <-done:
				ended = true
			default:
			}
		}
		if len(heard) != passes {
			t.Errorf("heard of %d of %d passes", len(heard), passes)
		}
	})
}

func TestAPhoneIsWokenForWhatItShouldHave(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		serial := issue(t, s, "cs_1", 1).Passes[0].Serial
		register(t, s, "ada", serial)
		woken := make(chan store.Device, 10)
		again := make(chan bool)
		stop := running(t, s, store.Work[store.Device]{Table: store.Devices, Slots: 2, Do: func(ctx context.Context, d *store.Device) error {
			woken <- *d
			<-again
			if err := s.Pushed(ctx, d); err != nil {
				return err
			}
			return store.ErrSettled
		}})
		nothing(t, woken, "a phone was woken for nothing")
		refund(t, s, "cs_1", "refund", 1, false)
		d := receive(t, woken, "the wake-up")
		// Meanwhile it changes twice: that is one more wake-up.
		refund(t, s, "cs_1", "failed", 2, true)
		refund(t, s, "cs_1", "refund again", 3, false)
		again <- true
		e := receive(t, woken, "the second wake-up")
		again <- true
		if d.PushToken != "token-ada" || e.Wanted <= d.Wanted {
			t.Errorf("%+v, then %+v", d, e)
		}
		nothing(t, woken, "a third wake-up")
		stop()
	})
}

func TestARotatedTokenReachesEveryRegistration(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		one, two := issue(t, s, "cs_1", 1).Passes[0].Serial, issue(t, s, "cs_2", 1).Passes[0].Serial
		register(t, s, "ada", one)
		got[bool](t)(s.Register(t.Context(), "ada", tickets, two, "a new token"))
		phones := got[[]store.Registration](t)(s.PhonesOf(t.Context(), one, 10))
		if len(phones) != 1 || phones[0].PushToken != "a new token" {
			t.Errorf("%+v", phones)
		}
		// What the old token led to forgets nobody.
		old := phones[0].Device
		old.PushToken = "token-ada"
		must(t, s.Forget(t.Context(), &old))
		if n := count(t, s, "registrations"); n != 2 {
			t.Errorf("%d registrations", n)
		}
		must(t, s.Forget(t.Context(), &phones[0].Device))
		if n := count(t, s, "registrations") + count(t, s, "devices"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestAPhoneThatRemovesItsLastPassIsForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		one, two := issue(t, s, "cs_1", 1).Passes[0].Serial, issue(t, s, "cs_2", 1).Passes[0].Serial
		must(t, s.Unregister(t.Context(), "ada", tickets, one)) // before any POST
		register(t, s, "ada", one)
		register(t, s, "ada", two)
		must(t, s.Unregister(t.Context(), "ada", tickets, one))
		if n := count(t, s, "devices"); n != 1 {
			t.Errorf("%d phones", n)
		}
		must(t, s.Unregister(t.Context(), "ada", tickets, two))
		must(t, s.Unregister(t.Context(), "ada", tickets, two))
		if n := count(t, s, "devices"); n != 0 {
			t.Errorf("%d phones", n)
		}
		var kinds []string
		for _, kind := range []string{"installed", "removed"} {
			kinds = append(kinds, fmt.Sprint(kind, " ", count(t, s, "activity WHERE kind = '"+kind+"'")))
		}
		if strings.Join(kinds, ", ") != "installed 2, removed 2" {
			t.Errorf("%s", kinds)
		}
	})
}

func TestWhoIsBehindIsKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		serial := issue(t, s, "cs_1", 1).Passes[0].Serial
		register(t, s, "ada", serial)
		register(t, s, "grace", serial)
		behind := func() string {
			var out []string
			for _, r := range got[[]store.Registration](t)(s.Stale(t.Context(), time.Time{}, time.Now().Add(100*365*24*time.Hour), 10)) {
				out = append(out, r.Library)
			}
			if is := got[bool](t)(s.Behind(t.Context(), serial)); is != (len(out) > 0) {
				t.Errorf("the pass is behind: %v; phones: %q", is, out)
			}
			return strings.Join(sorted(out...), " ")
		}
		for _, step := range []struct {
			name string
			do   func()
			want string
		}{
			{"at first", func() {}, ""},
			{"refunded", func() { refund(t, s, "cs_1", "refund", 1, false) }, "ada grace"},
			{"fetched by somebody who was not told of it", func() { must(t, s.Fetched(t.Context(), serial)) }, "ada grace"},
			{"one asked", func() { since(t, s, "ada", 0) }, "ada grace"},
			{"and fetched", func() { must(t, s.Fetched(t.Context(), serial)) }, "grace"},
			{"the other as well", func() { since(t, s, "grace", 0); must(t, s.Fetched(t.Context(), serial)) }, ""},
			{"it failed", func() { refund(t, s, "cs_1", "failed", 2, true) }, "ada grace"},
		} {
			if step.do(); behind() != step.want {
				t.Errorf("%s: %q is behind, want %q", step.name, behind(), step.want)
			}
		}
	})
}

func TestManyPhonesOfAPassAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		serial := issue(t, s, "cs_1", 1).Passes[0].Serial
		for i := range 510 {
			p.clock.advance(time.Second)
			register(t, s, fmt.Sprint("phone ", i), serial)
		}
		if n := count(t, s, "registrations"); n != 500 {
			t.Errorf("%d registrations", n)
		}
		newest := got[[]store.Registration](t)(s.PhonesOf(t.Context(), serial, 1))
		if len(newest) != 1 || newest[0].Library != "phone 509" {
			t.Errorf("%+v", newest)
		}
	})
}

func TestWhatPhonesSayIsKeptAndBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for range 11 {
			lines := make([]store.PhoneLog, 1000)
			for i := range lines {
				lines[i] = store.PhoneLog{Serial: "s1", Text: "Get serial numbers task (for device ada, pass type pass.com.example.tickets) encountered error"}
			}
			must(t, s.PutPhoneLogs(t.Context(), lines))
		}
		must(t, s.PutPhoneLogs(t.Context(), []store.PhoneLog{{Text: "the last\x00"}}))
		if n := count(t, s, "phone_logs"); n != 10_000 {
			t.Errorf("%d lines", n)
		}
		all := got[[]store.PhoneLog](t)(s.PhoneLogs(t.Context(), "", 2))
		one := got[[]store.PhoneLog](t)(s.PhoneLogs(t.Context(), "s1", 2))
		if len(all) != 2 || all[0].Text != "the last\uFFFD" || len(one) != 2 || one[0].Serial != "s1" {
			t.Errorf("%+v %+v", all, one)
		}
	})
}
