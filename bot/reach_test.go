package bot_test

import (
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
)

const reachRules = `
- {name: sold, on: ["*.sold"], action: upsert, key: "${{ data.key }}", template: concert, with: {holder: Ada Lovelace, seat: A1}}
- {name: by-ref, on: ["*.refunded"], action: void}
- {name: moved, on: ["*.moved"], action: update, with: {seat: stolen}}
- {name: by-key, on: ["*.cancelled"], action: void, key: "${{ data.key }}"}
- {name: again, on: ["*.again"], action: upsert, key: "${{ data.key }}", template: concert, with: {holder: Mallory}}
`

// from is an event of any source, mode and account about an order and a key.
func (s *shop) from(source, name, order, key string, live bool, account string) integrations.Event {
	e := integrations.Event{
		Source: source, Type: source + "." + name, ExternalID: name + order + key, Object: order, Live: live, Account: account, Refs: []string{order},
		Time: s.event("now", 0, nil).Time, Data: []byte(`{"key":"` + key + `"}`),
	}
	if name != "sold" {
		e.Time = e.Time.AddDate(0, 0, 1)
	}
	s.events.Store(source+" "+e.ExternalID, e)
	return e
}

// Whatever a sender of one hook says, it reaches no pass of another source, mode
// or account: not by a ref, not by a key, not by a serial number.
func TestASenderReachesNoPassThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b, s := newShop(t, database, reachRules)
		victims := map[string]integrations.Event{
			"another hook": s.from("hooks.b", "sold", "1001", "K1", true, ""), "Stripe": s.from("stripe-like", "sold", "1001", "K1", true, ""),
			"an API key": s.from("api.website", "sold", "1001", "K1", true, ""), "test mode": s.from("hooks.a", "sold", "1001", "K1", false, ""), "another account": s.from("hooks.a", "sold", "1001x", "K1", true, "acct_1"),
		}
		serials := map[string]string{}
		for name, e := range victims {
			serials[name] = b.only(t, b.accepted(t, false, e)[0].ID).Serial
		}
		for name, serial := range serials {
			for _, ref := range []string{"1001", "1001x", "K1", "key:K1", serial, "serial:" + serial, "unit:" + serial, "ref:1001"} {
				for _, what := range []string{"refunded", "moved", "cancelled", "again"} {
					b.accepted(t, false, s.from("hooks.a", what, ref, strings.TrimPrefix(ref, "key:"), true, ""))
				}
			}
			p, err := b.store.PassBySerial(t.Context(), serial)
			must(t, err)
			if len(p.Void) > 0 || strings.Contains(string(p.Inputs), "stolen") || strings.Contains(string(p.Inputs), "Mallory") {
				t.Errorf("%s: void %q, inputs %s", name, p.Void, p.Inputs)
			}
		}
	})
}
