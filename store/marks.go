package store

import (
	"context"
	"database/sql"
	"errors"
)

// Mark reads what was remembered under a name; empty where nothing was.
func (s *Store) Mark(ctx context.Context, name string) (string, error) {
	var value string
	err := s.db.QueryRowContext(ctx, "SELECT value FROM marks WHERE name = $1", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetMark remembers a value under a name.
func (s *Store) SetMark(ctx context.Context, name, value string) error {
	defer s.turn()()
	_, err := s.db.ExecContext(ctx, "INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, clean(value))
	return err
}
