package bot

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/store"
)

// Order is a delivery as its page shows it.
type Order struct {
	// Link is the page's own address.
	Link   string
	Passes []OrderPass
	// Recipient is where it went, and State what came of it. Who has the link
	// may be somebody else: the order's page does not show them.
	Recipient, State string
	Created          time.Time
	delivery         string
}

// OrderPass is one pass of it.
type OrderPass struct {
	*Issued
	// Inputs are those that the buyer may change now.
	Inputs []OrderInput
	// Until is when that ends; zero is never.
	Until time.Time
}

// OrderInput is one input with its value.
type OrderInput struct {
	passes.Input
	Value string
}

// OrderByLink finds a delivery by the token in its page's link.
func (e *Engine) OrderByLink(ctx context.Context, token string) (*Order, bool, error) {
	d, ok, err := e.Store.DeliveryByLink(ctx, linkHash(token))
	if err != nil || !ok {
		return nil, false, err
	}
	o, err := e.orderOf(ctx, *d)
	return o, err == nil, err
}

// OrdersAbout are the deliveries about an object of a source, the newest of
// those that repeat each other; none while there are no passes yet.
func (e *Engine) OrdersAbout(ctx context.Context, source, object string) ([]*Order, error) {
	all, err := e.Store.DeliveriesAbout(ctx, source, object)
	if err != nil {
		return nil, err
	}
	newest := map[string]*Order{}
	var out []*Order
	for _, d := range all {
		o, err := e.orderOf(ctx, d)
		if err != nil {
			return nil, err
		}
		if first := newest[d.LinkHash]; first != nil {
			created := first.Created
			*first, first.Created = *o, created
			continue
		}
		newest[d.LinkHash] = o
		out = append(out, o)
	}
	return out, nil
}

func (e *Engine) orderOf(ctx context.Context, d store.Delivery) (*Order, error) {
	o := &Order{Recipient: d.Recipient, State: d.State, Created: d.Created, delivery: d.ID}
	if d.LinkKey != "" {
		k, err := e.Secrets.find(d.SecretID)
		if err != nil {
			return nil, err
		}
		o.Link = e.pageLink(k, d)
	}
	for _, serial := range d.Passes {
		row, ok, err := e.Store.PassBySerial(ctx, serial)
		if err != nil || !ok {
			return nil, errors.Join(err, fmt.Errorf("pass %s is gone", serial))
		}
		p, err := e.orderPass(*row)
		if err != nil {
			return nil, err
		}
		o.Passes = append(o.Passes, p)
	}
	return o, nil
}

func (e *Engine) pageLink(k secret, d store.Delivery) string {
	return e.URL + "/o/" + k.pageToken(d.LinkKey)
}

func (e *Engine) orderPass(row store.Pass) (OrderPass, error) {
	r, issued, err := e.describe(row)
	if err != nil {
		return OrderPass{}, err
	}
	out := OrderPass{Issued: issued}
	if out.Until, err = r.template.BuyerUntil(r.pass.Inputs); err != nil {
		return out, err
	}
	if issued.Voided || !out.Until.IsZero() && !e.Now().Before(out.Until) {
		return out, nil
	}
	for _, in := range r.template.Inputs {
		if slices.Contains(r.template.BuyerInputs, in.Name) {
			out.Inputs = append(out.Inputs, OrderInput{in, expressions.Stringify(r.pass.Inputs[in.Name], expressions.Settings{})})
		}
	}
	return out, nil
}

// Packages are the order's valid passes, signed.
func (e *Engine) Packages(ctx context.Context, o *Order) ([]*passes.Package, error) {
	var out []*passes.Package
	for _, p := range o.Passes {
		row, ok, err := e.Store.PassBySerial(ctx, p.Serial)
		if err != nil || !ok {
			return nil, errors.Join(err, fmt.Errorf("pass %s is gone", p.Serial))
		}
		if len(row.Void) > 0 {
			continue
		}
		issued, err := e.pack(*row)
		if err != nil {
			return nil, err
		}
		out = append(out, issued.Content)
	}
	return out, nil
}

// Refused is an error whose text is for the person who asked.
type Refused struct{ Text string }

func (r Refused) Error() string { return r.Text }

// Rename changes what the buyer may change of a pass of this order, and returns
// when it is done. Errors that are the buyer's are Refused.
func (e *Engine) Rename(ctx context.Context, o *Order, serial string, given map[string]string) error {
	i := slices.IndexFunc(o.Passes, func(p OrderPass) bool { return p.Serial == serial })
	if i < 0 {
		return Refused{"this ticket is not in your order"}
	}
	p := o.Passes[i]
	if len(p.Inputs) == 0 {
		return Refused{"the names can no longer be changed"}
	}
	changed := map[string]any{}
	for _, in := range p.Inputs {
		v, ok := given[in.Name]
		v = strings.TrimSpace(v)
		switch {
		case !ok || v == in.Value:
			continue
		case v == "" && in.Required:
			return Refused{in.Label + " must not be empty"}
		case len(v) > maxTyped:
			return Refused{in.Label + " is too long"}
		}
		changed[in.Name] = v
	}
	if len(changed) == 0 {
		return nil
	}
	ev, err := OwnEvent(TypeUpdate, serial, changed, e.Now())
	if err != nil {
		return err
	}
	return e.atOnce(ctx, ev)
}

// maxTyped is the longest text that a buyer may enter, in bytes.
const maxTyped = 200

// atOnce works on an event of our own while its maker waits.
func (e *Engine) atOnce(ctx context.Context, ev integrations.Event) error {
	id, _, err := e.Accept(ctx, ev)
	if err != nil {
		return err
	}
	if err := e.workEvent(ctx, id); err != nil {
		return err
	}
	stored, ok, err := e.Store.Event(ctx, id)
	if err == nil && ok && stored.State == store.StateFailed {
		return Refused{"that does not fit: " + stored.Note}
	}
	return err
}

// Limits of corrections: a mistyped address is found at once.
const (
	correctWithin = time.Hour
	maxCorrected  = 3
)

// MayCorrect is true while the order's address may be corrected.
func (e *Engine) MayCorrect(o *Order) bool {
	return e.Now().Sub(o.Created) < correctWithin
}

// Correct sends the order to another address. Errors that are the buyer's are
// Refused.
func (e *Engine) Correct(ctx context.Context, source, object string, o *Order, address string) error {
	address = strings.TrimSpace(address)
	parsed, err := mail.ParseAddress(address)
	switch {
	case err != nil || parsed.Address != address || len(address) > 320:
		return Refused{"this is not a mail address"}
	case strings.EqualFold(address, o.Recipient):
		return Refused{"the tickets went to this address already"}
	case !e.MayCorrect(o):
		return Refused{"the address can no longer be changed here; ask the seller"}
	}
	all, err := e.Store.DeliveriesAbout(ctx, source, object)
	if err != nil {
		return err
	}
	corrected := 0
	for _, d := range all {
		if d.ResendOf != "" {
			corrected++
		}
	}
	if corrected >= maxCorrected {
		return Refused{"the address was changed several times already; ask the seller"}
	}
	_, err = e.Store.Resend(ctx, o.delivery, address)
	return err
}
