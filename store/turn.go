package store

import (
	"context"
	"time"
)

// yield holds back who would claim an event while a burst of events arrives: a
// sender must be answered now, its event can wait. It never holds back for
// longer than yieldMost, so that work goes on in a burst without end.
func (s *Store) yield(ctx context.Context) {
	const look = 20 * time.Millisecond
	for waited := time.Duration(0); waited < yieldMost; waited += look {
		if !s.bursting() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}

const yieldMost = time.Second

// bursting reports whether many events arrive just now.
func (s *Store) bursting() bool { return time.Since(time.Unix(0, s.burstAt.Load())) <= burstLasts }

// turn waits until a worker may write; the result ends its turn. With SQLite's
// one writer, events that arrive wait behind one worker so, not behind all.
func (s *Store) turn() (end func()) {
	if s.turns == nil {
		return func() {}
	}
	s.turns <- struct{}{}
	return func() { <-s.turns }
}
