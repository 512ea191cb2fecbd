package bot

import (
	"context"
	"fmt"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// deliverAtOnce sends what the issuing worker claimed for itself.
func (e *Engine) deliverAtOnce(ctx context.Context, issued store.Issued) error {
	for i := range issued.Deliveries {
		d := &issued.Deliveries[i]
		if d.Attempts == 0 {
			continue // not claimed: the queue has it
		}
		err := e.deliver(ctx, d)
		e.senders.Release(1)
		if err != nil {
			return err
		}
	}
	return nil
}

// workDelivery claims one delivery and sends it.
func (e *Engine) workDelivery(ctx context.Context, id string) error {
	d, ok, err := e.Store.ClaimDelivery(ctx, id, lease)
	if err != nil || !ok {
		return err
	}
	return e.deliver(ctx, d)
}

// deliver sends a claimed delivery and settles it. Between the send and the
// settling a crash repeats the mail, with the same Message-ID.
func (e *Engine) deliver(ctx context.Context, d *store.Delivery) error {
	// A send that has begun is not cut off: the other side might have taken it.
	// Channels have limits of their own, shorter than the lease.
	cause := e.safely("delivery "+d.ID, func() error { return e.send(context.WithoutCancel(ctx), d) })
	ctx, cancel := settling(ctx)
	defer cancel()
	log := e.Log.With("delivery", d.ID, "order", d.OrderID, "channel", d.Channel, "attempt", d.Attempts)
	switch {
	case cause == nil:
		log.Info("delivered", "passes", len(d.Passes))
		return lost(e.Store.SettleDelivery(ctx, d, store.StateSent, ""))
	case e.final(cause, d.Created):
		log.Error("delivery is dead; correct the address: passhook deliveries resend "+d.ID+" --to ADDRESS", "error", cause)
		return lost(e.Store.SettleDelivery(ctx, d, store.StateDead, cause.Error()))
	}
	due := e.next(d.Attempts, cause)
	log.Warn("delivery is tried again", "error", cause, "at", due)
	return lost(e.Store.RetryDelivery(ctx, d, due, cause.Error()))
}

func (e *Engine) send(ctx context.Context, d *store.Delivery) error {
	channel := e.Channels[d.Channel]
	if channel == nil {
		return fmt.Errorf("there is no channel %s in the config", d.Channel)
	}
	out := integrations.Delivery{ID: d.ID, Recipient: d.Recipient, Created: d.Created}
	for _, serial := range d.Passes {
		p, err := e.forDelivery(ctx, serial, len(d.Passes) <= integrations.MaxAttached)
		if err != nil {
			return err
		}
		if out.Subject == "" {
			out.Subject, out.Intro = p.Subject, p.Intro
		}
		out.Editable = out.Editable || p.Editable
		out.Packages = append(out.Packages, p.Package)
	}
	var err error
	if out.Link, err = e.DeliveryLink(*d); err != nil {
		return err
	}
	return channel.Deliver(ctx, out)
}

// forDelivery is one pass of a delivery; its package is made where it will be
// attached.
func (e *Engine) forDelivery(ctx context.Context, serial string, attached bool) (*Pass, error) {
	row, ok, err := e.Store.PassBySerial(ctx, serial)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, integrations.Never(fmt.Errorf("pass %s is gone", serial))
	}
	p, err := e.Pass(*row)
	if err != nil || !attached {
		return p, err
	}
	return p, e.Pack(p)
}
