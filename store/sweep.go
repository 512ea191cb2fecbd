package store

import (
	"context"
	"strings"
	"time"
)

// sweep looks for due rows until ctx ends: retries whose time has come, what
// other processes have made, and what a crash has left.
func (l *ledger) sweep(ctx context.Context, tables []table) {
	query := lookQuery(tables)
	tick := time.NewTicker(l.store.config.Sweep)
	defer tick.Stop()
	for away := false; ; {
		err := l.findDue(ctx, query)
		if err != nil && ctx.Err() == nil {
			l.store.config.Logger.Error("due work could not be looked for; it is tried again", "error", err)
		}
		if err == nil && away {
			l.back.Store(time.Now().UnixNano())
		}
		away = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lookQuery asks for the lanes of all tables at once.
func lookQuery(tables []table) string {
	var parts []string
	for _, t := range tables {
		parts = append(parts, "SELECT '"+t.name+"', found.* FROM ("+t.lanes+") AS found")
	}
	return strings.Join(parts, " UNION ALL ")
}

// waitingRows are those of one lane, as a look finds them.
type waitingRows struct {
	table, lane    string
	oldest, newest int64
}

func (l *ledger) findDue(ctx context.Context, query string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	found, err := collect(ctx, l.store.reader, func(row scanner) (*waitingRows, error) {
		var w waitingRows
		return &w, row.Scan(&w.table, &w.lane, &w.oldest, &w.newest)
	}, query)
	if err != nil || len(found) == 0 {
		return err
	}
	now, err := l.store.engine.now(ctx, l.store.reader)
	if err != nil {
		return err
	}
	for _, w := range found {
		one := l.lane(w.table, w.lane)
		if one == nil {
			continue
		}
		if behind := now.Sub(fromMillis(w.oldest)); behind >= 0 {
			one.oldest.Store(time.Now().Add(-behind).UnixNano())
			one.wake()
		} else {
			one.oldest.Store(0)
		}
		if fromMillis(w.newest).Sub(now) > one.table.retries.tooFar {
			if err := l.sooner(ctx, one, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// sooner makes rows due that a wrong clock has put off for long.
func (l *ledger) sooner(ctx context.Context, one *lane, now time.Time) error {
	return l.store.engine.write(ctx, false, func(t *transaction) error {
		n, err := t.exec(one.table.ahead, millis(now), one.name, millis(now.Add(one.table.retries.tooFar)))
		if n > 0 {
			l.store.config.Logger.Warn("work was put off for long, as by a clock that was wrong; it is due now", "of", one.table.name, "lane", one.name, "rows", n)
		}
		return err
	})
}

// renew keeps the claims of this process, until ctx ends.
func (l *ledger) renew(ctx context.Context) {
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := l.renewAll(ctx); err != nil && ctx.Err() == nil {
			l.store.config.Logger.Error("claims could not be renewed; it is tried again", "error", err)
		}
	}
}

// renewAll tells those whose claim is lost.
func (l *ledger) renewAll(ctx context.Context) error {
	var all []*claim
	l.held.Range(func(_, v any) bool {
		all = append(all, v.(*claim)) //nolint:forcetypeassert // nothing else is held
		return true
	})
	if len(all) == 0 {
		return nil
	}
	return l.store.engine.write(ctx, false, func(t *transaction) error {
		now, err := l.store.engine.now(ctx, t)
		if err != nil {
			return err
		}
		for _, c := range all {
			n, err := t.exec(c.table.renew, c.ID, c.Attempts, millis(now.Add(lease)))
			if err != nil {
				return err
			}
			if n == 0 {
				c.lost(ErrLost)
			}
		}
		return nil
	})
}

// Confirm makes sure that a claim holds, just before its work can no longer be
// taken back, and that the process is not asked to stop.
func (s *Store) Confirm(ctx context.Context, d *Delivery) error {
	if err := ctx.Err(); err != nil || s.engine.exclusive() {
		return err
	}
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		return t.changed(deliveryTable.renew, d.ID, d.Attempts, millis(now.Add(lease)))
	})
}
