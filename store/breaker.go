package store

import (
	"sync"
	"time"

	"github.com/passhook/passhook/integrations"
)

// breaker keeps a service that is unavailable from being asked by all that waits
// for it: one row after another asks whether it is back, with growing pauses.
type breaker struct {
	// first is the first pause; the longest is mostPauses times that.
	first time.Duration

	mu       sync.Mutex
	failures int
	until    time.Time
	asking   bool
}

// mostPauses bounds the pause between two questions.
const mostPauses = 30

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures > 0
}

// allows is how many of room rows may be claimed now; where it is none, wait is
// how long.
func (b *breaker) allows(room int) (now int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch left := time.Until(b.until); {
	case b.failures == 0:
		return room, 0
	case b.asking:
		return 0, b.first * mostPauses
	case left > 0:
		return 0, left
	}
	b.asking = true
	return 1, 0
}

// unasked is called where nothing was claimed: the next row may ask.
func (b *breaker) unasked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asking = false
}

// saw takes notice of what a row's work ended with.
func (b *breaker) saw(err error) {
	if !integrations.IsUnavailable(err) {
		b.answered()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	b.asking = false
	b.until = time.Now().Add(b.first * time.Duration(min(b.failures, mostPauses)))
}

// answered closes the breaker: the service did something.
func (b *breaker) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.asking = 0, false
}
