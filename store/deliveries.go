package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const deliveryFields = "id, order_id, channel, recipient, resend_of, created, state, note, attempts, due, sent, link_key, secret_id, link_hash"

func scanDelivery(row scanner) (*Delivery, error) {
	var d Delivery
	var created, due, sent int64
	err := row.Scan(&d.ID, &d.OrderID, &d.Channel, &d.Recipient, &d.ResendOf, &created, &d.State, &d.Note, &d.Attempts, &due, &sent, &d.LinkKey, &d.SecretID, &d.LinkHash)
	d.Created, d.Due, d.Sent = fromMillis(created), fromMillis(due), fromMillis(sent)
	return &d, err
}

// insertDelivery gives the delivery its id and stores it with its passes.
func (s *Store) insertDelivery(ctx context.Context, tx *transaction, d *Delivery) (err error) {
	if d.ID, err = newID(); err != nil {
		return err
	}
	d.State = StatePending
	if _, err := tx.ExecContext(ctx, "INSERT INTO deliveries (id, order_id, channel, recipient, resend_of, created, state, note, attempts, claimed, due, sent, told, link_key, secret_id, link_hash)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10, 0, false, $11, $12, $13)",
		d.ID, d.OrderID, d.Channel, clean(d.Recipient), d.ResendOf, millis(d.Created), d.State, d.Attempts, d.Attempts > 0, millis(d.Due),
		d.LinkKey, d.SecretID, d.LinkHash); err != nil {
		return err
	}
	for i, serial := range d.Passes {
		if _, err := tx.ExecContext(ctx, "INSERT INTO delivery_passes (delivery_id, position, serial) VALUES ($1, $2, $3)", d.ID, i, serial); err != nil {
			return err
		}
	}
	return nil
}

// ClaimDelivery takes a pending delivery that is due, until the lease ends. ok
// is false where somebody else has it or there is nothing to do.
func (s *Store) ClaimDelivery(ctx context.Context, id string, lease time.Duration) (d *Delivery, ok bool, err error) {
	defer s.turn()()
	now := s.now()
	d, ok, err = found(scanDelivery(s.db.QueryRowContext(ctx,
		"UPDATE deliveries SET attempts = attempts + 1, claimed = true, due = $2 WHERE id = $1 AND state = 'pending' AND due <= $3 RETURNING "+deliveryFields,
		id, millis(now.Add(lease)), millis(now))))
	if err != nil || !ok {
		return nil, false, err
	}
	err = s.fillPasses(ctx, d)
	return d, err == nil, err
}

func (s *Store) fillPasses(ctx context.Context, d *Delivery) (err error) {
	d.Passes, err = s.strings(ctx, "SELECT serial FROM delivery_passes WHERE delivery_id = $1 ORDER BY position", d.ID)
	return err
}

// RetryDelivery gives a claimed delivery back, to be due at that time.
func (s *Store) RetryDelivery(ctx context.Context, d *Delivery, due time.Time, note string) error {
	return s.fenced(ctx, "UPDATE deliveries SET claimed = false, due = $3, note = $4 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
		d.ID, d.Attempts, millis(due), clean(note))
}

// SettleDelivery ends a claimed delivery: sent, bounced or dead.
func (s *Store) SettleDelivery(ctx context.Context, d *Delivery, state, note string) error {
	sent := int64(0)
	if state == StateSent {
		sent = millis(s.now())
	}
	return s.fenced(ctx, "UPDATE deliveries SET claimed = false, state = $3, note = $4, sent = $5 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
		d.ID, d.Attempts, state, clean(note), sent)
}

// Resend makes a new delivery of the same passes, to another recipient where
// to is not empty, and wakes a worker for it. It returns the new id.
func (s *Store) Resend(ctx context.Context, id, to string) (string, error) {
	old, ok, err := found(scanDelivery(s.db.QueryRowContext(ctx, "SELECT "+deliveryFields+" FROM deliveries WHERE id = $1", id)))
	if err != nil || !ok {
		return "", errors.Join(fmt.Errorf("there is no delivery %s", id), err)
	}
	if err := s.fillPasses(ctx, old); err != nil {
		return "", err
	}
	now := s.now()
	d := Delivery{
		OrderID: old.OrderID, Channel: old.Channel, Recipient: old.Recipient, ResendOf: old.ID, Created: now, Due: now, Passes: old.Passes,
		LinkKey: old.LinkKey, SecretID: old.SecretID, LinkHash: old.LinkHash,
	}
	if to != "" {
		d.Recipient = to
	}
	err = s.inTx(ctx, func(tx *transaction) error {
		if err := s.insertDelivery(ctx, tx, &d); err != nil {
			return err
		}
		return s.engine.enqueue(ctx, tx, []Job{{Kind: JobDelivery, IDs: []string{d.ID}}})
	})
	return d.ID, err
}

// deliveryByLink is the newest with a page's link: resends share it.
const deliveryByLink = "SELECT " + deliveryFields + " FROM deliveries WHERE link_hash = $1 ORDER BY id DESC LIMIT 1"

// DeliveryByLink reads the delivery whose page's token has this hash.
func (s *Store) DeliveryByLink(ctx context.Context, hash string) (d *Delivery, ok bool, err error) {
	if hash == "" {
		return nil, false, nil
	}
	d, ok, err = found(scanDelivery(s.db.QueryRowContext(ctx, deliveryByLink, hash)))
	if err != nil || !ok {
		return nil, false, err
	}
	err = s.fillPasses(ctx, d)
	return d, err == nil, err
}

const deliveriesAbout = "SELECT " + deliveryFields + " FROM deliveries WHERE order_id IN" +
	" (SELECT id FROM orders WHERE object = $1 AND source = $2) ORDER BY id"

// DeliveriesAbout are those of all orders about an object of a source, the
// oldest first.
func (s *Store) DeliveriesAbout(ctx context.Context, source, object string) ([]Delivery, error) {
	return s.listDeliveries(ctx, deliveriesAbout, object, source)
}
