package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Issue is what one event issues and changes, to be stored in one transaction.
type Issue struct {
	// Event is claimed by the caller.
	Event *Event
	// State is what the event becomes: done, ignored or unmatched.
	State string
	// Attention is what the operator is told, or empty.
	Attention string
	// Changes are what the event does to passes, those of other events too.
	Changes []Change
	// Fold makes of a pass as it was issued, and all of its changes in their
	// order, what it is now: its Inputs and Void. It may be called again with
	// the same.
	Fold func(p Pass, changes []Change) (Pass, error)
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
	// Changed are passes of other events that are not what they were.
	Changed []Pass
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
		for _, step := range []func() error{w.fence, w.lock, w.passes, w.changes, w.deliveries, w.settle} {
			if err := step(); err != nil {
				return err
			}
		}
		out = w.out
		return nil
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
	// reached is how many passes the changes are about.
	reached int
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

// lock keeps away whoever issues or changes passes of the same refs: neither
// would see what the other writes.
func (w *issuing) lock() error {
	refs := map[string]bool{}
	for _, p := range w.in.Passes {
		for _, ref := range p.Refs {
			refs[ref] = true
		}
	}
	for _, c := range w.in.Changes {
		for _, ref := range c.Refs {
			refs[ref] = true
		}
	}
	return w.engine.lock(w.ctx, w.tx, slices.Sorted(maps.Keys(refs)))
}

// passes inserts in the order of their keys, so that two events about the same
// things cannot lock each other out.
func (w *issuing) passes() error {
	if len(w.in.Passes) == 0 {
		return nil
	}
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
	voidOn, err := jsonList(p.VoidOn)
	if err != nil {
		return err
	}
	n, err := w.exec("INSERT INTO passes (serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash, issued, inputs, void_on, void, created, updated)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, '[]', $13, $14) ON CONFLICT (key) DO NOTHING",
		p.Serial, p.Key, p.OrderID, p.EventID, p.Rule, p.Template, p.Item, p.Unit, p.SecretID, p.LinkHash, p.Inputs, voidOn, millis(p.Created), millis(p.Updated))
	if err != nil {
		return err
	}
	if n == 0 {
		return w.tx.QueryRowContext(w.ctx, "SELECT order_id FROM passes WHERE key = $1", p.Key).Scan(&w.other)
	}
	refs := slices.Clone(p.Refs)
	for _, r := range p.References {
		refs = append(refs, "ref:"+r)
	}
	for _, ref := range refs {
		if _, err := w.exec("INSERT INTO pass_refs (ref, serial) VALUES ($1, $2) ON CONFLICT DO NOTHING", ref, p.Serial); err != nil {
			return err
		}
	}
	p.Issued = p.Inputs
	w.out.Passes = append(w.out.Passes, p)
	return nil
}

// deliveries inserts those that have a new pass to deliver. A pass that is void
// already goes out as well: what made it void may be taken back, and nobody would send it
// then.
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
	n, err := w.exec("UPDATE events SET claimed = false, state = $3, note = $4, settled = $5, attention = $6 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
		w.in.Event.ID, w.in.Event.Attempts, w.in.State, clean(w.note()), millis(w.now()), clean(w.in.Attention))
	if err == nil && n != 1 {
		return ErrLost
	}
	return err
}

// note says for people what came of the event.
func (w *issuing) note() string {
	var parts []string
	switch {
	case len(w.out.Passes) == 0 && w.other != "":
		parts = append(parts, fmt.Sprintf("nothing new: order %s has these passes", w.other))
	case w.in.Note != "":
		parts = append(parts, w.in.Note)
	}
	for _, c := range w.in.Changes {
		parts = append(parts, strings.TrimSpace(c.Kind+" "+c.Reason))
	}
	switch {
	case len(w.in.Changes) == 0:
	case w.reached == 0:
		parts = append(parts, "no pass has its refs yet")
	default:
		parts = append(parts, fmt.Sprintf("%d of %d passes changed", len(w.out.Changed), w.reached))
	}
	return strings.Join(parts, "; ")
}
