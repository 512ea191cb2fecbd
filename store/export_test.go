package store

import (
	"context"
	"database/sql"
	"time"
)

// Database lets tests disturb the database and look behind the store.
func (s *Store) Database() *sql.DB {
	switch e := s.engine.(type) {
	case *sqlite:
		return e.writing
	case *postgres:
		return e.db
	}
	return nil
}

// Waiting is how many events wait for the next transaction.
func (s *Store) Waiting() int { return len(s.accept) }

// ClaimEvent claims one event, as a worker does, if it is due.
func (s *Store) ClaimEvent(ctx context.Context, id string) (*Event, bool, error) {
	return claimOne(ctx, s, Events, id)
}

// ClaimDelivery claims one delivery, as a worker does, if it is due.
func (s *Store) ClaimDelivery(ctx context.Context, id string) (*Delivery, bool, error) {
	return claimOne(ctx, s, Deliveries, id)
}

func claimOne[T any](ctx context.Context, s *Store, in Table[T], id string) (out *T, ok bool, err error) {
	err = s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		rows, err := collect(ctx, t, in.scan, "UPDATE "+in.name+" SET attempts = attempts + 1, claimed = true, due = $2 WHERE id = $1 AND state = 'pending' AND due <= $3 RETURNING "+in.fields,
			id, millis(now.Add(lease)), millis(now))
		if len(rows) == 1 {
			out, ok = &rows[0], true
		}
		return err
	})
	return out, ok, err
}

// SettleEvent ends a claimed event.
func (s *Store) SettleEvent(ctx context.Context, e *Event, state, note string) error {
	return s.settleRow(ctx, eventTable, e.ID, e.Attempts, state, note)
}

// SettleDelivery ends a claimed delivery.
func (s *Store) SettleDelivery(ctx context.Context, d *Delivery, state, note string) error {
	return s.settleRow(ctx, deliveryTable, d.ID, d.Attempts, state, note)
}

func (s *Store) settleRow(ctx context.Context, in table, id string, attempts int, state, note string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		return t.changed(in.settle, id, attempts, state, note, millis(now))
	})
}

// RetryEvent gives a claimed event back.
func (s *Store) RetryEvent(ctx context.Context, e *Event, due time.Time, note string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		return t.changed(eventTable.retry, e.ID, e.Attempts, millis(due), note)
	})
}
