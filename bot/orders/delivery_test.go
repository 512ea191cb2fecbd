package orders_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/integrations"
)

// Rules send passes to others as well; that is not the buyer's business.
func TestTheBuyerSeesTheFirstDeliveryOfAnOrderAlone(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	if d := b.bought(t, "1001"); d.Recipient != "ada@example.com" || len(d.Passes) != 1 {
		t.Errorf("got %d passes for %s", len(d.Passes), d.Recipient)
	}
}

func TestEveryOrderAboutAnObjectIsThere(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	b.happens(t, "more", "1001", nil)
	found, err := b.DeliveriesAbout(t.Context(), "shop", "1001")
	must(t, err)
	if len(found) != 2 {
		t.Errorf("%d deliveries", len(found))
	}
	if found, err = b.DeliveriesAbout(t.Context(), "stripe", "1001"); err != nil || len(found) > 0 {
		t.Errorf("another source has %d, %v", len(found), err)
	}
}

// inputs are the names and values of what the buyer may change.
func inputs(d *orders.Delivery) string {
	var out []string
	for _, in := range d.Passes[0].Inputs {
		out = append(out, in.Name+"="+in.Value)
	}
	return strings.Join(out, " ")
}

func TestWhatTheBuyerMayChange(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	b.happens(t, "more", "1002", nil)
	const all = "holder=Ada Lovelace seat=A1 class="
	for _, tc := range []struct {
		name, object, want string
		before             func()
	}{
		{"the template's inputs for buyers", "1001", all, nil},
		{"of a template without them nothing", "1002", "", nil},
		{"just before the end", "1001", all, func() { b.later(29*time.Hour + 59*time.Minute) }},
		{"of a void pass nothing", "1001", "", func() {
			b.happens(t, "refunded", "1001", func(e *integrations.Completed) {
				e.Effects = []integrations.Effect{{Reason: integrations.ReasonRefund, Refs: []string{"1001"}}}
			})
		}},
		{"given back", "1001", all, func() {
			b.later(time.Second)
			b.happens(t, "failed", "1001", func(e *integrations.Completed) {
				e.Effects = []integrations.Effect{{Reason: integrations.ReasonRefund, Lift: true, Refs: []string{"1001"}}}
			})
		}},
		{"at the end nothing", "1001", "", func() { b.later(time.Minute) }},
	} {
		if tc.before != nil {
			tc.before()
		}
		d := b.bought(t, tc.object)
		if got := inputs(d); got != tc.want || d.Passes[0].Editable != (tc.want != "") {
			t.Errorf("%s: got %q, editable %t", tc.name, got, d.Passes[0].Editable)
		}
	}
}

func TestRename(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	for _, tc := range []struct {
		name, input, given, want, refused string
	}{
		{"another name", "holder", "Grace Hopper", "holder=Grace Hopper seat=A1 class=", ""},
		{"an optional input is emptied", "seat", " ", "holder=Grace Hopper seat= class=", ""},
		{"and filled again", "seat", "B2", "holder=Grace Hopper seat=B2 class=", ""},
		{"a required one is not emptied", "holder", "\u200e \t", "", "holder must not be empty"},
		{"too long", "holder", strings.Repeat("ä", 201), "", "holder is too long"},
		{"long enough", "holder", strings.Repeat("ä", 200), "holder=" + strings.Repeat("ä", 200) + " seat=B2 class=", ""},
		{"signs that turn text", "holder", "Ada\u202e Lovelace\u2066\x00", "holder=Ada Lovelace seat=B2 class=", ""},
		{"no option of the list", "class", "cellar", "", "class"},
		{"an option", "class", "floor", "holder=Ada Lovelace seat=B2 class=floor", ""},
		{"an input that is not the buyer's", "starts", "2030-01-01T00:00:00Z", "holder=Ada Lovelace seat=B2 class=floor", ""},
	} {
		b.later(time.Second)
		d := b.bought(t, "1001")
		err := b.Rename(t.Context(), d, d.Passes[0].Serial, map[string]string{tc.input: tc.given})
		var refused orders.Refused
		if errors.As(err, &refused) != (tc.refused != "") || !strings.Contains(fmt.Sprint(err), tc.refused) {
			t.Errorf("%s: got %v", tc.name, err)
			continue
		}
		if got := inputs(b.bought(t, "1001")); tc.want != "" && got != tc.want {
			t.Errorf("%s: got %q", tc.name, got)
		}
	}
}

func TestAPassOfAnotherOrderIsNotRenamed(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	b.sold(t, "1002")
	other := b.bought(t, "1002").Passes[0].Serial
	if err := b.Rename(t.Context(), b.bought(t, "1001"), other, map[string]string{"holder": "Eve"}); !errors.As(err, new(orders.Refused)) {
		t.Errorf("got %v", err)
	}
	if got := inputs(b.bought(t, "1002")); !strings.HasPrefix(got, "holder=Ada") {
		t.Errorf("got %q", got)
	}
}
