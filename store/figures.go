package store

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// Kinds of figures.
const (
	FigureIssued  = "issued"
	FigureChanged = "changed"
)

// figureParts is how many rows a figure has, so that transactions seldom wait for
// each other.
const figureParts = 16

const (
	addFigure = "INSERT INTO figures (source, day, kind, part, n) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (source, day, kind, part) DO UPDATE SET n = figures.n + excluded.n"
	sumFigure = "SELECT coalesce(sum(n), 0) FROM figures WHERE source = $1 AND day >= $2 AND day < $3"
)

// count counts passes by their sources.
func count(t *transaction, now time.Time, kind string, passes []Pass) error {
	n := map[string]int{}
	for _, p := range passes {
		n[p.Source]++
	}
	for _, source := range slices.Sorted(maps.Keys(n)) {
		if _, err := t.exec(addFigure, source, day(now), kind, rand.IntN(figureParts), n[source]); err != nil { //nolint:gosec // no secret
			return err
		}
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// count counts what the event issued and changed.
func (w *issuing) count() error {
	return cmp.Or(count(w.t, w.now, FigureIssued, w.out.Passes), count(w.t, w.now, FigureChanged, w.out.Changed))
}

// Figure is how many passes of a source were issued and changed on the days of
// UTC from one to before another.
func (s *Store) Figure(ctx context.Context, source string, from, before time.Time) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, sumFigure, source, day(from), day(before)).Scan(&n)
	return n, err
}
