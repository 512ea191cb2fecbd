package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/passhook/passhook/store"
)

func TestOfManyWhoRedeemAPassAtOnceOneDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		first := opened(t, p)
		doors := []*store.Store{first}
		if p.URL != "" {
			doors = append(doors, opened(t, p)) // another process
		}
		serial := issue(t, first, "cs_1", 1).Passes[0].Serial
		var redeemed, refused atomic.Int64
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				is, err := doors[i%len(doors)].Redeem(context.Background(), serial, fmt.Sprintf("api.door %d", i))
				switch {
				case err == nil:
					redeemed.Add(1)
				case errors.Is(err, store.ErrRedeemed) && !is.Redeemed.IsZero():
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if redeemed.Load() != 1 || refused.Load() != 63 {
			t.Errorf("%d redeemed it, %d were refused", redeemed.Load(), refused.Load())
		}
	})
}

func TestRedeeming(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		sold := issue(t, s, "cs_1", 2)
		serial, refunded := sold.Passes[0].Serial, sold.Passes[1].Serial
		void := later("void", 1)
		void.Source = "passhook"
		made(t, s, void, store.Change{Name: "void", Kind: store.ChangeVoid, Reason: "operator", Serial: refunded})
		for _, tc := range []struct {
			serial, by string
			want       error
		}{
			{"none", "api.door 1", store.ErrNotFound},
			{refunded, "api.door 1", store.ErrVoid},
			{serial, "api.door 1", nil},
			{serial, "api.door 1", nil},
			{serial, "api.door 2", store.ErrRedeemed},
			{serial, "api.other 1", store.ErrRedeemed},
		} {
			if _, err := s.Redeem(t.Context(), tc.serial, tc.by); !errors.Is(err, tc.want) {
				t.Errorf("%s by %s: %v, want %v", tc.serial, tc.by, err, tc.want)
			}
		}
		is := passNow(t, s, serial)
		if is.Redeemed.IsZero() || is.RedeemedBy != "api.door 1" {
			t.Errorf("redeemed at %s by %s", is.Redeemed, is.RedeemedBy)
		}
		if !passNow(t, s, refunded).Redeemed.IsZero() {
			t.Error("a void pass was redeemed")
		}
	})
}
