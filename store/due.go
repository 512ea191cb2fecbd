package store

import (
	"context"
	"sync"
)

// RunDue works on what is due now, and on what becomes due by that, and returns.
// Nobody else works meanwhile.
func (s *Store) RunDue(ctx context.Context, all ...Worker) error {
	l := &s.ledger
	tables, err := l.prepare(ctx, all)
	if err != nil {
		return err
	}
	l.begin(all, func(*lane) {})
	defer l.end()
	for {
		if err := l.findDue(ctx, lookQuery(tables)); err != nil {
			return err
		}
		worked := 0
		for _, one := range l.all() {
			n, err := one.workDue(ctx)
			if err != nil {
				return err
			}
			worked += n
		}
		if worked == 0 {
			return nil
		}
	}
}

// all are the lanes that are open.
func (l *ledger) all() (out []*lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.lanes {
		out = append(out, one)
	}
	return out
}

// workDue works on one claim of rows and waits for them.
func (n *lane) workDue(ctx context.Context) (int, error) {
	claims, err := n.claim(ctx, n.slots)
	if err != nil {
		return 0, err
	}
	var all sync.WaitGroup
	n.working.Add(int64(len(claims)))
	for _, c := range claims {
		all.Go(func() { n.work(c) })
	}
	all.Wait()
	return len(claims), nil
}
