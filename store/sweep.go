package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

const (
	// grace is how long a due row is left to the job that was made for it.
	grace = 2 * time.Second
	// sweepBatch is how many rows one look hands on.
	sweepBatch = 200
)

const (
	dueEvents     = "SELECT id FROM events WHERE state = 'pending' AND due <= $1 ORDER BY due LIMIT $2"
	dueDeliveries = "SELECT id FROM deliveries WHERE state = 'pending' AND due <= $1 ORDER BY due LIMIT $2"
)

// sweep hands over due rows of one kind: retries whose time has come, and what
// a crash has left without a job. Claims keep it from doing what a job does
// already.
type sweep struct {
	*Store
	kind, query string
	work        func(context.Context, Job) error
	// slots bounds the rows in work, so that one that hangs holds up no other.
	slots chan struct{}
	// busy has the ids in work: they are due until they are claimed.
	busy sync.Map
	all  sync.WaitGroup
}

// run looks until ctx ends and then lets rows in work finish. The first look is
// at once: after a start nobody else is at work.
func (s *sweep) run(ctx context.Context) {
	soft, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer s.all.Wait()
	context.AfterFunc(ctx, func() { time.AfterFunc(softStop, cancel) })
	tick := time.NewTicker(s.config.Sweep)
	defer tick.Stop()
	for wait := time.Duration(0); ; wait = grace {
		if err := s.look(ctx, soft, wait); err != nil && ctx.Err() == nil {
			s.config.Logger.Error("due work could not be looked for; it is tried again", "kind", s.kind, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look starts work on what is due, oldest first, as slots get free.
func (s *sweep) look(ctx, soft context.Context, wait time.Duration) error {
	ids, err := s.strings(ctx, s.query, millis(s.now().Add(-wait)), sweepBatch)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, is := s.busy.LoadOrStore(id, true); is {
			continue
		}
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		s.all.Go(func() {
			defer func() { s.busy.Delete(id); <-s.slots }()
			ctx, cancel := context.WithTimeout(soft, jobTimeout)
			defer cancel()
			if err := s.work(ctx, Job{Kind: s.kind, IDs: []string{id}}); err != nil {
				s.config.Logger.Error("due work could not be done; it is tried again", "kind", s.kind, "id", id, "error", err)
			}
		})
	}
	return nil
}

// strings reads one column.
func (s *Store) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return column(rows)
}

// column reads all rows of one column and closes them.
func column(rows *sql.Rows) ([]string, error) {
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
