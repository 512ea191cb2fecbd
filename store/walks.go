package store

import (
	"context"
	"strings"
	"time"
)

const walkFields = "id, kind, event_id, place, created, state, note, attempts, since, due"

func scanWalk(row scanner) (*Walk, error) {
	var w Walk
	var created, since, due int64
	err := row.Scan(&w.ID, &w.Kind, &w.EventID, &w.Place, &created, &w.State, &w.Note, &w.Attempts, &since, &due)
	w.Created, w.Since, w.Due = fromMillis(created), fromMillis(since), fromMillis(due)
	return &w, err
}

func (w *Walk) row() Row {
	return Row{ID: w.ID, Lane: w.Kind, State: w.State, Note: w.Note, Attempts: w.Attempts, Since: w.Since, Due: w.Due}
}

const (
	insertWalk = "INSERT INTO walks (id, kind, event_id, place, created, state, note, attempts, claimed, due, since, settled, told)" +
		" VALUES ($1, $2, $3, '', $4, 'pending', '', 0, false, $4, $4, 0, false)"
	moveWalk       = "UPDATE walks SET place = $3 WHERE id = $1 AND attempts = $2 AND state = 'pending'"
	addToAttention = "UPDATE events SET attention = $2, told = false WHERE id = $1"
)

func (s *Store) beginWalk(t *transaction, e *Event, now time.Time) error {
	id, err := newID()
	if err != nil {
		return err
	}
	t.committed(func() { s.ledger.wake(walkTable.name, WalkChange) })
	_, err = t.exec(insertWalk, id, WalkChange, e.ID, millis(now))
	return err
}

// unfitOfMany begins what is told of a walk, once.
const unfitOfMany = "of many passes one is told: "

// walkPage is how many passes one step of a walk changes: events that arrive
// wait that long.
const walkPage = 50

// Step brings the next passes of a claimed walk up to date. done is true where
// there were none. The error is ErrLost where the claim was lost.
func (s *Store) Step(ctx context.Context, walk *Walk, merge Merge) (changed []Pass, done bool, err error) {
	e, err := s.Event(ctx, walk.EventID)
	if err != nil {
		return nil, false, err
	}
	place := walk.Place
	err = s.engine.write(ctx, false, func(t *transaction) error {
		changed = nil
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		serials, err := reached(t, e, walk.Place, walkPage)
		if err != nil {
			return err
		}
		f := folding{t: t, merge: merge, event: e.ID}
		for _, serial := range serials {
			p, is, err := f.refold(serial, millis(now))
			if err != nil {
				return err
			}
			if is {
				changed = append(changed, *p)
			}
			place = serial
		}
		if err := s.remember(t, e.ID, now, f.facts); err != nil {
			return err
		}
		if done = len(serials) < walkPage; len(f.unfit) > 0 && !strings.Contains(e.Attention, unfitOfMany) {
			// What is wrong with one is wrong with many; one is told.
			if _, err := t.exec(addToAttention, e.ID, clean(strings.TrimPrefix(e.Attention+"; "+unfitOfMany+f.unfit[0], "; "))); err != nil {
				return err
			}
		}
		if err := count(t, now, FigureChanged, changed); err != nil {
			return err
		}
		if err := s.newer(t, now, changed); err != nil {
			return err
		}
		return t.changed(moveWalk, walk.ID, walk.Attempts, place)
	})
	if err == nil {
		walk.Place = place
	}
	return changed, done, err
}
