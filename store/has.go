package store

import (
	"context"
	"encoding/json"
	"slices"
)

// hasEvent uses the index of objects alone; they have few events each.
const hasEvent = "SELECT source, types FROM events WHERE object = $1 AND rule = ''"

// HasEvent reports whether there is an event of a source about an object that
// has one of these types, as its own or as an alias, whatever became of it, and
// of whichever account. What one rule alone saw, in a backfill, does not count.
func (s *Store) HasEvent(ctx context.Context, source, object string, types ...string) (bool, error) {
	rows, err := s.reader.QueryContext(ctx, hasEvent, object)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var of, names string
		var has []string
		if err := rows.Scan(&of, &names); err != nil {
			return false, err
		}
		if of != source {
			continue
		}
		if err := json.Unmarshal([]byte(names), &has); err != nil {
			return false, err
		}
		if slices.ContainsFunc(types, func(t string) bool { return slices.Contains(has, t) }) {
			return true, nil
		}
	}
	return false, rows.Err()
}
