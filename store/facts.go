package store

import (
	"context"
	"database/sql"
	"errors"
)

// Meta reads a small fact, such as the time of the first start; ok is false
// where it was never set.
func (s *Store) Meta(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = $1", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, err
}

// SetMeta writes a small fact over what was there.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
	return err
}

// mostCounted is where counting stops, so that a count costs milliseconds
// however much is stored.
const mostCounted = 100_000

// Counts is how many rows are in a state, by state: of events those that wait
// for work or, as failed, for a person; of deliveries all. 100,000 means that
// many or more.
type Counts struct {
	Events, Deliveries map[string]int
}

// Counts counts events and deliveries.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Events: map[string]int{}, Deliveries: map[string]int{}}
	for _, q := range []struct {
		into         map[string]int
		state, where string
	}{
		// The texts are those of the indexes.
		{c.Events, StatePending, "events WHERE state = 'pending'"},
		{c.Events, StateFailed, "events WHERE state = 'failed' AND NOT told"},
		{c.Deliveries, StatePending, "deliveries WHERE state = 'pending'"},
		{c.Deliveries, StateSent, "deliveries WHERE state = 'sent'"},
		{c.Deliveries, StateBounced, "deliveries WHERE state = 'bounced'"},
		{c.Deliveries, StateDead, "deliveries WHERE state = 'dead'"},
	} {
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+q.where+" LIMIT $1) AS counted", mostCounted).Scan(&n); err != nil {
			return Counts{}, err
		}
		q.into[q.state] = n
	}
	return c, nil
}
