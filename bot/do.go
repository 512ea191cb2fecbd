package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// maxWait is how long somebody waits for an event of their own.
const maxWait = 10 * time.Second

// Do accepts an event, and returns when it has been worked on: its error is what
// the event failed with. The event is done even where the caller gives up.
func (e *Engine) Do(ctx context.Context, ev integrations.Event) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	id, _, err := e.Accept(ctx, ev)
	if err != nil {
		return err
	}
	if err := e.workEvent(ctx, id); err != nil {
		return err
	}
	// A worker of the queue may have been first; then it is waited for.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		stored, ok, err := e.Store.Event(ctx, id)
		switch {
		case err != nil || !ok:
			return errors.Join(err, fmt.Errorf("event %s is gone", id))
		case stored.State == store.StateFailed:
			return errors.New(stored.Note)
		case stored.State != store.StatePending:
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
