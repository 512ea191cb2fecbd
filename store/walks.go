package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
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

func (s *Store) beginWalk(t *transaction, e *Event, kind string, now time.Time) error {
	id, err := newID()
	if err != nil {
		return err
	}
	t.committed(func() { s.ledger.wake(walkTable.name, kind) })
	_, err = t.exec(insertWalk, id, kind, e.ID, millis(now))
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
	if walk.Kind == WalkPush {
		done, err = s.stepPush(ctx, walk, e)
		return nil, done, err
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

// pushPage is how many passes one step of a push looks at.
const pushPage = 200

const passesOfTemplate = "SELECT serial FROM passes WHERE template = $1 AND serial > $2 ORDER BY serial LIMIT $3"

// stepPush wakes the phones of a template's next passes.
func (s *Store) stepPush(ctx context.Context, walk *Walk, e *Event) (done bool, err error) {
	var data struct{ Template string }
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return false, integrations.Never(err)
	}
	place := walk.Place
	err = s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		serials, err := t.strings(passesOfTemplate, data.Template, walk.Place, pushPage)
		if err != nil {
			return err
		}
		told := make([]Pass, len(serials))
		for i, serial := range serials {
			told[i].Serial, place = serial, serial
		}
		if err := s.newer(t, now, told); err != nil {
			return err
		}
		done = len(serials) < pushPage
		return t.changed(moveWalk, walk.ID, walk.Attempts, place)
	})
	if err == nil {
		walk.Place = place
	}
	return done, err
}

const (
	countTemplate       = "SELECT count(*) FROM (SELECT 1 FROM passes WHERE template = $1 LIMIT $2) AS found"
	countTemplatePhones = "SELECT count(*) FROM (SELECT serial FROM passes WHERE template = $1 LIMIT $2) AS found JOIN registrations USING (serial)"
)

// CountTemplate is how many passes a template has, at most so many, and on how
// many phones those are.
func (s *Store) CountTemplate(ctx context.Context, template string, most int) (passes, phones int, err error) {
	err = s.reader.QueryRowContext(ctx, countTemplate, template, most).Scan(&passes)
	if err == nil {
		err = s.reader.QueryRowContext(ctx, countTemplatePhones, template, most).Scan(&phones)
	}
	return passes, phones, err
}
