package store

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
)

// ReasonRule begins the reasons for which rules void passes, followed by the
// rule's name. To lift it lifts them all.
const ReasonRule = "rule"

const changeFields = "changes.event_id, name, kind, reason, template, changes.inputs, events.source, time, external_id"

const (
	// changesBySource are a pass's changes: those that share a ref with it and
	// are of its source, account and mode.
	changesBySource = "SELECT " + changeFields + " FROM pass_refs JOIN change_refs ON change_refs.ref = pass_refs.ref JOIN changes ON changes.id = change_id JOIN events ON events.id = changes.event_id" +
		" WHERE serial = $1 AND events.source = $2 AND events.account = $3 AND events.live = $4"
	// changesBySerial are those that passhook itself made of it.
	changesBySerial = "SELECT " + changeFields + " FROM change_refs JOIN changes ON changes.id = change_id JOIN events ON events.id = changes.event_id" +
		" WHERE ref = $1 AND events.source = 'passhook'"
)

func scanChange(row scanner) (*Change, error) {
	var c Change
	var at int64
	err := row.Scan(&c.EventID, &c.Name, &c.Kind, &c.Reason, &c.Template, &c.Inputs, &c.Source, &at, &c.externalID)
	c.Time = fromMillis(at)
	return &c, err
}

// changesOf are all changes of a pass, each once, in the order in which they
// happened. Those of the same time have an order of their own, so that it never
// matters which arrived first.
func changesOf(t *transaction, p *Pass) ([]Change, error) {
	list, err := collect(t.ctx, t, scanChange, changesBySource, p.Serial, p.Source, p.Account, p.Live)
	if err != nil {
		return nil, err
	}
	own, err := collect(t.ctx, t, scanChange, changesBySerial, integrations.SerialPrefix+p.Serial)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(append(list, own...), func(c Change) bool {
		return c.Kind == ChangeNone || c.Template != "" && c.Template != p.Template
	})
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(a.Time.Compare(b.Time), slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), cmp.Compare(a.externalID, b.externalID), cmp.Compare(a.Name, b.Name))
	})
	return slices.CompactFunc(list, func(a, b Change) bool { return a.EventID == b.EventID && a.Name == b.Name }), nil
}

// kinds are those of changes in the order of those that happened at the same
// time.
var kinds = []string{ChangeUpdate, ChangeVoid, ChangeLift}

// voids are the reasons for which a pass is void. They depend on nothing else: no
// update and no template keeps a refunded pass valid.
func voids(p *Pass, changes []Change) []string {
	void := map[string]bool{}
	for _, c := range changes {
		switch {
		case c.Kind == ChangeLift && c.Reason == ReasonRule:
			maps.DeleteFunc(void, func(reason string, _ bool) bool { return strings.HasPrefix(reason, ReasonRule+" ") })
		case c.Kind == ChangeLift:
			delete(void, c.Reason)
		case c.Kind != ChangeVoid:
		case !slices.Contains(integrations.Reasons(), c.Reason) || slices.Contains(p.VoidOn, c.Reason):
			void[c.Reason] = true
		}
	}
	return slices.Sorted(maps.Keys(void))
}

// Merge makes of a pass as it was issued, and its updates in their order, what
// its inputs are now. Updates that do not fit are left out; why says of each of
// them what is wrong. It must depend on nothing else and never fail.
type Merge func(p Pass, updates []Change) (inputs []byte, why map[int]string)

// folding brings passes up to date within one transaction.
type folding struct {
	t     *transaction
	merge Merge
	// event is the one whose changes they are.
	event string
	// unfit says what was left out.
	unfit []string
	// facts are what became of the passes.
	facts []fact
}

// fold computes what a pass is, and writes that where it has changed. fresh
// passes are new.
func (f *folding) fold(p *Pass, fresh bool) (changed bool, err error) {
	list, err := changesOf(f.t, p)
	if err != nil {
		return false, err
	}
	void, inputs := voids(p, list), p.Issued
	updates := slices.DeleteFunc(list, func(c Change) bool { return c.Kind != ChangeUpdate })
	if len(updates) > 0 {
		var why map[int]string
		inputs, why = f.merge(*p, updates)
		for i, text := range why {
			if fresh || updates[i].EventID == f.event {
				f.unfit = append(f.unfit, text)
			}
		}
	}
	if bytes.Equal(inputs, p.Inputs) && slices.Equal(void, p.Void) {
		return false, nil
	}
	f.facts = append(f.facts, became(p, inputs, void, fresh)...)
	p.Inputs, p.Void = inputs, void
	text, err := jsonList(void)
	if err != nil {
		return false, err
	}
	_, err = f.t.exec(updatePass, p.Serial, p.Inputs, text, millis(p.Updated))
	return true, err
}

const (
	updatePass = "UPDATE passes SET inputs = $2, void = $3, updated = $4 WHERE serial = $1"
	// lockPass lets of two that change a pass at once the second see what the
	// first wrote.
	lockPass = "UPDATE passes SET updated = updated WHERE serial = $1 RETURNING " + passFields
)

// refold brings a pass up to date that is there already.
func (f *folding) refold(serial string, now int64) (*Pass, bool, error) {
	p, err := scanPass(f.t.row(lockPass, serial))
	if err != nil {
		return nil, false, err
	}
	p.Updated = after(p.Updated, fromMillis(now))
	changed, err := f.fold(p, false)
	return p, changed, err
}

// after is the time of a change: phones compare whole seconds, so that two changes
// are never in one.
func after(last, now time.Time) time.Time {
	if next := last.Truncate(time.Second).Add(time.Second); now.Before(next) {
		return next
	}
	return now
}

const (
	refsOfChanges = "SELECT DISTINCT ref FROM changes JOIN change_refs ON change_id = changes.id WHERE event_id = $1"
	reachedByRef  = "SELECT serial FROM pass_refs JOIN passes USING (serial) WHERE ref = $1 AND serial > $2 AND source || '' = $3 AND account = $4 AND live = $5 ORDER BY serial LIMIT $6"
	reachedBySelf = "SELECT serial FROM passes WHERE serial = $1 AND serial > $2"
)

// reached are the serial numbers behind a place, at most so many, of the passes
// that an event's changes are about, in their order.
func reached(t *transaction, e *Event, place string, most int) ([]string, error) {
	refs, err := t.strings(refsOfChanges, e.ID)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, ref := range refs {
		query, args := reachedByRef, []any{ref, place, e.Source, e.Account, e.Live, most}
		if serial, ok := cutSerial(e, ref); ok {
			query, args = reachedBySelf, []any{serial, place}
		}
		some, err := t.strings(query, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), most)], nil
}

// cutSerial is the serial number that a ref of passhook's own event names.
func cutSerial(e *Event, ref string) (string, bool) {
	if e.Source != ownSource {
		return "", false
	}
	return strings.CutPrefix(ref, integrations.SerialPrefix)
}

// ownSource is the source of what people do with passhook itself.
const ownSource = "passhook"
