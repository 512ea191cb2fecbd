package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
)

// watched is a signingWatch that a test drives by hand.
type watched struct {
	*signingWatch
	t   *testing.T
	log strings.Builder
	now time.Time
	// next is what Load gives.
	next []certificates.Config
	err  error
}

func newWatched(t *testing.T, first certificates.Config) *watched {
	t.Helper()
	w := &watched{t: t, now: passtest.Now, next: []certificates.Config{first}}
	keyring, found := certificates.Load(w.next, w.now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	w.signingWatch = &signingWatch{
		Load: func() ([]certificates.Config, error) { return w.next, w.err }, Keyring: keyring,
		Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&w.log, nil)), signing: w.next,
	}
	w.expiring()
	return w
}

// minute is what the watch logs when it looks twice.
func (w *watched) minute() string {
	w.t.Helper()
	for range 2 {
		if err := w.check(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	out := w.log.String()
	w.log.Reset()
	return out
}

// signingEntry is a certificate with its key and issuer, valid for so many days.
func signingEntry(t *testing.T, passType string, days int) certificates.Config {
	t.Helper()
	ca, _ := passtest.Apple(t)
	issued, err := ca.IssueFor(passType, passtest.Team, "Hall One", passtest.Now.Add(-time.Hour), passtest.Now.AddDate(0, 0, days))
	if err != nil {
		t.Fatal(err)
	}
	return certificates.Config{Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM())}
}

func (w *watched) until() string {
	w.t.Helper()
	c, err := w.Keyring.Find(passtest.PassType)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.NotAfter.Format(time.DateOnly)
}

func TestRenewedCertificateIsTakenWithoutRestart(t *testing.T) {
	w := newWatched(t, signingEntry(t, passtest.PassType, 200))
	if got := w.minute(); got != "" {
		t.Errorf("nothing changed, and the log says %s", got)
	}
	w.next = []certificates.Config{signingEntry(t, passtest.PassType, 400)}
	if got := w.minute(); strings.Count(got, "certificate loaded") != 1 || w.until() != "2027-12-28" {
		t.Errorf("valid until %s, and the log says %s", w.until(), got)
	}
}

// The files of a project, read again.
func TestWatchSigningReadsTheFilesAgain(t *testing.T) {
	old, renewed := signingEntry(t, passtest.PassType, 200), signingEntry(t, passtest.PassType, 400)
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("passhook.yaml", `signing: [{certificate: "file:pass.pem", intermediate: "file:wwdr.pem"}]`)
	put("pass.pem", old.Certificate+old.Key)
	put("wwdr.pem", old.Intermediate)
	w := newWatched(t, old)
	w.Load = ReadSigning(filepath.Join(dir, "passhook.yaml"), nil)
	var err error
	if w.signing, err = w.Load(); err != nil {
		t.Fatal(err)
	}
	put("pass.pem", renewed.Certificate+renewed.Key)
	w.minute()
	if got := w.until(); got != "2027-12-28" {
		t.Errorf("the certificate is the one until %s", got)
	}
}

func TestBadRenewalKeepsTheOldCertificate(t *testing.T) {
	old := signingEntry(t, passtest.PassType, 200)
	broken := old
	broken.Key = "nonsense"
	for _, tc := range []struct {
		name string
		next []certificates.Config
		err  error
		want string
	}{
		{"the config cannot be read", nil, errors.New("passhook.yaml: cannot be read"), "passhook.yaml: cannot be read"},
		{"the key is broken", []certificates.Config{broken}, nil, "signing[0].key: is no certificate, private key"},
		{"nothing is left", nil, nil, "there is no certificate to sign with"},
		{"another pass type", []certificates.Config{signingEntry(t, "pass.com.example.other", 400)}, nil, "there is no certificate for " + passtest.PassType},
		{"it has expired", []certificates.Config{signingEntry(t, passtest.PassType, 0)}, nil, "the certificate for " + passtest.PassType + " expired on 2026-11-23"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWatched(t, old)
			w.now = w.now.Add(time.Minute)
			w.next, w.err = tc.next, tc.err
			got := w.minute()
			if !strings.Contains(got, tc.want) || strings.Count(got, "level=ERROR") != 1 || w.until() != "2027-06-11" {
				t.Errorf("valid until %s, and the log says %s", w.until(), got)
			}
			w.next, w.err = []certificates.Config{signingEntry(t, passtest.PassType, 400)}, nil
			if got := w.minute(); !strings.Contains(got, "certificate loaded") || w.until() != "2027-12-28" {
				t.Errorf("repaired, but valid until %s, and the log says %s", w.until(), got)
			}
		})
	}
}

func TestExpiryIsLoggedOnceAStep(t *testing.T) {
	w := newWatched(t, signingEntry(t, passtest.PassType, 200))
	for _, step := range []struct {
		left int
		want string
	}{
		{91, ""}, {90, "in 90 days"}, {89, ""}, {30, "in 30 days"}, {29, ""}, {7, "in 7 days"}, {6, ""}, {0, "expired on"}, {-1, ""},
	} {
		w.now = passtest.Now.AddDate(0, 0, 200-step.left)
		got := w.minute()
		if step.want == "" && got != "" || !strings.Contains(got, step.want) || strings.Count(got, "\n") > 1 {
			t.Errorf("with %d days left the log says %q, want %q", step.left, got, step.want)
		}
	}
	w.now = passtest.Now
	w.next = []certificates.Config{signingEntry(t, passtest.PassType, 20)}
	w.minute()
	if got := w.minute(); got != "" {
		t.Errorf("told again: %s", got)
	}
}

// One that nobody renews keeps no other from being renewed.
func TestARenewalIsTakenBesideAnExpiredCertificate(t *testing.T) {
	w := newWatched(t, signingEntry(t, passtest.PassType, 200))
	gone := signingEntry(t, "pass.com.example.gone", 0)
	w.next = append(w.next, gone)
	w.minute()
	w.now = w.now.Add(time.Minute)
	w.next = []certificates.Config{signingEntry(t, passtest.PassType, 400), gone}
	if got := w.minute(); !strings.Contains(got, "certificate loaded") || w.until() != "2027-12-28" {
		t.Errorf("valid until %s, and the log says %s", w.until(), got)
	}
}

func TestAnExpiredCertificateIsReplacedWithoutRestart(t *testing.T) {
	w := newWatched(t, signingEntry(t, passtest.PassType, 200))
	w.now = passtest.Now.AddDate(0, 0, 201)
	w.next = []certificates.Config{signingEntry(t, passtest.PassType, 400)}
	if got := w.minute(); !strings.Contains(got, "certificate loaded") || w.until() != "2027-12-28" {
		t.Errorf("valid until %s, and the log says %s", w.until(), got)
	}
}
