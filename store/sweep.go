package store

import (
	"context"
	"time"
)

const (
	// grace is how long a due row is left to the job that was made for it.
	grace = 2 * time.Second
	// sweepBatch is how many rows one look hands on.
	sweepBatch = 64
)

// sweep hands over due rows of one kind: retries whose time has come, and what
// a crash has left without a job. Claims keep it from doing what a job does
// already. The first look is at once: after a start nobody else is at work.
func (s *Store) sweep(ctx context.Context, kind string, work func(context.Context, Job) error) {
	tick := time.NewTicker(s.config.Sweep)
	defer tick.Stop()
	for wait := time.Duration(0); ; wait = grace {
		if err := s.sweepOnce(ctx, kind, wait, work); err != nil && ctx.Err() == nil {
			s.config.Logger.Error("due work could not be looked for or done; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Store) sweepOnce(ctx context.Context, kind string, wait time.Duration, work func(context.Context, Job) error) error {
	q := "SELECT id FROM events WHERE state = 'pending' AND due <= $1 ORDER BY due LIMIT $2"
	if kind == JobDelivery {
		q = "SELECT id FROM deliveries WHERE state = 'pending' AND due <= $1 ORDER BY due LIMIT $2"
	}
	ids, err := s.strings(ctx, q, millis(s.now().Add(-wait)), sweepBatch)
	if err != nil || len(ids) == 0 {
		return err
	}
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(softStop, cancel) })()
	return work(soft, Job{Kind: kind, IDs: ids})
}

// strings reads one column.
func (s *Store) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
