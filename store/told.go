package store

import "context"

const untoldEvents = "SELECT " + eventFields + " FROM events WHERE id IN (SELECT id FROM events WHERE state = 'failed' AND NOT told" +
	" UNION SELECT id FROM events WHERE attention <> '' AND NOT told) ORDER BY id LIMIT $1"

// Untold are events that failed or need attention, and dead deliveries, that
// the operator has not been told of, the oldest first.
func (s *Store) Untold(ctx context.Context, limit int) ([]Event, []Delivery, error) {
	events, err := collect(ctx, s, scanEvent, untoldEvents, limit)
	if err != nil {
		return nil, nil, err
	}
	deliveries, err := collect(ctx, s, scanDelivery, "SELECT "+deliveryFields+" FROM deliveries WHERE state = 'dead' AND NOT told ORDER BY id LIMIT $1", limit)
	return events, deliveries, err
}

const stuckEvent = "SELECT " + eventFields + " FROM events WHERE state = 'pending' AND attempts >= $1 ORDER BY due LIMIT 1"

// Stuck is an event that was tried so often and is pending still.
func (s *Store) Stuck(ctx context.Context, tries int) (e *Event, ok bool, err error) {
	return found(scanEvent(s.db.QueryRowContext(ctx, stuckEvent, tries)))
}

// Told remembers that the operator was told of these.
func (s *Store) Told(ctx context.Context, events []Event, deliveries []Delivery) error {
	defer s.turn()()
	return s.inTx(ctx, func(tx *transaction) error {
		for _, e := range events {
			if _, err := tx.ExecContext(ctx, "UPDATE events SET told = true WHERE id = $1 AND state = $2", e.ID, e.State); err != nil {
				return err
			}
		}
		for _, d := range deliveries {
			if _, err := tx.ExecContext(ctx, "UPDATE deliveries SET told = true WHERE id = $1", d.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
