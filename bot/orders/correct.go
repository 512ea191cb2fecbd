package orders

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/passhook/passhook/store"
)

// Limits of corrections: a mistyped address is found at once.
const (
	correctWithin = time.Hour
	maxCorrected  = 3
)

// MayCorrect is true while the delivery's address may be corrected.
func (o *Orders) MayCorrect(d *Delivery) bool {
	return o.engine.Now().Sub(d.Created) < correctWithin
}

// Correct sends the delivery to another address. Errors that are the buyer's are
// Refused.
func (o *Orders) Correct(ctx context.Context, _, _ string, d *Delivery, address string) error {
	address = strings.TrimSpace(address)
	parsed, err := mail.ParseAddress(address)
	switch {
	case err != nil || parsed.Address != address || len(address) > 320:
		return Refused{"this is not a mail address"}
	case strings.EqualFold(address, d.Recipient):
		return Refused{"the tickets went to this address already"}
	case !o.MayCorrect(d):
		return Refused{"the address can no longer be changed here; ask the seller"}
	}
	_, err = o.engine.Store.Resend(ctx, d.id, address, maxCorrected)
	if errors.Is(err, store.ErrTooMany) {
		return Refused{"the address was changed several times already; ask the seller"}
	}
	return err
}
