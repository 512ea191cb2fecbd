package store

import (
	"context"
	"database/sql"
	"errors"
)

// Mark reads what was remembered under a name; empty where nothing was.
func (s *Store) Mark(ctx context.Context, name string) (string, error) {
	var value string
	err := s.reader.QueryRowContext(ctx, markNamed, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetMark remembers a value under a name.
func (s *Store) SetMark(ctx context.Context, name, value string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		_, err := t.exec(setMark, name, clean(value))
		return err
	})
}

const (
	markNamed = "SELECT value FROM marks WHERE name = $1"
	setMark   = "INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
