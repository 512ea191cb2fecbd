package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes/certificates"
)

// tellExpiringEvery is how often expiry is looked at.
const tellExpiringEvery = time.Hour

// tellExpiring mails the operator, until ctx ends, which certificates expire.
func (a *app) tellExpiring(ctx context.Context, keyring *certificates.Keyring) {
	if len(a.engine.Operator) == 0 {
		return
	}
	tick := time.NewTicker(tellExpiringEvery)
	defer tick.Stop()
	for {
		if err := a.tellExpiringOnce(ctx, keyring); err != nil && ctx.Err() == nil {
			a.log.Warn("the operator could not be told of a certificate that expires; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tellExpiringOnce tells each step, 90, 30 and 7 days before the end and the
// end itself, once; the store remembers it over restarts.
func (a *app) tellExpiringOnce(ctx context.Context, keyring *certificates.Keyring) error {
	for _, e := range keyring.Expiring(a.now()) {
		name := "told expiry " + e.PassType
		step := fmt.Sprintf("%s %d", e.NotAfter.UTC().Format(time.RFC3339), e.Threshold)
		last, err := a.store.Mark(ctx, name)
		if err != nil {
			return err
		}
		if last == step {
			continue
		}
		id := sha256.Sum256([]byte(name + step))
		subject := "passhook: the certificate for " + e.PassType + " expires on " + e.NotAfter.Format(time.DateOnly)
		if err := a.engine.Notice(ctx, integrations.Notice{ID: "expiry-" + hex.EncodeToString(id[:12]), Subject: subject, Text: e.String()}); err != nil {
			return err
		}
		if err := a.store.SetMark(ctx, name, step); err != nil {
			return err
		}
	}
	return nil
}
