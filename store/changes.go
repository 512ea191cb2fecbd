package store

import (
	"bytes"
	"slices"
)

// changesOf are a pass's changes in the order in which they happened. Those of
// the same time have an order of their own, so that it never matters which
// arrived first.
const changesOf = "SELECT name, kind, reason, template, changes.inputs, source, time FROM changes JOIN events ON events.id = event_id" +
	" WHERE changes.id IN (SELECT change_id FROM change_refs WHERE ref = 'serial:' || $1) AND source = 'passhook'" +
	" OR changes.id IN (SELECT change_id FROM pass_refs JOIN change_refs ON change_refs.ref = pass_refs.ref WHERE serial = $1)" +
	" AND (source, account, live) = (SELECT source, account, live FROM orders WHERE id = $2)" +
	" ORDER BY time, CASE kind WHEN '" + ChangeUpdate + "' THEN 0 WHEN '" + ChangeVoid + "' THEN 1 ELSE 2 END, external_id, name"

// changedBy are the passes that an event's changes are about.
const changedBy = "SELECT serial FROM passes WHERE serial IN" +
	" (SELECT substr(ref, 8) FROM change_refs JOIN changes ON changes.id = change_id WHERE event_id = $1 AND ref LIKE 'serial:%')" +
	" OR serial IN (SELECT serial FROM changes JOIN change_refs ON change_id = changes.id JOIN pass_refs ON pass_refs.ref = change_refs.ref WHERE event_id = $1)" +
	" AND order_id IN (SELECT orders.id FROM orders JOIN events ON orders.source = events.source AND orders.account = events.account AND orders.live = events.live" +
	" WHERE events.id = $1 AND orders.id = order_id)" +
	" ORDER BY serial"

func scanChange(row scanner) (*Change, error) {
	var c Change
	var at int64
	err := row.Scan(&c.Name, &c.Kind, &c.Reason, &c.Template, &c.Inputs, &c.Source, &at)
	c.Time = fromMillis(at)
	return &c, err
}

// changes stores the event's own, and makes of every pass that they are about,
// and of every new one, what all changes make of it.
func (w *issuing) changes() error {
	for _, c := range w.in.Changes {
		if err := w.change(c); err != nil {
			return err
		}
	}
	fresh := map[string]int{}
	for i, p := range w.out.Passes {
		fresh[p.Serial] = i
	}
	var reached []string
	if len(w.in.Changes) > 0 {
		rows, err := w.tx.QueryContext(w.ctx, changedBy, w.in.Event.ID)
		if err != nil {
			return err
		}
		if reached, err = column(rows); err != nil {
			return err
		}
		w.reached = len(reached)
	}
	for i := range w.out.Passes {
		if _, err := w.fold(&w.out.Passes[i]); err != nil {
			return err
		}
	}
	for _, serial := range reached {
		if _, is := fresh[serial]; is {
			continue
		}
		p, changed, err := w.refold(serial)
		if err != nil {
			return err
		}
		if changed {
			w.out.Changed = append(w.out.Changed, *p)
		}
	}
	return nil
}

func (w *issuing) change(c Change) error {
	id, err := newID()
	if err != nil {
		return err
	}
	n, err := w.exec("INSERT INTO changes (id, event_id, name, kind, reason, template, inputs) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id, name) DO NOTHING",
		id, w.in.Event.ID, c.Name, c.Kind, c.Reason, c.Template, append([]byte{}, c.Inputs...))
	if err != nil || n == 0 {
		return err
	}
	refs := c.Refs
	if c.Serial != "" {
		refs = append(slices.Clone(refs), "serial:"+c.Serial)
	}
	for _, ref := range refs {
		if _, err := w.exec("INSERT INTO change_refs (ref, change_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", ref, id); err != nil {
			return err
		}
	}
	return nil
}

// refold locks a pass before its changes are read, so that of two that change
// it at once the second sees what the first wrote.
func (w *issuing) refold(serial string) (*Pass, bool, error) {
	p, err := scanPass(w.tx.QueryRowContext(w.ctx, "UPDATE passes SET updated = updated WHERE serial = $1 RETURNING "+passFields, serial))
	if err != nil {
		return nil, false, err
	}
	changed, err := w.fold(p)
	return p, changed, err
}

func (w *issuing) fold(p *Pass) (changed bool, err error) {
	rows, err := w.tx.QueryContext(w.ctx, changesOf, p.Serial, p.OrderID)
	if err != nil {
		return false, err
	}
	list, err := collected(rows, scanChange)
	if err != nil || len(list) == 0 && bytes.Equal(p.Issued, p.Inputs) && len(p.Void) == 0 {
		return false, err
	}
	now, err := w.in.Fold(*p, list)
	if err != nil || bytes.Equal(now.Inputs, p.Inputs) && slices.Equal(now.Void, p.Void) {
		return false, err
	}
	now.Updated = w.now()
	*p = now
	void, err := jsonList(p.Void)
	if err != nil {
		return false, err
	}
	_, err = w.exec("UPDATE passes SET inputs = $2, void = $3, updated = $4 WHERE serial = $1", p.Serial, p.Inputs, void, millis(p.Updated))
	return true, err
}
