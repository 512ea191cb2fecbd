package store_test

import (
	"strings"
	"testing"
)

func TestHasEvent(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := event("1")
		e.Account = "acct_1"
		accept(t, s, e)
		ignored := event("2")
		ignored.Ignore = "no rule is on it"
		accept(t, s, ignored)
		backfilled := event("3")
		backfilled.Rule = "concert"
		accept(t, s, backfilled)
		for _, tc := range []struct {
			source, object, types string
			want                  bool
		}{
			{"stripe", "cs_1", "stripe.checkout.session.completed", true},
			{"stripe", "cs_1", "stripe.checkout.paid", true},
			{"stripe", "cs_1", "stripe.refunded stripe.checkout.paid", true},
			{"stripe", "cs_1", "stripe.refunded", false},
			{"stripe", "cs_1", "checkout.paid", false},
			{"hooks.shop", "cs_1", "stripe.checkout.paid", false},
			{"stripe", "cs_2", "stripe.checkout.paid", true},
			{"stripe", "cs_3", "stripe.checkout.paid", false},
			{"stripe", "cs_4", "stripe.checkout.paid", false},
		} {
			got, err := s.HasEvent(t.Context(), tc.source, tc.object, strings.Fields(tc.types)...)
			if err != nil || got != tc.want {
				t.Errorf("%+v: got %t, %v", tc, got, err)
			}
		}
	})
}
