package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

func delivery(t testing.TB, s *store.Store, id string) store.Delivery {
	t.Helper()
	found := got[[]store.Delivery](t)(s.FindDeliveries(t.Context(), store.Filter{Query: id}))
	if len(found) != 1 {
		t.Fatalf("%d deliveries are %s", len(found), id)
	}
	return found[0]
}

func claimedDelivery(t testing.TB, s *store.Store, id string) *store.Delivery {
	t.Helper()
	d, ok, err := s.ClaimDelivery(t.Context(), id)
	if must(t, err); !ok {
		t.Fatal("not claimed")
	}
	return d
}

// A new delivery takes the place of one that waits: else both would go.
func TestAResendReplacesWhatWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		old := issue(t, s, "cs_1", 2).Deliveries[0]
		p.clock.advance(time.Minute)
		id := got[string](t)(s.Resend(t.Context(), old.ID, "right@example.com", 0))
		is, was := delivery(t, s, id), delivery(t, s, old.ID)
		if was.State != store.StateDead || was.Note != "replaced by delivery "+id || count(t, s, "deliveries WHERE told") != 1 {
			t.Errorf("the old one: %+v", was)
		}
		if is.State != store.StatePending || is.Recipient != "right@example.com" || is.ResendOf != old.ID || !slices.Equal(is.Passes, old.Passes) || is.LinkHash != old.LinkHash ||
			is.LinkKey != old.LinkKey || is.SecretID != old.SecretID || is.OrderID != old.OrderID || !is.Since.Equal(p.clock.now()) || !is.Due.Equal(p.clock.now()) {
			t.Errorf("the new one: %+v", is)
		}
		if _, ok, _ := s.ClaimDelivery(t.Context(), old.ID); ok {
			t.Error("the old one could be claimed")
		}
	})
}

// What is under way, or ended, stays what it is.
func TestAResendLeavesWhatDoesNotWait(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		d := claimedDelivery(t, s, issue(t, s, "cs_1", 1).Deliveries[0].ID)
		got[string](t)(s.Resend(t.Context(), d.ID, "", 0))
		if is := delivery(t, s, d.ID); is.State != store.StatePending || is.Attempts != 1 {
			t.Errorf("the one under way: %+v", is)
		}
		must(t, s.SettleDelivery(t.Context(), d, store.StateSent, ""))
		id := got[string](t)(s.Resend(t.Context(), d.ID, "", 0))
		if is := delivery(t, s, d.ID); is.State != store.StateSent {
			t.Errorf("the one that was sent: %+v", is)
		}
		if is := delivery(t, s, id); is.Recipient != d.Recipient {
			t.Errorf("to %s", is.Recipient)
		}
		if _, err := s.Resend(t.Context(), "none", "", 0); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("what is not there: %v", err)
		}
	})
}

// However many ask at once, on however many processes, and of whichever of a
// page's deliveries.
func TestResendsOfOnePageAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		const most = 5
		s := opened(t, p)
		stores := []*store.Store{s, s}
		if p.URL != "" {
			stores[1] = opened(t, p)
		}
		first := issue(t, s, "cs_1", 1).Deliveries[0].ID
		ids := []string{first, got[string](t)(s.Resend(t.Context(), first, "", most))}
		var all sync.WaitGroup
		var queued, refused atomic.Int64
		for i := range 60 {
			all.Go(func() {
				switch _, err := stores[i%2].Resend(t.Context(), ids[i/2%2], fmt.Sprintf("%d@example.com", i), most); {
				case err == nil:
					queued.Add(1)
				case errors.Is(err, store.ErrTooMany):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := count(t, s, "deliveries"); queued.Load() != most-1 || refused.Load() != 60-most+1 || n != 1+most {
			t.Errorf("%d queued, %d refused, %d deliveries", queued.Load(), refused.Load(), n)
		}
		other := issue(t, s, "cs_2", 1).Deliveries[0].ID
		got[string](t)(s.Resend(t.Context(), other, "", most)) // another page
		got[string](t)(s.Resend(t.Context(), first, "", 0))    // the operator
	})
}

func TestResendDeadSendsEachAgainOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		die := func(object string) string {
			id := issue(t, s, object, 1).Deliveries[0].ID
			must(t, s.SettleDelivery(t.Context(), claimedDelivery(t, s, id), store.StateDead, "550"))
			return id
		}
		die("cs_before")
		p.clock.advance(time.Hour)
		since := p.clock.now()
		dead := []string{die("cs_1"), die("cs_2"), die("cs_3")}
		got[string](t)(s.Resend(t.Context(), dead[1], "", 0))
		issue(t, s, "cs_waits", 1)
		if n := got[int](t)(s.ResendDead(t.Context(), since)); n != 2 {
			t.Errorf("%d were queued", n)
		}
		for _, id := range dead {
			if n := count(t, s, "deliveries WHERE resend_of = $1", id); n != 1 {
				t.Errorf("%s was sent again %d times", id, n)
			}
		}
		if n := got[int](t)(s.ResendDead(t.Context(), since)); n != 0 {
			t.Errorf("%d were queued again", n)
		}
	})
}

func TestAPageHasAllItsDeliveriesTheOldestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var want []string
		for i := range 3 { // of several orders about one checkout
			in := order(claimed(t, s, event(fmt.Sprint(i))), "cs_1", i, 1)
			want = append(want, got[store.Issued](t)(s.Issue(t.Context(), in)).Deliveries[0].ID)
		}
		issue(t, s, "cs_2", 1)
		want = append(want, got[string](t)(s.Resend(t.Context(), want[0], "", 0)))
		var ids, passes []string
		for _, d := range got[[]store.Delivery](t)(s.DeliveriesByLink(t.Context(), "page-cs_1")) {
			ids, passes = append(ids, d.ID), append(passes, d.Passes...)
		}
		if !slices.Equal(ids, want) || strings.Join(passes, " ") != "serial-cs_1/0 serial-cs_1/1 serial-cs_1/2 serial-cs_1/0" {
			t.Errorf("got %v with %v, want %v", ids, passes, want)
		}
		if about := got[[]store.Delivery](t)(s.DeliveriesAbout(t.Context(), "stripe", "cs_1")); len(about) != 4 || about[0].ID != want[0] {
			t.Errorf("about the object: %+v", about)
		}
		exec(t, s, "UPDATE deliveries SET link_hash = ''") // as those from before there were pages
		if none := got[[]store.Delivery](t)(s.DeliveriesByLink(t.Context(), "")); len(none) != 0 {
			t.Errorf("no link found %d", len(none))
		}
	})
}

// Just before a mail can no longer be taken back.
func TestConfirmSaysThatAClaimIsLost(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	s := opened(t, p)
	d := claimedDelivery(t, s, issue(t, s, "cs_1", 1).Deliveries[0].ID)
	p.clock.advance(store.Lease - time.Second)
	must(t, s.Confirm(t.Context(), d))
	p.clock.advance(store.Lease - time.Second)
	if _, ok, _ := s.ClaimDelivery(t.Context(), d.ID); ok {
		t.Fatal("the claim was not renewed")
	}
	p.clock.advance(time.Second)
	claimedDelivery(t, s, d.ID)
	if err := s.Confirm(t.Context(), d); !errors.Is(err, store.ErrLost) {
		t.Errorf("got %v", err)
	}
}

// A delivery without its passes would end dead.
func TestPassesThatCannotBeReadAreAnError(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		d := got[store.Issued](t)(s.Issue(t.Context(), order(e, "cs_1", 0, 1))).Deliveries[0]
		exec(t, s, "ALTER TABLE delivery_passes RENAME TO gone")
		for name, f := range map[string]func() error{
			"PassesOf":         func() error { _, err := s.PassesOf(t.Context(), d.ID); return err },
			"IssuedBy":         func() error { _, _, err := s.IssuedBy(t.Context(), e.ID); return err },
			"DeliveriesByLink": func() error { _, err := s.DeliveriesByLink(t.Context(), d.LinkHash); return err },
			"DeliveriesAbout":  func() error { _, err := s.DeliveriesAbout(t.Context(), "stripe", "cs_1"); return err },
			"FindDeliveries":   func() error { _, err := s.FindDeliveries(t.Context(), store.Filter{}); return err },
			"Resend":           func() error { _, err := s.Resend(t.Context(), d.ID, "", 0); return err },
			"Issue": func() error {
				_, err := s.Issue(t.Context(), order(claimed(t, s, event("2")), "cs_2", 0, 1))
				return err
			},
		} {
			if err := f(); err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
