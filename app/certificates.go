package app

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

// signingEvery is how often the certificates' files are read again, and
// tellExpiringEvery how often the operator is told of those that expire.
const (
	signingEvery      = time.Minute
	tellExpiringEvery = time.Hour
)

// ReadSigning reads the signing section of a config file again and again.
func ReadSigning(file string, env func(string) (string, bool)) func() ([]certificates.Config, error) {
	return func() ([]certificates.Config, error) {
		c, err := config.Load(file, config.Options{Env: env, Sections: []config.Section{config.Signing}, Warn: func(problems.Problem) {}})
		if err != nil {
			return nil, err
		}
		return c.Signing, nil
	}
}

// certificates are the parts that look after those that sign.
func (a *App) certificates(keyring *certificates.Keyring) []Part {
	w := &signingWatch{Load: a.Signing, Keyring: keyring, Now: a.Now, Log: a.Log, signing: a.Config.Signing}
	w.expiring() // start has told those
	parts := []Part{{Name: "certificates", Run: a.every("the certificates could not be looked at", signingEvery, nil, w.check)}}
	if len(a.Engine.Operator) > 0 {
		parts = append(parts, Part{Name: "notices of certificates", Run: a.every("the operator could not be told of a certificate that expires", tellExpiringEvery, nil,
			func(ctx context.Context) error { return a.tellExpiring(ctx, keyring) })})
	}
	return parts
}

// signingWatch puts renewed certificates into the keyring of a running server,
// and warns in the log before they expire.
type signingWatch struct {
	// Load reads the signing section anew.
	Load    func() ([]certificates.Config, error)
	Keyring *certificates.Keyring
	Now     func() time.Time
	Log     *slog.Logger

	// signing is what was read last, and lastError what was wrong with it, which
	// is logged once.
	signing   []certificates.Config
	lastError string
	// warned is the last warning, by pass type.
	warned map[string]certificates.Expiry
}

// check looks once. Its own errors are logged once, not every minute.
func (w *signingWatch) check(context.Context) error {
	w.reload()
	for _, e := range w.expiring() {
		w.Log.Warn(e.String())
	}
	return nil
}

// reload takes what is new and good. A few small files a minute are not worth
// remembering when they changed; what they hold is compared.
func (w *signingWatch) reload() {
	signing, err := w.Load()
	if err != nil {
		w.logFailure(err)
		return
	}
	if slices.Equal(signing, w.signing) {
		w.lastError = ""
		return
	}
	fresh, found := certificates.Load(signing, w.Now())
	if err := found.Under("signing").Err(); err != nil {
		w.logFailure(err)
		return
	}
	for _, old := range w.Keyring.All() {
		cert, err := fresh.Find(old.PassType)
		if err == nil && old.Valid(w.Now()) == nil {
			err = cert.Valid(w.Now())
		}
		if err != nil {
			w.logFailure(err)
			return
		}
	}
	w.Keyring.Replace(fresh)
	w.signing, w.lastError = signing, ""
	for _, cert := range fresh.All() {
		w.Log.Info("certificate loaded", "pass_type", cert.PassType, "until", cert.NotAfter.Format(time.DateOnly))
	}
}

// logFailure logs a failure once, not every minute.
func (w *signingWatch) logFailure(err error) {
	if err.Error() != w.lastError {
		w.lastError = err.Error()
		w.Log.Error("the changed certificates cannot be used; the ones from before stay", "error", err)
	}
}

// expiring is what has come a step nearer its end since it was asked last.
func (w *signingWatch) expiring() []certificates.Expiry {
	var out []certificates.Expiry
	now := map[string]certificates.Expiry{}
	for _, e := range w.Keyring.Expiring(w.Now()) {
		now[e.PassType] = e
		if last, ok := w.warned[e.PassType]; !ok || last.Threshold != e.Threshold || !last.NotAfter.Equal(e.NotAfter) {
			out = append(out, e)
		}
	}
	w.warned = now
	return out
}
