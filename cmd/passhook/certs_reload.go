package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

// signingWatch puts renewed certificates into the keyring of a running server,
// and warns in the log before they expire.
type signingWatch struct {
	// Load reads the signing section anew.
	Load    func() ([]certificates.Config, error)
	Keyring *certificates.Keyring
	Now     func() time.Time
	Log     *slog.Logger

	// signing is what was read last, and failed what was wrong with it: each
	// is told once.
	signing []certificates.Config
	failed  string
	// told is the last step of warning, by pass type.
	told map[string]certificates.Expiry
}

// watchSigning looks at each tick, which comes once a minute, until ctx ends. cfg is what keyring was loaded
// from, and what was wrong with it has been told.
func (c console) watchSigning(ctx context.Context, cfg *config.Config, keyring *certificates.Keyring, now func() time.Time, log *slog.Logger, tick <-chan time.Time) {
	w := &signingWatch{Keyring: keyring, Now: now, Log: log, signing: cfg.Signing, Load: func() ([]certificates.Config, error) {
		fresh, err := c.loadFile(cfg.File, config.Options{Sections: []config.Section{config.Signing}, Warn: func(problems.Problem) {}})
		if err != nil {
			return nil, err
		}
		return fresh.Signing, nil
	}}
	w.run(ctx, tick)
}

func (w *signingWatch) run(ctx context.Context, tick <-chan time.Time) {
	w.expiring() // start has told those
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			w.look()
		}
	}
}

func (w *signingWatch) look() {
	w.reload()
	for _, e := range w.expiring() {
		w.Log.Warn(e.String())
	}
}

// reload takes what is new and good. A few small files a minute are not worth
// remembering when they changed; what they hold is compared.
func (w *signingWatch) reload() {
	signing, err := w.Load()
	if err != nil {
		w.refuse(err)
		return
	}
	if slices.Equal(signing, w.signing) {
		w.failed = ""
		return
	}
	fresh, found := certificates.Load(signing, w.Now())
	if err := found.Under("signing").Err(); err != nil {
		w.refuse(err)
		return
	}
	for _, old := range w.Keyring.All() {
		cert, err := fresh.Find(old.PassType)
		if err == nil && old.Valid(w.Now()) == nil {
			err = cert.Valid(w.Now())
		}
		if err != nil {
			w.refuse(err)
			return
		}
	}
	w.Keyring.Replace(fresh)
	w.signing, w.failed = signing, ""
	for _, cert := range fresh.All() {
		w.Log.Info("certificate loaded", "pass_type", cert.PassType, "until", cert.NotAfter.Format(time.DateOnly))
	}
}

// refuse tells a failure once, not every minute.
func (w *signingWatch) refuse(err error) {
	if err.Error() != w.failed {
		w.failed = err.Error()
		w.Log.Error("the changed certificates cannot be used; the ones from before stay", "error", err)
	}
}

// expiring is what has come a step nearer its end since it was asked last.
func (w *signingWatch) expiring() []certificates.Expiry {
	var out []certificates.Expiry
	now := map[string]certificates.Expiry{}
	for _, e := range w.Keyring.Expiring(w.Now()) {
		now[e.PassType] = e
		if last, ok := w.told[e.PassType]; !ok || last.Threshold != e.Threshold || !last.NotAfter.Equal(e.NotAfter) {
			out = append(out, e)
		}
	}
	w.told = now
	return out
}
