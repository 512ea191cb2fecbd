package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/internal/failpoint"
	"github.com/passhook/passhook/store"
)

// readTimeout is how long the database may take for what a delivery needs.
const readTimeout = 30 * time.Second

// deliver sends a claimed delivery.
func (e *Engine) deliver(ctx context.Context, d *store.Delivery) error {
	channel := e.Channels[d.Channel]
	if channel == nil {
		return integrations.Blocked(fmt.Errorf("there is no channel %s in the config", d.Channel))
	}
	out, rows, err := e.delivery(ctx, d)
	if err != nil {
		return err
	}
	place := ""
	out.Sent = func(p string) { place = p }
	confirmed := false
	defer func() { // a panic of the channel counts as answered too
		if confirmed {
			e.unanswered.Add(-1)
		}
	}()
	out.Confirm = func(ctx context.Context) error {
		err := e.Store.Confirm(ctx, d)
		if err == nil && !confirmed {
			confirmed = true
			e.unanswered.Add(1)
		}
		return err
	}
	failpoint.At("before-deliver")
	err = channel.Deliver(ctx, out)
	failpoint.At("after-deliver")
	switch {
	case err == nil && place != "":
		e.placed(ctx, d, place, rows)
	case integrations.IsNever(err):
		e.tellAsker(ctx, d, err)
	}
	return err
}

// Unfinished says how many deliveries the other side may have taken without
// having said so: to be cut off there sends them again. Empty: none.
func (e *Engine) Unfinished() string {
	if n := e.unanswered.Load(); n > 0 {
		return counted([]amount{{int(n), "delivery that is not answered yet", "deliveries that are not answered yet"}})
	}
	return ""
}

// delivery is what a channel gets of a stored one.
func (e *Engine) delivery(ctx context.Context, d *store.Delivery) (out integrations.Delivery, rows []store.Pass, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if rows, err = e.Store.PassesOf(ctx, d.ID); err != nil {
		return out, nil, err
	}
	out = integrations.Delivery{ID: d.ID, Recipient: d.Recipient, Created: d.Created}
	for _, row := range rows {
		p, err := e.Pass(row)
		if err != nil {
			return out, nil, integrations.Blocked(fmt.Errorf("pass %s: %w", row.Serial, err))
		}
		if out.Subject == "" {
			out.Subject, out.Intro = p.Subject, p.Intro
		}
		out.Editable = out.Editable || p.Editable
		out.Packages = append(out.Packages, p.Package)
	}
	if out.Link, err = e.DeliveryLink(*d); err != nil || d.LinkKey == "" || d.ResendOf != "" {
		return out, rows, err
	}
	// A restored backup sends the same again: whoever has it can tell.
	out.ID, err = e.Secrets.messageID(*d, rows)
	return out, rows, err
}

// messageID is the id of a first delivery, in every database that ever decides
// to send it.
func (s Secrets) messageID(d store.Delivery, rows []store.Pass) (string, error) {
	k, err := s.find(d.SecretID)
	if err != nil {
		return "", err
	}
	var key strings.Builder
	key.WriteString(d.LinkKey)
	for _, row := range rows {
		fmt.Fprintf(&key, " %q", row.Key)
	}
	return k.derive("message", key.String(), 20), nil
}
