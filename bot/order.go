package bot

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	delivery, hash   string
}

// OrderPass is one pass of it.
type OrderPass struct {
	*Issued
	// Inputs are those that the buyer may change now.
	Inputs []OrderInput
	// Until is when that ends; zero is never.
	Until    time.Time
	template *passes.Template
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

// OrdersAbout are the orders about an object of a source, as the first delivery
// of each says, which is the buyer's, or as its newest resend does; none while
// there are no passes yet. Who else a rule sends passes to is not the buyer's
// business.
func (e *Engine) OrdersAbout(ctx context.Context, source, object string) ([]*Order, error) {
	all, err := e.Store.DeliveriesAbout(ctx, source, object)
	if err != nil {
		return nil, err
	}
	byOrder := map[string]*Order{}
	links := map[string]string{}
	var out []*Order
	for _, d := range all {
		first := byOrder[d.OrderID]
		if first != nil && (d.ResendOf == "" || d.LinkHash != links[d.OrderID]) {
			continue
		}
		o, err := e.orderOf(ctx, d)
		if err != nil {
			return nil, err
		}
		if first != nil {
			created := first.Created
			*first, first.Created = *o, created
			continue
		}
		byOrder[d.OrderID], links[d.OrderID] = o, d.LinkHash
		out = append(out, o)
	}
	return out, nil
}

func (e *Engine) orderOf(ctx context.Context, d store.Delivery) (*Order, error) {
	o := &Order{Recipient: d.Recipient, State: d.State, Created: d.Created, delivery: d.ID, hash: d.LinkHash}
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
	out := OrderPass{Issued: issued, template: r.template}
	if out.Until, err = r.template.BuyerUntil(r.pass.Inputs); err != nil || !issued.Editable {
		return out, err
	}
	for _, in := range r.template.Inputs {
		if slices.Contains(r.template.BuyerInputs, in.Name) {
			out.Inputs = append(out.Inputs, OrderInput{in, expressions.Stringify(r.pass.Inputs[in.Name], expressions.Settings{})})
		}
	}
	return out, nil
}

// editable reports whether the buyer may change something of a pass now.
func (e *Engine) editable(r *rendered) (bool, error) {
	if len(r.template.BuyerInputs) == 0 || r.pass.Voided {
		return false, nil
	}
	until, err := r.template.BuyerUntil(r.pass.Inputs)
	return until.IsZero() || e.Now().Before(until), err
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
		v = typed(v)
		switch {
		case !ok || v == in.Value:
			continue
		case v == "" && in.Required:
			return Refused{in.Label + " must not be empty"}
		case v == "":
			changed[in.Name] = nil
			continue
		case utf8.RuneCountInString(v) > maxTyped:
			return Refused{in.Label + " is too long"}
		}
		checked, err := p.template.CheckInput(in.Input, v)
		if err != nil {
			return Refused{err.Error()}
		}
		changed[in.Name] = checked
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

// maxTyped is the longest text that a buyer may enter, in characters.
const maxTyped = 200

// typed is what a person typed, without what nobody sees: signs that turn the
// direction of text would reorder the list at the door.
func typed(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s))
}

// maxWait is how long somebody waits for an event of their own.
const maxWait = 10 * time.Second

// atOnce works on an event of our own while its maker waits.
func (e *Engine) atOnce(ctx context.Context, ev integrations.Event) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	id, _, err := e.Accept(ctx, ev)
	if err != nil {
		return err
	}
	if err := e.workEvent(ctx, id); err != nil {
		return err
	}
	// A worker of the queue may have been first; then it is waited for.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		stored, ok, err := e.Store.Event(ctx, id)
		switch {
		case err != nil || !ok:
			return errors.Join(err, fmt.Errorf("event %s is gone", id))
		case stored.State == store.StateFailed:
			return errors.New(stored.Note)
		case stored.State != store.StatePending:
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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
		if d.ResendOf != "" && d.LinkHash == o.hash {
			corrected++
		}
	}
	if corrected >= maxCorrected {
		return Refused{"the address was changed several times already; ask the seller"}
	}
	_, err = e.Store.Resend(ctx, o.delivery, address)
	return err
}
