package bot_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

var ada = integrations.Order{Name: "ada", Template: "concert", Inputs: map[string]any{"holder": "Ada Lovelace"}, To: []integrations.Recipient{{Channel: "email", Address: "ada@example.com"}}}

// but is an order with something changed.
func but(o integrations.Order, edit func(*integrations.Order)) integrations.Order {
	edit(&o)
	return o
}

// ask is an event that orders passes itself; no rule is on it.
func (s *shop) ask(id string, edit func(*integrations.Completed), orders ...integrations.Order) integrations.Event {
	return s.event(id, 0, func(e *integrations.Completed) {
		e.Orders, e.Attention = orders, "ordered by hand"
		if edit != nil {
			edit(e)
		}
	})
}

func TestAnOrderNeedsNoRule(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b, s := newShop(t, database, "[]")
		must(t, b.engine.Do(t.Context(), s.ask("one", nil, ada)))
		must(t, b.smtp.Wait(t.Context(), 1)) // Do waited for the pass
		found, err := b.store.FindPasses(t.Context(), store.Filter{})
		must(t, err)
		if len(found) != 1 || found[0].Rule != "" || found[0].Item != "ada" || found[0].Template != "concert" || b.smtp.Messages()[0].To[0] != "ada@example.com" {
			t.Errorf("%+v, mails to %v", found, b.smtp.Messages()[0].To)
		}
	})
}

func TestWhoeverWaitsForAnOrderReadsWhatIsWrong(t *testing.T) {
	b, s := newShop(t, "", "[]")
	err := b.engine.Do(t.Context(), s.ask("one", nil, but(ada, func(o *integrations.Order) { o.Template = "ballet" })))
	if err == nil || !strings.Contains(err.Error(), `"ballet" does not exist`) {
		t.Errorf("Do says %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	late := &slow{shop: s, cancel: cancel, given: make(chan struct{})}
	b.engine.Sources["shop"] = late
	err = b.engine.Do(ctx, s.ask("two", nil, ada))
	close(late.given)
	if err == nil || !strings.Contains(err.Error(), "it is accepted, but not done yet") {
		t.Errorf("Do says %v", err)
	}
	must(t, b.smtp.Wait(t.Context(), 1)) // who gives up has the order all the same
}

// slow is a shop whose orders take longer than whoever waits for them.
type slow struct {
	*shop
	cancel func()
	// given is closed when whoever waits has given up.
	given chan struct{}
}

func (s *slow) Complete(ctx context.Context, e integrations.Event) (integrations.Completed, error) {
	s.cancel()
	<-s.given
	return s.shop.Complete(ctx, e)
}

// An order's pass is unique by its source, account, mode, object and name.
func TestTheSameOrderIsOnePass(t *testing.T) {
	b, s := newShop(t, "", "[]")
	same := func(e *integrations.Completed) {}
	for i, tc := range []struct {
		edit  func(*integrations.Completed)
		order integrations.Order
		fresh int
	}{
		{same, ada, 1},
		{same, ada, 0},
		{same, but(ada, func(o *integrations.Order) { o.Inputs = map[string]any{"holder": "Bob"} }), 0},
		{same, but(ada, func(o *integrations.Order) { o.Name = "bob" }), 1},
		{func(e *integrations.Completed) { e.Object = "1002" }, ada, 1},
		{func(e *integrations.Completed) { e.Account = "acct_1" }, ada, 1},
		{func(e *integrations.Completed) { e.Live = false }, ada, 1},
	} {
		id := b.accept(t, s.ask(string(rune('a'+i)), tc.edit, tc.order))
		if _, issued, d := b.settled(t, id); len(issued) != tc.fresh || len(d) != tc.fresh {
			t.Errorf("order %d: %d passes, %d deliveries, want %d", i+1, len(issued), len(d), tc.fresh)
		}
	}
}

func TestOrdersOfOneEventGoOutTogether(t *testing.T) {
	b, s := newShop(t, "", "[]")
	id := b.accept(t, s.ask("one", nil, ada, but(ada, func(o *integrations.Order) { o.Name = "guest" }), but(ada, func(o *integrations.Order) { o.Name, o.To = "nobody", nil })))
	if _, issued, d := b.settled(t, id); len(issued) != 3 || len(d) != 1 || len(d[0].Passes) != 2 || len(b.smtp.Messages()) != 1 {
		t.Errorf("%d passes, deliveries %+v, %d mails", len(issued), d, len(b.smtp.Messages()))
	}
}

func TestARestoredBackupIssuesTheSameOrder(t *testing.T) {
	var first []string
	for range 2 {
		b, s := newShop(t, "", "[]")
		id := b.accept(t, s.ask("one", nil, ada))
		_, issued, _ := b.settled(t, id)
		now := append(serials(issued), issued[0].LinkHash, b.mailID(0))
		if first != nil && !slices.Equal(now, first) {
			t.Errorf("got %v, then %v", first, now)
		}
		first = now
	}
}

func TestADraftSaysWhatIsWrongBeforeThereIsAnOrder(t *testing.T) {
	b := newBench(t, options{})
	for want, o := range map[string]integrations.Order{
		"": ada,
		`template: "ballet" does not exist; there is concert, coupon, member`: but(ada, func(o *integrations.Order) { o.Template = "ballet" }),
		"template concert: holder is required":                                but(ada, func(o *integrations.Order) { o.Inputs = nil }),
		"template concert: number must be a number":                           but(ada, func(o *integrations.Order) { o.Inputs = map[string]any{"holder": "Ada", "number": "front"} }),
		"template concert: seet":                                              but(ada, func(o *integrations.Order) { o.Inputs = map[string]any{"holder": "Ada", "seet": "A1"} }),
		"deliver: email: the address":                                         but(ada, func(o *integrations.Order) { o.To = []integrations.Recipient{{Channel: "email", Address: "ada"}} }),
	} {
		err := b.engine.Program().Draft(o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if e, err := b.store.FindEvents(t.Context(), store.Filter{}); err != nil || len(e) != 0 {
		t.Errorf("a draft left %d events, %v", len(e), err)
	}
}

func TestOrdersOfTestModeGoToTheTestRecipientOnly(t *testing.T) {
	b, s := newShop(t, "", "[]")
	b.settled(t, b.accept(t, s.ask("one", func(e *integrations.Completed) {
		e.Live, e.Redirect = false, integrations.Recipient{Channel: "email", Address: "me@example.com"}
	}, ada)))
	if mails := b.smtp.Messages(); len(mails) != 1 || mails[0].To[0] != "me@example.com" {
		t.Errorf("%d mails", len(mails))
	}
}
