package integrations

import (
	"time"

	"golang.org/x/sync/semaphore"
)

// WithRoom gives an intake another budget for bodies, in bytes, and no patience.
func (in *Intake) WithRoom(n int64) *Intake {
	in.room, in.wait = semaphore.NewWeighted(n), 100*time.Millisecond
	return in
}

// Free reports whether n bytes of the budget are free.
func (in *Intake) Free(n int64) bool {
	if !in.room.TryAcquire(n) {
		return false
	}
	in.room.Release(n)
	return true
}
