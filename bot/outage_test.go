package bot_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// outage is a shop and a mail server, of which one or both are out of order.
type outage struct {
	*bench
	shop             shop
	noShop, noMail   atomic.Bool
	orders, attempts atomic.Int64
}

func (o *outage) Types() (map[string]integrations.TypeInfo, error) { return o.shop.Types() }

func (o *outage) Decode(body []byte) (integrations.Event, error) { return o.shop.Decode(body) }

func (o *outage) Complete(ctx context.Context, e integrations.Event) (integrations.Completed, error) {
	if o.noShop.Load() {
		o.attempts.Add(1)
		return integrations.Completed{}, integrations.Unavailable(errors.New("the shop is out of order"))
	}
	return o.shop.Complete(ctx, e)
}

func newOutage(t *testing.T, now func() time.Time) *outage {
	t.Helper()
	o := new(outage)
	o.bench = newBench(t, options{now: now, fail: func(stage, _, _ string, _ int) error {
		if stage != "mail" || !o.noMail.Load() {
			return nil
		}
		o.attempts.Add(1)
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "closing"}
	}})
	o.engine.Sources["shop"] = o
	program, found := compile(t, shopRules, o.keys)
	must(t, found.Err())
	o.engine.SetProgram(program)
	return o
}

// order accepts an order of its own.
func (o *outage) order(t *testing.T) (eventID string) {
	t.Helper()
	n := o.orders.Add(1)
	id, _, err := o.engine.Accept(t.Context(), o.shop.event(fmt.Sprintf("sold%d", n), 0, func(e *integrations.Completed) {
		e.Type, e.Object, e.Refs = "shop.sold", e.ExternalID, []string{e.ExternalID}
	}))
	must(t, err)
	return id
}

var outages = []struct {
	name string
	of   func(*outage) *atomic.Bool
}{
	{"the mail server", func(o *outage) *atomic.Bool { return &o.noMail }},
	{"the source's API", func(o *outage) *atomic.Bool { return &o.noShop }},
}

func TestWhatWaitedForAServiceGoesOutWithinAMinuteWhenItIsBack(t *testing.T) {
	t.Parallel()
	for _, tc := range outages {
		t.Run(tc.name, func(t *testing.T) {
			c := newClock()
			o := newOutage(t, c.now)
			o.notices()
			away := tc.of(o)
			away.Store(true)
			ids := []string{o.order(t), o.order(t), o.order(t)}
			o.pass(t, c, 10*time.Minute, 30*time.Second)
			o.pass(t, c, 6*24*time.Hour, 12*time.Hour)
			o.runs(t, c, ids[0])
			away.Store(false)
			c.forward(time.Minute)
			o.work(t)
			for _, id := range ids {
				if e, _, d := o.now(t, id); e.State != store.StateDone || len(d) != 1 || d[0].State != store.StateSent {
					t.Errorf("the event is %s, %s; deliveries %+v", e.State, e.Note, d)
				}
			}
		})
	}
}

// However many orders wait, one after the other asks whether the service is
// back, with pauses that grow from 20 ms.
func TestAServiceThatIsAwayIsNotHammered(t *testing.T) {
	for _, tc := range outages {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			o := newOutage(t, c.now)
			away := tc.of(o)
			away.Store(true)
			o.run(t)
			first := o.order(t)
			ids := []string{first}
			o.waiting(t, first)
			begun, before := time.Now(), o.attempts.Load()
			for range 40 {
				ids = append(ids, o.order(t))
			}
			for o.attempts.Load() < before+4 {
				o.tick(t)
			}
			took, asked := time.Since(begun), int(o.attempts.Load()-before)
			if least := time.Duration(asked*(asked-1)/2) * probe; took < least {
				t.Errorf("asked %d times within %s; one at a time takes %s", asked, took, least)
			}
			away.Store(false)
			defer c.running()()
			for _, id := range ids {
				if e, _, d := o.settled(t, id); e.State != store.StateDone || d[0].State != store.StateSent {
					t.Errorf("the event is %s, %s; deliveries %+v", e.State, e.Note, d)
				}
			}
		})
	}
}

// running lets the clock run, fifty times as fast as the world's, until the result
// is called: what was tried just before the service came back is due later.
func (c *clock) running() (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				c.forward(time.Second)
			}
		}
	})
	return func() { close(done); all.Wait() }
}

// waiting waits until the first try of an event, or of its delivery, has failed.
func (o *outage) waiting(t *testing.T, id string) {
	t.Helper()
	for {
		e, _, d := o.now(t, id)
		if e.Note != "" && e.State == store.StatePending || len(d) > 0 && d[0].Note != "" {
			return
		}
		o.tick(t)
	}
}

// tick lets the engine work for a moment.
func (b *bench) tick(t *testing.T) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.Fatal("the test ended")
	case <-time.After(2 * time.Millisecond):
	}
}
