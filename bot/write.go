package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// write does what a claimed message asks for.
func (e *Engine) write(ctx context.Context, m *store.Message) error {
	channel := e.Channels[m.Channel]
	if channel == nil {
		return integrations.Blocked(fmt.Errorf("there is no channel %s in the config", m.Channel))
	}
	switch m.Kind {
	case store.MessageNotice:
		return channel.Notice(ctx, m.Recipient, integrations.Notice{ID: m.ID, Subject: m.Subject, Text: m.Text})
	case store.MessageAnswer:
		if c, ok := channel.(integrations.Answerer); ok {
			issued, err := e.issued(ctx, m)
			if err != nil {
				return err
			}
			return c.Answer(ctx, m.Recipient, m.Text, issued)
		}
	case store.MessageEdit:
		if c, ok := channel.(integrations.Updater); ok {
			return e.edit(ctx, c, m)
		}
	}
	return integrations.Never(fmt.Errorf("channel %s takes no %s", m.Channel, m.Kind))
}

// issued is what a message's event has issued, and to whom that is sent.
func (e *Engine) issued(ctx context.Context, m *store.Message) (out integrations.Issued, err error) {
	if m.Text != "" || m.EventID == "" {
		return out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, deliveries, err := e.Store.IssuedBy(ctx, m.EventID)
	if err != nil {
		return out, err
	}
	for _, row := range rows {
		p, err := e.Pass(row)
		if err != nil {
			return out, integrations.Blocked(fmt.Errorf("pass %s: %w", row.Serial, err))
		}
		out.Packages = append(out.Packages, p.Package)
	}
	for _, d := range deliveries {
		if to := (integrations.Recipient{Channel: d.Channel, Address: d.Recipient}); !slices.Contains(out.To, to) {
			out.To = append(out.To, to)
		}
	}
	return out, nil
}

// edit brings a delivery up to date where it was put. What changes meanwhile is
// seen: of two that edit at once, neither leaves an old state behind.
func (e *Engine) edit(ctx context.Context, c integrations.Updater, m *store.Message) error {
	d, err := e.Store.Delivery(ctx, m.DeliveryID)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Place == "" {
		return nil
	}
	if err != nil {
		return err
	}
	for {
		out, rows, err := e.delivery(ctx, d)
		if err != nil {
			return err
		}
		if err := c.Update(ctx, d.Place, out); err != nil {
			return err
		}
		if now, err := e.Store.PassesOf(ctx, d.ID); err != nil || same(rows, now) {
			return err
		}
	}
}

// same reports whether passes are what they were.
func same(a, b []store.Pass) bool {
	return slices.EqualFunc(a, b, func(a, b store.Pass) bool {
		return a.Updated.Equal(b.Updated) && string(a.Inputs) == string(b.Inputs) && slices.Equal(a.Void, b.Void)
	})
}

// placed remembers where a delivery is. It is sent, whatever goes wrong here.
func (e *Engine) placed(ctx context.Context, d *store.Delivery, place string, sent []store.Pass) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	err := e.Store.SetPlace(ctx, d.ID, place)
	if err == nil { // what changed before that, nobody was told of
		var now []store.Pass
		if now, err = e.Store.PassesOf(ctx, d.ID); err == nil && !same(sent, now) {
			err = e.Store.Tell(ctx, store.Message{Kind: store.MessageEdit, Channel: d.Channel, DeliveryID: d.ID})
		}
	}
	if err != nil {
		e.Log.Error("it is not known where a delivery is; later changes of its passes will not show there", "delivery", d.ID, "error", err)
	}
}

// tellAsker tells whoever asked for passes that they cannot be delivered.
func (e *Engine) tellAsker(ctx context.Context, d *store.Delivery, why error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	ev, err := e.Store.EventOfOrder(ctx, d.OrderID)
	if err == nil {
		source, ok := e.Sources[ev.Source].(integrations.Asked)
		if !ok {
			return
		}
		to, ok := source.Asker(ev.Event)
		if !ok {
			return
		}
		err = e.Store.Tell(ctx, store.Message{
			Kind: store.MessageNotice, Channel: to.Channel, Recipient: to.Address, EventID: ev.ID,
			Subject: "A pass could not be sent to " + d.Recipient, Text: why.Error(),
		})
	}
	if err != nil {
		e.Log.Error("nobody was told that a delivery is dead", "delivery", d.ID, "error", err)
	}
}

// notices are what those are told whom rules name under notify: what was issued,
// without links or barcodes.
type notices struct {
	list  []store.Message
	index map[integrations.Recipient]int
	count []int
}

// add tells of one pass.
func (n *notices) add(p *Pass, to []integrations.Recipient) {
	var seen []integrations.Recipient
	for _, r := range to {
		if slices.Contains(seen, r) {
			continue
		}
		seen = append(seen, r)
		i, ok := n.index[r]
		if !ok {
			i = len(n.list)
			n.index[r] = i
			n.list = append(n.list, store.Message{Kind: store.MessageNotice, Channel: r.Channel, Recipient: r.Address})
			n.count = append(n.count, 0)
		}
		if n.count[i]++; n.count[i] <= mostListed {
			n.list[i].Text += line(p)
		}
	}
}

const (
	// mostListed is how many passes one notice lists, and mostLine how long each
	// line is, in characters.
	mostListed = 20
	mostLine   = 200
)

// line is a pass in one line.
func line(p *Pass) string {
	parts := []string{p.Rendered.Title}
	for _, f := range p.Rendered.Fields() {
		parts = append(parts, strings.TrimPrefix(f.Label+": "+f.Value, ": "))
	}
	text := []rune(strings.Join(strings.Fields(strings.Join(parts, ", ")), " "))
	if len(text) > mostLine {
		text = append(text[:mostLine-1], '…')
	}
	return string(text) + "\n"
}

// messages are the notices with their subjects.
func (n *notices) messages() []store.Message {
	for i, count := range n.count {
		n.list[i].Subject = counted([]amount{{count, "pass was issued", "passes were issued"}})
		if count > mostListed {
			n.list[i].Text += fmt.Sprintf("and %d more\n", count-mostListed)
		}
	}
	return n.list
}
