package orders

import (
	"context"
	"slices"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/store"
)

// Delivery is a delivery as its page shows it.
type Delivery struct {
	// Link is the page's own address; empty where it has none.
	Link   string
	Passes []DeliveryPass
	// Recipient is where it went, and State what came of it. Who has the link
	// may be somebody else: the delivery's page does not show them.
	Recipient, State string
	// Created is when it was decided, and Happened when what it is about did, by
	// the source's clock; only DeliveriesAbout says that.
	Created, Happened time.Time

	id, hash, event string
}

// DeliveryPass is one pass of it.
type DeliveryPass struct {
	*bot.Pass
	// Inputs are those that the buyer may change now.
	Inputs []Input
	// Until is when that ends; zero is never.
	Until time.Time
}

// Size is that of its package, in bytes.
func (p DeliveryPass) Size() int64 { return p.Bytes }

// Input is one input with its value.
type Input struct {
	passes.Input
	Value string
}

// DeliveryByLink finds a delivery by the token in its page's link. ok is false
// where none has it.
func (o *Orders) DeliveryByLink(ctx context.Context, token string) (*Delivery, bool, error) {
	rows, err := o.engine.Store.DeliveriesByLink(ctx, bot.LinkHash(token))
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	out, err := o.delivery(ctx, rows[0])
	if err != nil {
		return nil, false, err
	}
	for _, row := range rows[1:] {
		if row.ResendOf != "" {
			continue // it has the same passes
		}
		d, err := o.delivery(ctx, row)
		if err != nil {
			return nil, false, err
		}
		out.Passes = append(out.Passes, d.Passes...)
	}
	return out, true, nil
}

// DeliveriesAbout are those about an object of a source: of each order the
// first, which is the buyer's, or its newest resend; none while there are no
// passes yet. Who else a rule sends passes to is not the buyer's business.
func (o *Orders) DeliveriesAbout(ctx context.Context, source, object string) ([]*Delivery, error) {
	all, err := o.engine.Store.DeliveriesAbout(ctx, source, object)
	if err != nil {
		return nil, err
	}
	byOrder := map[string]*Delivery{}
	var out []*Delivery
	for _, row := range all {
		first := byOrder[row.OrderID]
		if first != nil && (row.ResendOf == "" || row.LinkHash != first.hash) {
			continue
		}
		d, err := o.delivery(ctx, row)
		if err != nil {
			return nil, err
		}
		if first != nil {
			*first = *d
			continue
		}
		byOrder[row.OrderID] = d
		out = append(out, d)
	}
	for _, d := range out {
		ev, err := o.engine.Store.Event(ctx, d.event)
		if err != nil {
			return nil, err
		}
		d.Happened = ev.Time
	}
	return out, nil
}

func (o *Orders) delivery(ctx context.Context, row store.Delivery) (*Delivery, error) {
	d := &Delivery{Recipient: row.Recipient, State: row.State, Created: row.Created, id: row.ID, hash: row.LinkHash}
	var err error
	if d.Link, err = o.engine.DeliveryLink(row); err != nil {
		return nil, err
	}
	rows, err := o.engine.Store.PassesOf(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		d.event = row.EventID
		p, err := o.deliveryPass(row)
		if err != nil {
			return nil, err
		}
		d.Passes = append(d.Passes, p)
	}
	return d, nil
}

func (o *Orders) deliveryPass(row store.Pass) (DeliveryPass, error) {
	p, err := o.engine.Pass(row)
	if err != nil {
		return DeliveryPass{}, err
	}
	out := DeliveryPass{Pass: p}
	if out.Until, err = p.Template.BuyerUntil(p.Source.Inputs); err != nil || !p.Editable {
		return out, err
	}
	for _, in := range p.Template.Inputs {
		if slices.Contains(p.Template.BuyerInputs, in.Name) {
			out.Inputs = append(out.Inputs, Input{in, expressions.Stringify(p.Source.Inputs[in.Name], expressions.Settings{})})
		}
	}
	return out, nil
}
