package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/passhook/passhook/passes/certificates"
)

// An issuer's certificate is one or two kB.
const (
	issuerTimeout = 10 * time.Second
	issuerMax     = 64 << 10
)

// withIssuer adds the certificate that issued the pass type certificate: from
// --intermediate, or from Apple. Where that fails, it says how to go on.
func (i certsImportCmd) withIssuer(
	ctx context.Context, c terminal, client *http.Client, certs []*x509.Certificate,
) ([]*x509.Certificate, error) {
	for _, name := range i.Intermediate {
		content, err := c.readCertificates(name, "")
		if err != nil {
			return nil, err
		}
		certs = append(certs, content.Certificates...)
	}
	leaf := passCertificate(certs)
	if leaf == nil {
		return certs, nil
	}
	for _, issuer := range append(certs, certificates.AppleIntermediate()) {
		if certificates.Issued(issuer, leaf) {
			return certs, nil
		}
	}
	if len(i.Intermediate) > 0 {
		return nil, fmt.Errorf("%s: did not issue %s, whose issuer is %s",
			strings.Join(i.Intermediate, ", "), i.File, leaf.Issuer)
	}
	address, ok := certificates.IssuerURL(leaf)
	if !ok {
		return nil, fmt.Errorf("%s: its issuer is not known here: %s; name the issuer's certificate with --intermediate FILE",
			i.File, leaf.Issuer)
	}
	issuer, err := fetchIssuer(ctx, client, address, leaf)
	if err != nil {
		return nil, fmt.Errorf("%s: its issuer %s cannot be had from %s: %w; download it by other means and name the file with --intermediate FILE",
			i.File, certificates.Authority(leaf.Issuer), address, err)
	}
	fmt.Fprintf(c.Err, "%s comes from %s\n", certificates.Authority(issuer.Subject), address)
	return append(certs, issuer), nil
}

// fetchIssuer downloads the certificate that issued leaf.
func fetchIssuer(ctx context.Context, client *http.Client, address string, leaf *x509.Certificate) (*x509.Certificate, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, issuerMax+1))
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer is %s", res.Status)
	case len(b) > issuerMax:
		return nil, errors.New("the answer is too large for a certificate")
	}
	content, found := certificates.Read(b, "")
	if len(found) > 0 {
		return nil, fmt.Errorf("the answer %s", found[0].Text)
	}
	for _, issuer := range content.Certificates {
		if certificates.Issued(issuer, leaf) {
			return issuer, nil
		}
	}
	return nil, errors.New("the certificate there did not issue this one")
}

// onlyApple follows redirects within apple.com.
func onlyApple(req *http.Request, via []*http.Request) error {
	if !strings.HasSuffix(req.URL.Hostname(), ".apple.com") || len(via) > 3 {
		return fmt.Errorf("it leads to %s", req.URL.Hostname())
	}
	return nil
}
