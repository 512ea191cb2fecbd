package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// waiters are those who wait for rows that are worked on here.
type waiters struct {
	mu   sync.Mutex
	byID map[string][]chan struct{}
}

// of is closed when somebody here has worked on the row; forget ends the waiting.
func (w *waiters) of(id string) (worked chan struct{}, forget func()) {
	worked = make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[string][]chan struct{}{}
	}
	w.byID[id] = append(w.byID[id], worked)
	return worked, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		left := slices.DeleteFunc(w.byID[id], func(c chan struct{}) bool { return c == worked })
		if w.byID[id] = left; len(left) == 0 {
			delete(w.byID, id)
		}
	}
}

func (w *waiters) done(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, worked := range w.byID[id] {
		close(worked)
	}
	delete(w.byID, id)
}

// askAgain is how often a waiter looks whether another process has worked on
// its row.
const askAgain = time.Second

// WaitForEvent returns an event once it is no longer pending. Where this process
// alone does the work, the database is not asked meanwhile.
func (s *Store) WaitForEvent(ctx context.Context, id string) (*Event, error) {
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		worked, forget := s.waiters.of(id)
		e, err := s.Event(ctx, id)
		if err != nil || e.State != StatePending {
			forget()
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("event %s: %w", id, err)
		case e.State != StatePending:
			return e, nil
		}
		if err := s.worked(ctx, worked, tick.C); err != nil {
			forget()
			return e, err
		}
		forget()
	}
}

// worked waits until it is worth looking again.
func (s *Store) worked(ctx context.Context, worked <-chan struct{}, tick <-chan time.Time) error {
	for {
		select {
		case <-worked:
			return nil
		case <-tick:
			if !s.engine.exclusive() || !s.ledger.runs() {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
