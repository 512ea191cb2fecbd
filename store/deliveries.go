package store

import (
	"context"
	"errors"
	"time"
)

const deliveryFields = "id, order_id, channel, recipient, resend_of, created, state, note, attempts, since, due, sent, link_key, secret_id, link_hash, place"

func scanDelivery(row scanner) (*Delivery, error) {
	var d Delivery
	var created, since, due, sent int64
	err := row.Scan(&d.ID, &d.OrderID, &d.Channel, &d.Recipient, &d.ResendOf, &created, &d.State, &d.Note, &d.Attempts, &since, &due, &sent, &d.LinkKey, &d.SecretID, &d.LinkHash, &d.Place)
	d.Created, d.Since, d.Due, d.Sent = fromMillis(created), fromMillis(since), fromMillis(due), fromMillis(sent)
	return &d, err
}

func (d *Delivery) row() Row {
	return Row{ID: d.ID, Lane: d.Channel, State: d.State, Note: d.Note, Attempts: d.Attempts, Since: d.Since, Due: d.Due}
}

const (
	insertDelivery = "INSERT INTO deliveries (id, order_id, channel, recipient, resend_of, created, state, note, attempts, claimed, since, due, sent, told, link_key, secret_id, link_hash)" +
		" VALUES ($1, $2, $3, $4, $5, $6, 'pending', '', 0, false, $7, $7, 0, false, $8, $9, $10)"
	insertDeliveryPass = "INSERT INTO delivery_passes (delivery_id, position, serial)"
)

// insert gives the delivery its id and stores it with its passes; a worker is
// woken for it when that is on disk.
func (d *Delivery) insert(s *Store, t *transaction) (err error) {
	if d.ID, err = newID(); err != nil {
		return err
	}
	d.State = StatePending
	if _, err := t.exec(insertDelivery, d.ID, d.OrderID, d.Channel, clean(d.Recipient), d.ResendOf, millis(d.Created), millis(d.Due), d.LinkKey, d.SecretID, d.LinkHash); err != nil {
		return err
	}
	rows := make([][]any, len(d.Passes))
	for i, serial := range d.Passes {
		rows[i] = []any{d.ID, i, serial}
	}
	if err := t.insert(insertDeliveryPass, "", rows); err != nil {
		return err
	}
	channel := d.Channel
	t.committed(func() { s.ledger.wake(deliveryTable.name, channel) })
	return nil
}

const deliveryByID = "SELECT " + deliveryFields + " FROM deliveries WHERE id = $1"

// Delivery reads one delivery by its id. The error is ErrNotFound where there is
// none.
func (s *Store) Delivery(ctx context.Context, id string) (*Delivery, error) {
	d, err := found(scanDelivery(s.reader.QueryRowContext(ctx, deliveryByID, id)))
	if err != nil {
		return nil, err
	}
	d.Passes, err = s.strings(ctx, passesOfDelivery, id)
	return d, err
}

const passesOfDelivery = "SELECT serial FROM delivery_passes WHERE delivery_id = $1 ORDER BY position"

// ErrTooMany says that a delivery was sent again as often as it may be.
var ErrTooMany = errors.New("it was sent again too often")

const (
	// lockDelivery keeps others from sending the same again at the same time.
	lockDelivery = "UPDATE deliveries SET told = told WHERE id = $1 RETURNING " + deliveryFields
	countResends = "SELECT count(*) FROM deliveries WHERE link_hash = $1 AND link_hash <> '' AND resend_of <> ''"
	// replaceDelivery ends one that waits still: only the new one is to go.
	replaceDelivery = "UPDATE deliveries SET state = 'dead', told = true, note = $2 WHERE id = $1 AND state = 'pending' AND NOT claimed"
)

// Resend makes a new delivery of the same passes, to another recipient where to
// is not empty, in the place of one that waits still. It returns the new id. A
// most above 0 bounds how often that is done for one page; the error is
// ErrTooMany beyond it, and ErrNotFound where there is no such delivery.
func (s *Store) Resend(ctx context.Context, id, to string, most int) (string, error) {
	var d Delivery
	err := s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		old, err := found(scanDelivery(t.row(lockDelivery, id)))
		if err != nil {
			return err
		}
		if err := s.engine.lock(t, []string{"page " + old.LinkHash}, nil); err != nil {
			return err // deliveries that share the page are counted together
		}
		var resends int
		if err := t.row(countResends, old.LinkHash).Scan(&resends); err != nil {
			return err
		}
		if most > 0 && resends >= most {
			return ErrTooMany
		}
		d = Delivery{
			OrderID: old.OrderID, Channel: old.Channel, Recipient: old.Recipient, ResendOf: old.ID, Created: now, Due: now,
			LinkKey: old.LinkKey, SecretID: old.SecretID, LinkHash: old.LinkHash,
		}
		if to != "" {
			d.Recipient = to
		}
		if d.Passes, err = t.strings(passesOfDelivery, id); err != nil {
			return err
		}
		if err := d.insert(s, t); err != nil {
			return err
		}
		_, err = t.exec(replaceDelivery, id, "replaced by delivery "+d.ID)
		return err
	})
	return d.ID, err
}

// deliveriesByLink are those that share a page, the oldest first: more passes
// may come to a checkout later, and resends share it too.
const deliveriesByLink = "SELECT " + deliveryFields + " FROM deliveries WHERE link_hash = $1 ORDER BY id LIMIT 100"

// DeliveriesByLink reads the deliveries whose page's token has this hash, the
// oldest first; none where there is no such page.
func (s *Store) DeliveriesByLink(ctx context.Context, hash string) ([]Delivery, error) {
	if hash == "" {
		return nil, nil
	}
	return s.listDeliveries(ctx, deliveriesByLink, hash)
}

const deliveriesAbout = "SELECT " + deliveryFields + " FROM deliveries WHERE order_id IN" +
	" (SELECT id FROM orders WHERE object = $1 AND source = $2) ORDER BY id"

// DeliveriesAbout are those of all orders about an object of a source, the
// oldest first.
func (s *Store) DeliveriesAbout(ctx context.Context, source, object string) ([]Delivery, error) {
	return s.listDeliveries(ctx, deliveriesAbout, object, source)
}

const passesOf = "SELECT " + passFields + " FROM delivery_passes JOIN passes USING (serial) WHERE delivery_id = $1 ORDER BY position"

// PassesOf are the passes of a delivery, in its order.
func (s *Store) PassesOf(ctx context.Context, deliveryID string) ([]Pass, error) {
	return collect(ctx, s.reader, scanPass, passesOf, deliveryID)
}

const deadDeliveries = "SELECT " + deliveryFields + " FROM deliveries WHERE state = 'dead' AND (created, id) > ($1, $2)" +
	" AND NOT EXISTS (SELECT 1 FROM deliveries AS again WHERE again.resend_of = deliveries.id AND again.resend_of <> '') ORDER BY created, id LIMIT 200"

// ResendDead makes new deliveries of all that are dead, were decided since then
// and were not sent again yet. It returns how many.
func (s *Store) ResendDead(ctx context.Context, since time.Time) (queued int, err error) {
	for last := (Delivery{Created: since}); ; {
		some, err := collect(ctx, s.reader, scanDelivery, deadDeliveries, millis(last.Created), last.ID)
		if err != nil || len(some) == 0 {
			return queued, err
		}
		for _, last = range some {
			if _, err := s.Resend(ctx, last.ID, "", 0); err != nil {
				return queued, err
			}
			queued++
		}
	}
}
