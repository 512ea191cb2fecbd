package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// save writes the packages that a mail carries, as they are, and verifies each
// against the throw-away root.
func (w *workshop) save(m standins.Message) ([]string, error) {
	mail, err := m.Parse()
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.ca.RootPEM())
	dir := filepath.Join(w.dir, "passes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var saved []string
	for _, a := range mail.Attachments {
		if a.ContentType != passes.MIMEType {
			continue
		}
		if err := passes.Verify(a.Bytes, roots, time.Now()); err != nil {
			return nil, fmt.Errorf("the package %s does not verify: %w", a.Filename, err)
		}
		name := filepath.Join(dir, filepath.Base(a.Filename))
		if err := os.WriteFile(name, a.Bytes, 0o600); err != nil {
			return nil, err
		}
		saved = append(saved, name)
	}
	if len(saved) == 0 {
		return nil, fmt.Errorf("the mail carries no package")
	}
	return saved, nil
}

// printResult says what happened and what to do next.
func (w *workshop) printResult(took time.Duration, deliveries []store.Delivery, saved []string) {
	n := 0
	for _, d := range deliveries {
		n += len(d.Passes)
	}
	noun := "passes"
	if n == 1 {
		noun = "pass"
	}
	out := func(format string, args ...any) { fmt.Fprintf(w.Out, format+"\n", args...) }
	out("a checkout became %d %s in a mailbox in %d ms", n, noun, took.Milliseconds())
	for _, name := range saved {
		out("package  %s", name)
	}
	out("root     %s", filepath.Join(w.dir, "root.pem"))
	out("mail     %s", w.config.URL+mailboxPath)
	if w.slack != nil {
		out("slack    %s", w.config.URL+slackPath)
	}
	out("")
	out("These passes are signed with throw-away certificates: an iPhone refuses them.")
	if w.ownProject {
		out("Next: put Apple's certificate, your mail server and Stripe's secrets into %s, then: passhook check, passhook serve.", w.config.File)
		out("Change rules or templates: they are reloaded at once. Another checkout: passhook --config %s trigger stripe.checkout.paid", filepath.Join(w.dir, "passhook.yaml"))
		return
	}
	out("Next: copy %s, change it, and run passhook dev inside it. For passes that open, it needs", filepath.Join(w.dir, "example"))
	out("a Pass Type ID certificate from Apple's developer programme; see the README.")
	out("Another checkout: passhook trigger stripe.checkout.paid")
}
