package bot

import (
	"context"
	"fmt"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// PushSlots is how many phones of a pass type are woken at once.
const PushSlots = 16

// wake wakes a claimed phone, once for all of its passes that changed.
func (e *Engine) wake(ctx context.Context, d *store.Device) error {
	err := e.Pusher.Push(ctx, d.PassType, d.PushToken)
	switch {
	case integrations.IsGone(err):
		e.Log.Info("a phone has gone and is forgotten", "phone", d.ID, "why", err)
		if err := e.Store.Forget(ctx, d); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("waking a phone: %w", err)
	default:
		if err := e.Store.Pushed(ctx, d); err != nil {
			return err
		}
	}
	return store.ErrSettled
}
