package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
)

// Issue is what one event issues and changes, to be stored in one transaction.
type Issue struct {
	// Event is claimed by the caller, or comes from Unstored, and is stored with
	// what it does.
	Event *Event
	// State is what the event becomes: done, ignored or unmatched.
	State string
	// Attention is what the operator is told, or empty.
	Attention string
	// Changes are what the event does to passes, those of other events too. They
	// take the place of those of an earlier time.
	Changes []Change
	// Push wakes phones though nothing has changed; nil: it does not.
	Push *Push
	// Merge is asked for passes that have updates.
	Merge Merge
	// Order, Passes and Deliveries come without ids; passes have their serials.
	// Deliveries name their passes by them.
	Order      Order
	Passes     []Pass
	Deliveries []Delivery
	// Messages are for whoever is to know of the event; notices go out only where
	// a pass is new.
	Messages []Message
	// Note is what the event says when it is done.
	Note string
}

// Push is whose phones are woken: those that have the pass of a serial number, or
// all passes of a template.
type Push struct{ Serial, Template string }

// Issued is what was new.
type Issued struct {
	Passes     []Pass
	Deliveries []Delivery
	// Changed are passes of other events that are not what they were.
	Changed []Pass
	// Unfit says which updates were left out, and why.
	Unfit []string
}

// reachAtOnce is how many passes one transaction changes; more are a walk.
const reachAtOnce = 200

// Issue stores new passes, their order and deliveries, and the event as done.
// Passes whose key is there are left as they are and out of the deliveries; so
// an event that issues nothing new makes no order and sends nothing. Changes
// that reach many passes begin a walk. The error is ErrLost, and nothing is
// stored, where the event's claim was lost, and ErrSeen where the source's id of
// an event that was not stored yet is known already.
func (s *Store) Issue(ctx context.Context, in Issue) (Issued, error) {
	var out Issued
	err := s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		w := issuing{Store: s, t: t, now: now, in: in, folding: folding{t: t, merge: in.Merge, event: in.Event.ID}}
		for _, step := range []func() error{w.fence, w.lock, w.passes, w.changes, w.foldNew, w.foldReached, w.deliveries, w.messages, w.activity, w.count, w.phones, w.settle} {
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
	folding
	t   *transaction
	now time.Time
	in  Issue
	out Issued
	// refs are rows of new passes.
	refs [][]any
	// other is the order that has the passes already, for the note.
	other string
	// reached is how many passes of other events the changes are about; walks:
	// more than are changed at once.
	reached int
	walks   bool
}

const (
	fenceEvent = "UPDATE events SET claimed = true WHERE id = $1 AND attempts = $2 AND state = 'pending'"
	endEvent   = "UPDATE events SET claimed = false, state = $3, note = $4, settled = $5, attention = $6 WHERE id = $1 AND attempts = $2 AND state = 'pending'"
)

// fence locks the event's row and makes sure that the claim holds.
func (w *issuing) fence() error {
	if w.in.Event.Attempts == 0 {
		return w.accept()
	}
	return w.t.changed(fenceEvent, w.in.Event.ID, w.in.Event.Attempts)
}

// accept stores the event. Until the end of the transaction nobody sees it.
func (w *issuing) accept() error {
	a, err := newAcceptance(w.in.Event.Event, nil)
	if err != nil {
		return err
	}
	a.id = w.in.Event.ID
	fresh, err := insertEvents(w.t, w.now, []acceptance{a})
	if err == nil && !fresh[a.id] {
		err = ErrSeen
	}
	return err
}

// lock keeps away whoever changes passes of the refs of new ones, or issues
// passes of the refs of changes: neither would see what the other writes.
func (w *issuing) lock() error {
	shared := map[string]bool{}
	for _, p := range w.in.Passes {
		for _, ref := range p.Refs {
			shared[ref] = true
		}
	}
	for _, c := range w.in.Changes {
		for _, ref := range c.refs() {
			shared[ref] = false
		}
	}
	return w.engine.lock(w.t, slices.Sorted(maps.Keys(shared)), shared)
}

const (
	insertOrder = "INSERT INTO orders (id, event_id, source, account, object, live, created) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	dropOrder   = "DELETE FROM orders WHERE id = $1"
	insertPass  = "INSERT INTO passes (serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash, issued, inputs, void_on, void, created, updated, source, account, live)" +
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, '[]', $13, $14, $15, $16, $17) ON CONFLICT (key) DO NOTHING"
	insertPassRef = "INSERT INTO pass_refs (ref, serial)"
	orderOfPass   = "SELECT order_id FROM passes WHERE key = $1"
)

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
	o := &w.in.Order
	o.ID = id
	if _, err := w.t.exec(insertOrder, o.ID, o.EventID, o.Source, o.Account, o.Object, o.Live, millis(o.Created)); err != nil {
		return err
	}
	sorted := slices.SortedFunc(slices.Values(w.in.Passes), func(a, b Pass) int { return cmp.Compare(a.Key, b.Key) })
	for _, p := range sorted {
		p.OrderID, p.Source, p.Account, p.Live = o.ID, o.Source, o.Account, o.Live
		if err := w.pass(p); err != nil {
			return err
		}
	}
	if len(w.out.Passes) == 0 {
		_, err = w.t.exec(dropOrder, o.ID)
		return err
	}
	return w.t.insert(insertPassRef, " ON CONFLICT DO NOTHING", w.refs)
}

func (w *issuing) pass(p Pass) error {
	voidOn, err := jsonList(p.VoidOn)
	if err != nil {
		return err
	}
	n, err := w.t.exec(insertPass, p.Serial, p.Key, p.OrderID, p.EventID, p.Rule, p.Template, p.Item, p.Unit, p.SecretID, p.LinkHash, p.Inputs, voidOn,
		millis(p.Created), millis(p.Updated), p.Source, p.Account, p.Live)
	if err != nil {
		return err
	}
	if n == 0 {
		return w.t.row(orderOfPass, p.Key).Scan(&w.other)
	}
	refs := slices.Clone(p.Refs)
	for _, reference := range p.References {
		refs = append(refs, integrations.ReferencePrefix+reference)
	}
	for _, ref := range refs {
		w.refs = append(w.refs, []any{ref, p.Serial})
	}
	p.Issued = p.Inputs
	w.out.Passes = append(w.out.Passes, p)
	return nil
}

const (
	leaveChanges = "UPDATE changes SET kind = 'none' WHERE event_id = $1"
	putChange    = "INSERT INTO changes (id, event_id, name, kind, reason, template, inputs) VALUES ($1, $2, $3, $4, $5, $6, $7)" +
		" ON CONFLICT (event_id, name) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, template = excluded.template, inputs = excluded.inputs RETURNING id"
	insertChangeRef = "INSERT INTO change_refs (ref, change_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
)

// changes stores the event's own in the place of those of an earlier time. Refs
// stay, so that the passes are found that need them no more.
func (w *issuing) changes() error {
	if w.in.Event.Attempts > 1 {
		if _, err := w.t.exec(leaveChanges, w.in.Event.ID); err != nil {
			return err
		}
	}
	for _, c := range w.in.Changes {
		id, err := newID()
		if err != nil {
			return err
		}
		err = w.t.row(putChange, id, w.in.Event.ID, c.Name, c.Kind, c.Reason, c.Template, append([]byte{}, c.Inputs...)).Scan(&id)
		if err != nil {
			return err
		}
		for _, ref := range c.refs() {
			if _, err := w.t.exec(insertChangeRef, ref, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// changedBefore finds out whether there is a change of any pass of an order.
const changedBefore = "SELECT 'by ref' FROM passes JOIN pass_refs USING (serial) JOIN change_refs USING (ref) WHERE order_id = $1" +
	" UNION ALL SELECT 'by serial' FROM passes JOIN change_refs ON ref = 'serial:' || serial WHERE order_id = $1 LIMIT 1"

// foldNew applies to new passes what came before them; nearly always that is
// nothing.
func (w *issuing) foldNew() error {
	if found, err := w.t.strings(changedBefore, w.in.Order.ID); err != nil || len(found) == 0 {
		return err
	}
	for i := range w.out.Passes {
		if _, err := w.fold(&w.out.Passes[i], true); err != nil {
			return err
		}
	}
	return nil
}

// foldReached brings the passes up to date that the event's changes are about,
// or begins a walk over them.
func (w *issuing) foldReached() error {
	if len(w.in.Changes) == 0 && w.in.Event.Attempts <= 1 {
		return nil
	}
	serials, err := reached(w.t, w.in.Event, "", reachAtOnce+1)
	if err != nil {
		return err
	}
	if w.walks = len(serials) > reachAtOnce; w.walks {
		return w.beginWalk(w.t, w.in.Event, WalkChange, w.now)
	}
	serials = slices.DeleteFunc(serials, func(serial string) bool {
		return slices.ContainsFunc(w.out.Passes, func(p Pass) bool { return p.Serial == serial })
	})
	w.reached = len(serials)
	for _, serial := range serials {
		p, changed, err := w.refold(serial, millis(w.now))
		if err != nil {
			return err
		}
		if changed {
			w.out.Changed = append(w.out.Changed, *p)
		}
	}
	return nil
}

// deliveries inserts those that have a new pass to deliver. A pass that is void
// already goes out as well: what made it void may be taken back, and nobody
// would send it then.
func (w *issuing) deliveries() error {
	fresh := map[string]bool{}
	for _, p := range w.out.Passes {
		fresh[p.Serial] = true
	}
	for _, d := range w.in.Deliveries {
		d.Passes = slices.DeleteFunc(slices.Clone(d.Passes), func(serial string) bool { return !fresh[serial] })
		if len(d.Passes) == 0 {
			continue
		}
		d.OrderID, d.Due = w.in.Order.ID, w.now
		if err := d.insert(w.Store, w.t); err != nil {
			return err
		}
		w.out.Deliveries = append(w.out.Deliveries, d)
	}
	return nil
}

// messages stores those that are still true.
func (w *issuing) messages() error {
	var all []Message
	for _, m := range w.in.Messages {
		m.EventID = w.in.Event.ID
		if m.Kind != MessageNotice || len(w.out.Passes) > 0 {
			all = append(all, m)
		}
	}
	return w.tell(w.t, w.now, all)
}

// activity stores what became of the passes.
func (w *issuing) activity() error {
	facts := make([]fact, len(w.out.Passes), len(w.out.Passes)+len(w.facts))
	for i, p := range w.out.Passes {
		facts[i] = fact{p.Serial, ActivityIssued}
	}
	return w.remember(w.t, w.in.Event.ID, w.now, append(facts, w.facts...))
}

// phones wakes those that have passes which are not what they were.
func (w *issuing) phones() error {
	told := w.out.Changed
	switch p := w.in.Push; {
	case p == nil:
	case p.Template != "":
		if err := w.beginWalk(w.t, w.in.Event, WalkPush, w.now); err != nil {
			return err
		}
	default:
		told = append(slices.Clip(told), Pass{Serial: p.Serial})
	}
	return w.newer(w.t, w.now, told)
}

func (w *issuing) settle() error {
	w.out.Unfit = w.unfit
	attention := strings.Join(slices.DeleteFunc(append([]string{w.in.Attention}, w.unfit...), func(s string) bool { return s == "" }), "; ")
	return w.t.changed(endEvent, w.in.Event.ID, w.in.Event.Attempts, w.in.State, clean(w.note()), millis(w.now), clean(attention))
}

// note says for people what came of the event.
func (w *issuing) note() string {
	var parts []string
	switch {
	case len(w.out.Passes) == 0 && w.other != "":
		parts = append(parts, fmt.Sprintf("nothing new: order %s has these passes", w.other))
	case w.in.Note != "":
		parts = append(parts, w.in.Note)
	case w.in.Push != nil:
		parts = append(parts, "its phones are woken")
	}
	if len(w.out.Passes) > 0 && w.reached == 0 && !w.walks {
		return strings.Join(parts, "; ") // the changes are about the new passes
	}
	for _, c := range w.in.Changes {
		if text := strings.TrimSpace(c.Kind + " " + c.Reason); !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	switch {
	case len(w.in.Changes) == 0:
	case w.walks:
		parts = append(parts, fmt.Sprintf("more than %d passes are being changed", reachAtOnce))
	case w.reached == 0:
		parts = append(parts, "no pass has its refs yet")
	default:
		parts = append(parts, changedOf(len(w.out.Changed), w.reached))
	}
	return strings.Join(parts, "; ")
}

// changedOf counts for people.
func changedOf(changed, reached int) string {
	if reached == 1 {
		return fmt.Sprintf("%d of 1 pass changed", changed)
	}
	return fmt.Sprintf("%d of %d passes changed", changed, reached)
}
