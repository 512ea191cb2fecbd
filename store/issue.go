package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Issue is what one event issues, to be stored in one transaction.
type Issue struct {
	// Event is claimed by the caller.
	Event *Event
	// Order, Passes and Deliveries come without ids; passes have their serials.
	// Deliveries name their passes by them.
	Order      Order
	Passes     []Pass
	Deliveries []Delivery
	// Lease claims the new deliveries for the caller; 0 leaves them to the queue.
	Lease time.Duration
	// Note is what the event says when it is done.
	Note string
}

// Issued is what was new.
type Issued struct {
	Passes     []Pass
	Deliveries []Delivery
}

// Issue stores new passes, their order and deliveries, and the event as done.
// Passes whose key is there are left as they are and out of the deliveries; so
// an event that issues nothing new makes no order and sends nothing. The error
// is ErrLost, and nothing is stored, where the event's claim was lost.
func (s *Store) Issue(ctx context.Context, in Issue) (Issued, error) {
	defer s.turn()()
	var out Issued
	err := s.inTx(ctx, func(tx *transaction) error {
		out = Issued{}
		w := issuing{Store: s, ctx: ctx, tx: tx, in: in}
		if err := w.fence(); err != nil {
			return err
		}
		if err := w.passes(); err != nil {
			return err
		}
		if err := w.deliveries(); err != nil {
			return err
		}
		out = w.out
		return w.settle()
	})
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

// issuing is one Issue under way.
type issuing struct {
	*Store
	ctx context.Context //nolint:containedctx // lives for one call
	tx  *transaction
	in  Issue
	out Issued
	// other is the order that has the passes already, for the note.
	other string
}

func (w *issuing) exec(query string, args ...any) (int64, error) {
	r, err := w.tx.ExecContext(w.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// fence locks the event's row and makes sure that the claim holds.
func (w *issuing) fence() error {
	n, err := w.exec("UPDATE events SET claimed = true WHERE id = $1 AND attempts = $2 AND state = 'pending'", w.in.Event.ID, w.in.Event.Attempts)
	if err == nil && n != 1 {
		return ErrLost
	}
	return err
}

// passes inserts in the order of their keys, so that two events about the same
// things cannot lock each other out.
func (w *issuing) passes() error {
	id, err := newID()
	if err != nil {
		return err
	}
	o := w.in.Order
	o.ID = id
	if _, err := w.exec("INSERT INTO orders (id, event_id, source, account, object, live, created) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		o.ID, o.EventID, o.Source, o.Account, o.Object, o.Live, millis(o.Created)); err != nil {
		return err
	}
	sorted := slices.Clone(w.in.Passes)
	slices.SortFunc(sorted, func(a, b Pass) int { return cmp.Compare(a.Key, b.Key) })
	for _, p := range sorted {
		p.OrderID = o.ID
		if err := w.pass(p); err != nil {
			return err
		}
	}
	w.in.Order = o
	if len(w.out.Passes) == 0 {
		_, err = w.exec("DELETE FROM orders WHERE id = $1", o.ID)
	}
	return err
}

func (w *issuing) pass(p Pass) error {
	void, err := jsonList(p.Void)
	if err != nil {
		return err
	}
	n, err := w.exec("INSERT INTO passes (serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash, inputs, void, created, updated)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (key) DO NOTHING",
		p.Serial, p.Key, p.OrderID, p.EventID, p.Rule, p.Template, p.Item, p.Unit, p.SecretID, p.LinkHash, p.Inputs, void, millis(p.Created), millis(p.Updated))
	if err != nil {
		return err
	}
	if n == 0 {
		return w.tx.QueryRowContext(w.ctx, "SELECT order_id FROM passes WHERE key = $1", p.Key).Scan(&w.other)
	}
	for _, ref := range p.Refs {
		if _, err := w.exec("INSERT INTO pass_refs (ref, serial) VALUES ($1, $2) ON CONFLICT DO NOTHING", ref, p.Serial); err != nil {
			return err
		}
	}
	w.out.Passes = append(w.out.Passes, p)
	return nil
}

// deliveries inserts those that have a new pass to deliver.
func (w *issuing) deliveries() error {
	fresh := map[string]bool{}
	for _, p := range w.out.Passes {
		fresh[p.Serial] = true
	}
	var wake []string
	for _, d := range w.in.Deliveries {
		d.Passes = slices.DeleteFunc(slices.Clone(d.Passes), func(serial string) bool { return !fresh[serial] })
		if len(d.Passes) == 0 {
			continue
		}
		d.OrderID, d.Due = w.in.Order.ID, w.now()
		if w.in.Lease > 0 {
			d.Attempts, d.Due = 1, d.Due.Add(w.in.Lease)
		}
		if err := w.insertDelivery(w.ctx, w.tx, &d); err != nil {
			return err
		}
		wake = append(wake, d.ID)
		w.out.Deliveries = append(w.out.Deliveries, d)
	}
	if w.in.Lease > 0 || len(wake) == 0 {
		return nil
	}
	jobs := make([]Job, len(wake))
	for i, id := range wake {
		jobs[i] = Job{Kind: JobDelivery, IDs: []string{id}}
	}
	return w.engine.enqueue(w.ctx, w.tx, jobs)
}

func (w *issuing) settle() error {
	note := w.in.Note
	if len(w.out.Passes) == 0 && w.other != "" {
		note = fmt.Sprintf("nothing new: order %s has these passes", w.other)
	}
	n, err := w.exec(settleEvent, w.in.Event.ID, w.in.Event.Attempts, StateDone, clean(note), millis(w.now()))
	if err == nil && n != 1 {
		return ErrLost
	}
	return err
}
