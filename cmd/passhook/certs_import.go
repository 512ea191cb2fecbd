package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

type certsImportCmd struct {
	File         string   `arg:"" help:"The .cer from Apple's developer portal."`
	Key          string   `help:"The private key. Default: the one beside that belongs to the certificate." placeholder:"FILE"`
	Intermediate []string `help:"The certificate that issued this one, where passhook neither has it nor can get it." placeholder:"FILE"`
	Out          string   `help:"What to write. The password is PASS_CERTIFICATE_PASSWORD, or a new one." default:"certs/pass.p12" placeholder:"FILE"`
	Env          bool     `help:"Write no file but base64 to standard output, for a secret store."`
	Force        bool     `help:"Replace a file that holds another certificate."`
}

// Run makes the .p12.
func (i certsImportCmd) Run(ctx context.Context, c terminal) error {
	password := c.certificatePassword()
	content, err := i.read(c, password)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: issuerTimeout, CheckRedirect: onlyApple}
	if content.Certificates, err = i.withIssuer(ctx, c, client, content.Certificates); err != nil {
		return err
	}
	now := time.Now()
	e := certificates.Check(content, now)
	for k := range e.Problems {
		e.Problems[k].File, e.Problems[k].Path = i.File, ""
	}
	if err := c.printProblems(e.Problems); err != nil {
		return err
	}
	if e.Certificate.Valid(now) != nil {
		return errSilent // the warning says it
	}
	if err := i.mayReplace(c, e, password); err != nil {
		return err
	}
	made := password == ""
	switch {
	case made:
		password = rand.Text()
	case len(password) < goodPassword:
		fmt.Fprintf(c.Err,
			"%s is short; whoever gets hold of the file can guess it. Unset it, and a random one is made\n",
			passwordVariable)
	}
	b, err := e.PKCS12(password)
	if err != nil {
		return err
	}
	if err := i.write(c, e, b); err != nil {
		return err
	}
	if made {
		fmt.Fprintf(c.Err, "For .env, or your secret store:\n%s=%s\n", passwordVariable, password)
	}
	return nil
}

// goodPassword is how many characters nobody guesses, where they are random.
const goodPassword = 16

// write writes the file, or base64 to standard output.
func (i certsImportCmd) write(c terminal, e certificates.Entry, b []byte) error {
	until := fmt.Sprintf("%s, team %s, until %s",
		e.Certificate.PassType, e.Certificate.Team, e.Certificate.NotAfter.Format(time.DateOnly))
	if i.Env {
		fmt.Fprintln(c.Out, base64.StdEncoding.EncodeToString(b))
		fmt.Fprintf(c.Err, "%s\nFor passhook.yaml, with the output as PASS_CERTIFICATE in your secret store:\n%s",
			until, yamlFor("${PASS_CERTIFICATE}"))
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(c.in(i.Out)), 0o700); err != nil {
		return err
	}
	if err := writeWhole(c.in(i.Out), bytes.NewReader(b)); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, i.Out)
	fmt.Fprintf(c.Err, "%s\nFor passhook.yaml:\n%s", until, yamlFor("file:"+filepath.ToSlash(i.Out)))
	return nil
}

func yamlFor(certificate string) string {
	return fmt.Sprintf("signing:\n  - certificate: %q\n    password: ${%s}\n", certificate, passwordVariable)
}

// mayReplace keeps what is no older certificate for the same pass type.
func (i certsImportCmd) mayReplace(c terminal, e certificates.Entry, password string) error {
	if i.Env || i.Force || !exists(c.in(i.Out)) {
		return nil
	}
	old, err := c.readCertificates(i.Out, password)
	if err != nil {
		return fmt.Errorf("%v; or --out names another file, --force replaces this one", err) //nolint:errorlint // a list of problems would be told without its end
	}
	for _, cert := range old.Certificates {
		if t := certificates.PassType(cert); t != "" && t != e.Certificate.PassType {
			return fmt.Errorf("%s: holds the certificate for %s; --out names another file, --force replaces this one",
				i.Out, t)
		}
	}
	return nil
}

// read reads the certificate and finds its key.
func (i certsImportCmd) read(c terminal, password string) (certificates.Content, error) {
	content, err := c.readCertificates(i.File, password)
	var found problems.List
	switch {
	case errors.As(err, &found) && found[0].Path == "password",
		err == nil && content.Key != nil && len(content.Certificates) > 0:
		return content, fmt.Errorf("%s: has a private key with it already; name it in signing, and see what is in it with: passhook certs show %s",
			i.File, i.File)
	case err != nil:
		return content, err
	case content.Key != nil:
		return content, fmt.Errorf("%s: is a private key; give the certificate that Apple made from its request", i.File)
	}
	leaf := passCertificate(content.Certificates)
	if leaf == nil {
		return content, nil // what else it is, the check says
	}
	if i.Key != "" {
		keyed, err := c.readCertificates(i.Key, password)
		if err == nil && !keyed.Fits(leaf) {
			err = fmt.Errorf("%s: holds no private key that belongs to %s; use the one that its request was made with",
				i.Key, i.File)
		}
		content.Key = keyed.Key
		return content, err
	}
	folders := slices.Compact([]string{filepath.Dir(i.Out), filepath.Dir(i.File)})
	for _, near := range c.keysNear(folders, password) {
		if near.Fits(leaf) {
			content.Key = near.Key
			return content, nil
		}
	}
	return content, fmt.Errorf("%s: no private key in %s belongs to it; name its key with --key, or make a new request and a new certificate with: passhook certs request",
		i.File, strings.Join(folders, " or "))
}

// passCertificate is the pass type certificate among others, or nil.
func passCertificate(certs []*x509.Certificate) *x509.Certificate {
	for _, cert := range certs {
		if certificates.PassType(cert) != "" {
			return cert
		}
	}
	return nil
}
