package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes/certificates"
)

// tellExpiring tells the operator each step, 90, 30 and 7 days before the end and the
// end itself, once; the store remembers it over restarts.
func (a *App) tellExpiring(ctx context.Context, keyring *certificates.Keyring) error {
	for _, e := range keyring.Expiring(a.Now()) {
		name := "told expiry " + e.PassType
		step := fmt.Sprintf("%s %d", e.NotAfter.UTC().Format(time.RFC3339), e.Threshold)
		last, err := a.Store.Mark(ctx, name)
		if err != nil {
			return err
		}
		if last == step {
			continue
		}
		id := sha256.Sum256([]byte(name + step))
		subject := "passhook: the certificate for " + e.PassType + " expires on " + e.NotAfter.Format(time.DateOnly)
		if err := a.Engine.Notice(ctx, integrations.Notice{ID: "expiry-" + hex.EncodeToString(id[:12]), Subject: subject, Text: e.String()}); err != nil {
			return err
		}
		if err := a.Store.SetMark(ctx, name, step); err != nil {
			return err
		}
	}
	return nil
}
