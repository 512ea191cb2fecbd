package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// While a service is away, one row after another asks whether it is back, with
// growing pauses; the rest waits untried and goes out soon after.
func TestWhileAServiceIsAwayOneRowAsksForAll(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		const rows, atOnce = 30, 2 * 2 // those that were claimed before the first answer
		p.Probe = 20 * time.Millisecond
		s := opened(t, p)
		for i := range rows {
			accept(t, s, event(fmt.Sprint(i)))
		}
		var away atomic.Bool
		away.Store(true)
		var mu sync.Mutex
		var asked []time.Time
		var now int
		running(t, s, onEvents(2, func(context.Context, *store.Event) error {
			if !away.Load() {
				return nil
			}
			mu.Lock()
			asked = append(asked, time.Now())
			if now++; now > 1 && len(asked) > atOnce {
				t.Errorf("%d ask at the same time", now)
			}
			mu.Unlock()
			<-time.After(time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return integrations.Unavailable(errors.New("connection refused"))
		}))
		until(t, "it was asked some times", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(asked) >= atOnce+4
		})
		away.Store(false)
		for i := atOnce; i < atOnce+3; i++ { // i failures came before asked[i]
			if pause := asked[i+1].Sub(asked[i]); pause < p.Probe*time.Duration(i+1) {
				t.Errorf("pause %d was %s", i, pause)
			}
		}
		until(t, "those that were not tried are done", func() bool { return count(t, s, "events WHERE state = 'done'") >= rows-len(asked)-1 })
		p.clock.advance(40 * time.Second)
		until(t, "all are done", func() bool { return count(t, s, "events WHERE state = 'done'") == rows })
	})
}

// A question that nobody was there to ask keeps no later row waiting.
func TestAServiceIsAskedByTheNextRowThatComes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		p.Probe = 100 * time.Millisecond
		s := opened(t, p)
		var away atomic.Bool
		away.Store(true)
		running(t, s, onEvents(1, func(context.Context, *store.Event) error {
			if away.Load() {
				return integrations.Unavailable(errors.New("connection refused"))
			}
			return nil
		}))
		first := accept(t, s, event("1"))
		until(t, "it is away", func() bool { return eventNow(t, s, first).Note != "" })
		away.Store(false)
		<-time.After(2 * p.Probe) // nothing is due when it could be asked
		start := time.Now()
		settled(t, s, accept(t, s, event("2")))
		if took := time.Since(start); took > 10*p.Probe {
			t.Errorf("it waited for %s", took)
		}
	})
}

// What only the operator can mend waits, and the rest goes on.
func TestABlockedRowHoldsUpNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		running(t, s, onEvents(1, func(_ context.Context, e *store.Event) error {
			if e.ExternalID == "evt_blocked" {
				return integrations.Blocked(errors.New("the certificate has expired"))
			}
			return nil
		}))
		blocked := accept(t, s, event("blocked"))
		settled(t, s, accept(t, s, event("1")))
		settled(t, s, accept(t, s, event("2")))
		until(t, "it was tried", func() bool { return eventNow(t, s, blocked).Note == "the certificate has expired" })
		if is := eventNow(t, s, blocked); is.State != store.StatePending {
			t.Errorf("%+v", is)
		}
	})
}
