package store

import (
	"cmp"
	"context"
	"slices"
)

const (
	issuedBy    = "SELECT " + passFields + " FROM passes WHERE event_id = $1 ORDER BY key LIMIT $2"
	changedRefs = "SELECT DISTINCT ref FROM changes JOIN change_refs ON change_id = changes.id WHERE event_id = $1 AND kind <> 'none'"
	// changedBy are passes of which an event's change is, as fold finds changes.
	changedBy = "SELECT " + passFields + " FROM passes WHERE serial IN (SELECT serial FROM pass_refs WHERE ref = $1) AND source || '' = $2 AND account = $3 AND live = $4" +
		" AND EXISTS (SELECT 1 FROM changes WHERE changes.event_id = $5 AND kind <> 'none' AND (changes.template = '' OR changes.template = passes.template)) ORDER BY serial LIMIT $6"
)

// MadeBy are the passes that an event issued or changed, at most so many, in the
// order in which they were issued.
func (s *Store) MadeBy(ctx context.Context, e *Event, most int) ([]Pass, error) {
	out, err := collect(ctx, s.reader, scanPass, issuedBy, e.ID, most)
	if err != nil {
		return nil, err
	}
	refs, err := s.strings(ctx, changedRefs, e.ID)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		some, err := collect(ctx, s.reader, scanPass, changedBy, ref, e.Source, e.Account, e.Live, e.ID, most)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b Pass) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Serial, b.Serial))
	})
	out = slices.CompactFunc(out, func(a, b Pass) bool { return a.Serial == b.Serial })
	return out[:min(len(out), most)], nil
}

// DeliveriesOf are the deliveries of what an event issued, the oldest first.
func (s *Store) DeliveriesOf(ctx context.Context, eventID string) ([]Delivery, error) {
	return collect(ctx, s.reader, scanDelivery, "SELECT "+deliveryFields+" FROM deliveries WHERE order_id IN (SELECT id FROM orders WHERE event_id = $1) ORDER BY id", eventID)
}
