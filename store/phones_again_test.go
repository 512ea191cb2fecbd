package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

func TestAPhoneThatFetchesNothingIsWokenAgainAfterGrowingPauses(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		serial := issue(t, s, "cs_1", 1).Passes[0].Serial
		register(t, s, "ada", serial)
		register(t, s, "grace", serial)
		woken := make(chan string, 10)
		running(t, s, store.Work[store.Device]{Table: store.Devices, Slots: 1, Do: func(ctx context.Context, d *store.Device) error {
			err := s.Pushed(ctx, d)
			woken <- d.Library
			return errors.Join(err, store.ErrSettled)
		}})
		refund(t, s, "cs_1", "refund", 1, false)
		receive(t, woken, "a phone")
		receive(t, woken, "the other phone")
		since(t, s, "grace", 0)
		must(t, s.Fetched(t.Context(), serial))
		begun := p.clock.now()
		var at []time.Duration
		for range 90 { // minutes
			p.clock.advance(time.Minute)
			now := p.clock.now()
			if n := got[int](t)(s.PushAgain(t.Context(), now.Add(-time.Hour), now.Add(-10*time.Minute))); n > 0 {
				if who := receive(t, woken, "the phone again"); who != "ada" {
					t.Errorf("%s is woken", who)
				}
				at = append(at, now.Sub(begun))
			}
		}
		if len(at) != 3 || at[0] != 10*time.Minute || at[1] != 20*time.Minute || at[2] != 40*time.Minute {
			t.Errorf("woken again after %v", at)
		}
	})
}
