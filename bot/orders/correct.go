package orders

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/passhook/passhook/store"
)

const (
	// fresh is how long after a checkout its page shows everything to who knows
	// the id of the checkout. Later the id lies in logs, exports and backups.
	fresh = time.Hour
	// againAfter is the time between two mails of one delivery that are sent from
	// its page without another address.
	againAfter = time.Hour
	// maxResent is how often one delivery is sent again from its page, to another
	// address or the same.
	maxResent = 3
)

// Fresh is true while who knows the id of a delivery's checkout may see its
// passes and its address, and correct that. A mistyped address is found at once.
func (o *Orders) Fresh(d *Delivery) bool { return o.engine.Now().Sub(d.Happened) < fresh }

// Correct sends the delivery to another address. Errors that are the buyer's are
// Refused.
func (o *Orders) Correct(ctx context.Context, d *Delivery, address string) error {
	address = strings.TrimSpace(address)
	parsed, err := mail.ParseAddress(address)
	switch {
	case err != nil || parsed.Address != address || len(address) > 320:
		return Refused{"this is not a mail address"}
	case strings.EqualFold(address, d.Recipient):
		return Refused{"the passes went to this address already"}
	case !o.Fresh(d):
		return Refused{"the address can no longer be changed here; ask the seller"}
	}
	return o.resend(ctx, d, address)
}

// MayRepeat is true where the delivery may be sent to its address again.
func (o *Orders) MayRepeat(d *Delivery) bool {
	return d.State != store.StatePending && o.engine.Now().Sub(d.Created) >= againAfter
}

// Repeat sends the delivery to its address again. Errors that are the buyer's
// are Refused.
func (o *Orders) Repeat(ctx context.Context, d *Delivery) error {
	if !o.MayRepeat(d) {
		return Refused{"the mail was sent less than an hour ago; look among unwanted mail as well"}
	}
	return o.resend(ctx, d, "")
}

// resend makes a new delivery of the same passes, to another address where to is
// not empty, as often as pages may.
func (o *Orders) resend(ctx context.Context, d *Delivery, to string) error {
	_, err := o.engine.Store.Resend(ctx, d.id, to, maxResent)
	if errors.Is(err, store.ErrTooMany) {
		return Refused{"the mail was sent several times already; ask the seller"}
	}
	return err
}
