package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

const (
	putFile = "INSERT INTO files (id, data) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
	getFile = "SELECT data FROM files WHERE id = $1"
)

// PutFiles keeps files by their ids, which are made of what is in them.
func (s *Store) PutFiles(ctx context.Context, files map[string][]byte) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		for _, id := range slices.Sorted(maps.Keys(files)) {
			if _, err := t.exec(putFile, id, files[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Files reads files by their ids.
func (s *Store) Files(ctx context.Context, ids []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, id := range ids {
		var data []byte
		if err := s.reader.QueryRowContext(ctx, getFile, id).Scan(&data); err != nil {
			return nil, fmt.Errorf("file %s: %w", id, err)
		}
		out[id] = data
	}
	return out, nil
}
