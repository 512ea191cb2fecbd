package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passhook/passhook/integrations"
)

// settle writes what became of a claim, until that is on disk or the claim is
// lost: what was sent is not sent again because a database was away.
func (n *lane) settle(c *claim, cause error) {
	ctx := c.ctx
	if errors.Is(cause, ErrSettled) || errors.Is(cause, ErrLost) || errors.Is(context.Cause(ctx), ErrLost) {
		n.breaker.answered()
		return
	}
	stopped := ctx.Err() != nil && cause != nil
	if !stopped {
		n.breaker.saw(cause)
	}
	write := context.WithoutCancel(ctx)
	begun := time.Now()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := n.settleOnce(write, c, cause, stopped)
		switch {
		case err == nil || errors.Is(err, ErrLost) || errors.Is(err, ErrClosed):
			return
		case ctx.Err() != nil && time.Since(begun) > stopTries:
			n.store.config.Logger.Error("what became of work could not be written before the end", "of", n.table.one, "id", c.ID, "error", err)
			return
		case wait == time.Second:
			n.store.config.Logger.Error("what became of work cannot be written; it is tried again", "of", n.table.one, "id", c.ID, "error", err)
		}
		<-time.After(wait)
	}
}

// stopTries is how long a stopping process tries to write what it did.
const stopTries = 5 * time.Second

func (n *lane) settleOnce(ctx context.Context, c *claim, cause error, stopped bool) error {
	var now time.Time
	var due time.Time
	var over bool
	err := n.store.engine.write(ctx, false, func(t *transaction) (err error) {
		if now, err = n.store.engine.now(ctx, t); err != nil {
			return err
		}
		switch {
		case stopped:
			return t.changed(n.table.releaseOne, c.ID, c.Attempts, millis(now))
		case cause == nil:
			return t.changed(n.table.settle, c.ID, c.Attempts, n.table.done, "", millis(now))
		}
		if over = n.table.retries.final(cause, c.Row, now, n.started); over {
			ended := now
			if n.table.doneOnly {
				ended = time.Time{}
			}
			if err := t.changed(n.table.settle, c.ID, c.Attempts, n.table.failed, clean(cause.Error()), millis(ended)); err != nil || !n.table.news {
				return err
			}
			return n.store.queueDead(t, now, c.ID)
		}
		due = now.Add(n.table.retries.pause(n.table.retries.tries(c.Row, now), cause, n.store.config.Jitter()))
		return t.changed(n.table.retry, c.ID, c.Attempts, millis(due), clean(cause.Error()))
	})
	if err == nil {
		n.log(c, cause, stopped, over, due)
	}
	return err
}

func (n *lane) log(c *claim, cause error, stopped, over bool, due time.Time) {
	log := n.store.config.Logger.With("id", c.ID, "lane", n.name, "attempt", c.Attempts)
	switch {
	case stopped:
	case cause == nil:
		log.Info(n.table.one + " is " + n.table.done)
	case over:
		log.Error(n.table.one+" is "+n.table.failed+"; "+fmt.Sprintf(n.table.advice, c.ID), "error", cause)
	case integrations.IsTurn(cause):
		log.Debug(n.table.one+" waits for its turn", "at", due)
	default:
		log.Warn(n.table.one+" is tried again", "error", cause, "at", due)
	}
}
