package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/passhook/passhook/integrations"
)

// lane works on the due rows of one table and one service, the oldest first.
type lane struct {
	*ledger
	worker Worker
	table  table
	name   string
	slots  int
	after  string
	signal chan struct{}
	// queue has claims that wait for a slot.
	queue chan *claim
	// working is how many claims there are, in the queue or at work.
	working atomic.Int64
	// oldest is when the row that waits longest was due, in Unix nanoseconds of
	// this machine's clock; 0: none waits.
	oldest  atomic.Int64
	breaker breaker
	// yields is since when claims wait for the end of a burst.
	yields time.Time
}

func newLane(l *ledger, w Worker, name string) *lane {
	t, slots, after := w.of()
	return &lane{
		ledger: l, worker: w, table: t, name: name, slots: slots, after: after,
		signal: make(chan struct{}, 1), queue: make(chan *claim, 2*slots), breaker: breaker{first: l.store.config.Probe},
	}
}

func (n *lane) wake() {
	select {
	case n.signal <- struct{}{}:
	default:
	}
}

// waits is how long the oldest row has been due. A service that is unavailable
// makes nobody wait for us.
func (n *lane) waits() time.Duration {
	at := n.oldest.Load()
	if at == 0 || n.breaker.isOpen() {
		return 0
	}
	return time.Since(time.Unix(0, at))
}

// run claims and works until ctx ends, gives back what waits, and lets the rest
// finish.
func (n *lane) run(ctx context.Context) {
	var slots sync.WaitGroup
	for range n.slots {
		slots.Go(func() {
			for c := range n.queue {
				n.work(c)
			}
		})
	}
	n.dispatch(ctx)
	close(n.queue)
	slots.Wait()
}

// dispatch fills the queue whenever there is room and something is due.
func (n *lane) dispatch(ctx context.Context) {
	const look = 20 * time.Millisecond
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.signal:
		case <-again:
		}
		again = nil
		more, err := n.fill(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			n.store.config.Logger.Error("due work could not be claimed; it is tried again", "of", n.table.name, "lane", n.name, "error", err)
		case more:
			again = time.After(look)
		}
	}
}

// fill claims rows until there is no room or nothing is due. more: something may
// be due that has to wait a little for other reasons.
func (n *lane) fill(ctx context.Context) (more bool, err error) {
	for ctx.Err() == nil {
		room := n.room()
		if room == 0 {
			return false, nil // a slot that gets free asks again
		}
		if n.table.name == eventTable.name && n.yield() {
			return true, nil
		}
		room, wait := n.breaker.allows(room)
		if room == 0 {
			time.AfterFunc(wait, n.wake)
			return false, nil
		}
		claims, err := n.claim(ctx, room)
		if len(claims) == 0 {
			n.breaker.unasked()
		}
		if err != nil {
			return false, err
		}
		n.working.Add(int64(len(claims)))
		for _, c := range claims {
			n.queue <- c
		}
		if len(claims) < room {
			n.oldest.Store(0)
			return false, nil
		}
	}
	return false, nil
}

// yield reports whether senders are to be answered first.
func (n *lane) yield() bool {
	if !n.bursting() {
		n.yields = time.Time{}
		return false
	}
	if n.yields.IsZero() {
		n.yields = time.Now()
	}
	if time.Since(n.yields) < burstMost {
		return true
	}
	n.yields = time.Time{}
	return false
}

// room is how many rows may be claimed now.
func (n *lane) room() int {
	most := 2 * n.slots
	if n.after != "" && n.behind(n.after) {
		most = 1
	}
	return max(0, most-int(n.working.Load()))
}

// claim takes rows that are due, the oldest first.
func (n *lane) claim(ctx context.Context, most int) (claims []*claim, err error) {
	query := n.table.claimFree
	// A stop in the middle would leave it open whether they are ours.
	err = n.store.engine.write(context.WithoutCancel(ctx), false, func(t *transaction) error {
		now, err := n.store.engine.now(t.ctx, t)
		if err != nil {
			return err
		}
		args := []any{millis(now.Add(lease)), n.name, millis(now), most}
		if !n.store.engine.exclusive() {
			query, args = n.table.claim, append(args, n.heldIDs(), n.takeOver(millis(now)))
		}
		claims, err = n.worker.claim(t, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range claims {
		c.ctx, c.lost = context.WithCancelCause(ctx)
		n.held.Store(n.table.name+" "+c.ID, c)
	}
	return claims, nil
}

// takeOver is until when the claims of other processes must have run out to be
// taken over. Just after the database was away nobody could renew any.
func (n *lane) takeOver(now int64) int64 {
	if time.Since(time.Unix(0, n.back.Load())) < lease/2 {
		return 0
	}
	return now
}

// heldIDs are the rows of the table that this process works on. However late a
// claim is renewed, and whatever the clock says, it does not take its own.
func (n *lane) heldIDs() []string {
	ids := []string{}
	n.held.Range(func(_, v any) bool {
		if c := v.(*claim); c.table.name == n.table.name { //nolint:forcetypeassert // nothing else is held
			ids = append(ids, c.ID)
		}
		return true
	})
	return ids
}

// work does one claim and settles it.
func (n *lane) work(c *claim) {
	defer c.lost(nil)
	err := c.ctx.Err()
	if err == nil {
		err = n.guarded(c)
	}
	n.settle(c, err)
	n.held.Delete(n.table.name + " " + c.ID)
	if n.working.Add(-1) <= int64(n.slots) {
		n.wake()
	}
	n.store.waiters.done(c.ID)
}

// guarded turns a panic into an error, so that one bad row stops no other.
func (n *lane) guarded(c *claim) (err error) {
	defer func() {
		if p := recover(); p != nil {
			n.store.config.Logger.Error("internal error; please report it", "at", n.table.one+" "+c.ID, "panic", p, "stack", string(debug.Stack()))
			err = integrations.Never(fmt.Errorf("internal error: %v", p))
		}
	}()
	return c.do(c.ctx)
}
