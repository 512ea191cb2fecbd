package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

const (
	// maxBatch is how many waiting events share one transaction.
	maxBatch = 256
	// maxWake is how many events one job wakes for.
	maxWake = 64
	// burst is how many events in one transaction are a burst: then workers are
	// woken when it is over, or after yieldMost, so that they do not take the time
	// in which events are answered.
	burst = 16
	// burstLasts is how long after its last large transaction a burst is over.
	burstLasts = 100 * time.Millisecond
	// acceptTimeout is how long a transaction of events may take; senders ask
	// again after that.
	acceptTimeout = 10 * time.Second
)

// committer stores the events that wait to be accepted, batch after batch.
type committer struct {
	*Store
	// insert is the statement for maxRows events; nil until it is needed.
	insert *sql.Stmt
	// owed are stored events that nobody was woken for yet. A crash forgets
	// them, and the sweep finds them.
	owed []string
	// since is when the first of them was stored.
	since time.Time
}

// run commits until Close.
func (c *committer) run() {
	defer close(c.stopped)
	tick := time.NewTicker(burstLasts)
	defer tick.Stop()
	for {
		select {
		case first := <-c.accept:
			c.commit(first)
		case <-tick.C:
			if len(c.owed) == 0 || c.bursting() && time.Since(c.since) < yieldMost {
				continue
			}
			if _, err := c.store(nil); err != nil {
				c.config.Logger.Error("workers could not be woken; the sweep finds the events", "error", err)
			}
		case <-c.closing:
			for len(c.accept) > 0 {
				c.commit(<-c.accept)
			}
			return
		}
	}
}

// commit stores the first event with all that wait behind it.
func (c *committer) commit(first acceptance) {
	batch := []acceptance{first}
	for len(batch) < maxBatch && len(c.accept) > 0 {
		batch = append(batch, <-c.accept)
	}
	// Processes that store the same events lock them in the same order.
	slices.SortFunc(batch, func(a, b acceptance) int {
		return cmp.Or(cmp.Compare(a.event.Source, b.event.Source), cmp.Compare(a.event.ExternalID, b.event.ExternalID))
	})
	if len(batch) >= burst {
		c.burstAt.Store(time.Now().UnixNano())
	}
	results, err := c.store(batch)
	for i, a := range batch {
		if err != nil {
			a.result <- accepted{err: err}
			continue
		}
		a.result <- results[i]
	}
}

// store writes events and wakes workers for the fresh ones, and for those that
// are owed, in one transaction; in a burst the wake-up may wait for a later one.
func (c *committer) store(batch []acceptance) ([]accepted, error) {
	ctx, cancel := context.WithTimeout(context.Background(), acceptTimeout)
	defer cancel()
	results := make([]accepted, len(batch))
	wake := len(batch) < burst
	var waiting []string
	if err := c.prepare(ctx, len(batch)); err != nil {
		return nil, err
	}
	err := c.inTx(ctx, func(tx *transaction) error {
		waiting = slices.Clone(c.owed)
		fresh, err := insertEvents(ctx, tx, c.insert, c.now(), batch)
		if err != nil {
			return err
		}
		for i, a := range batch {
			if results[i] = (accepted{id: a.id, fresh: fresh[a.id]}); !fresh[a.id] {
				err := tx.QueryRowContext(ctx, "SELECT id FROM events WHERE source = $1 AND external_id = $2", a.event.Source, a.event.ExternalID).Scan(&results[i].id)
				if err != nil {
					return err
				}
			} else if a.event.Ignore == "" {
				waiting = append(waiting, a.id)
			}
		}
		if !wake || len(waiting) == 0 {
			return nil
		}
		return c.wakeEvents(ctx, tx, waiting)
	})
	switch {
	case err != nil:
	case wake:
		c.owed = nil
	default:
		if len(c.owed) == 0 {
			c.since = time.Now()
		}
		c.owed = waiting
	}
	return results, err
}

// prepare has SQLite read the long statement once: reading it takes longer than
// running it.
func (c *committer) prepare(ctx context.Context, events int) (err error) {
	if c.insert == nil && events >= maxRows {
		c.insert, err = c.db.PrepareContext(ctx, insertText(maxRows))
	}
	return err
}

func (s *Store) wakeEvents(ctx context.Context, tx *transaction, ids []string) error {
	var jobs []Job
	for chunk := range slices.Chunk(ids, maxWake) {
		jobs = append(jobs, Job{Kind: JobEvent, IDs: chunk})
	}
	return s.engine.enqueue(ctx, tx, jobs)
}
