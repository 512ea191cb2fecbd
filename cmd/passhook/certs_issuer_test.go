package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/certificates"
)

// answer plays certs.apple.com.
type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func says(status int, body []byte, header ...string) answer {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}
}

// issuerAt makes an issuer, and a pass type certificate that says where it is.
func issuerAt(t *testing.T, address string) (issuer, leaf *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	make := func(template, parent *x509.Certificate) *x509.Certificate {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "WWDR to come"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	issuer = make(ca, ca)
	return issuer, make(&x509.Certificate{
		SerialNumber: big.NewInt(2), IssuingCertificateURL: []string{address},
		Subject: pkix.Name{CommonName: "Pass Type ID", ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "pass.com.example.card"},
		}},
	}, issuer)
}

func TestImportAsksAppleForTheIssuer(t *testing.T) {
	const address = "http://certs.apple.com/wwdrg9.der"
	issuer, leaf := issuerAt(t, address)
	stranger, _ := issuerAt(t, address)
	for _, tc := range []struct {
		name   string
		answer answer
		want   string
	}{
		{"there", says(http.StatusOK, issuer.Raw), ""},
		{"not there", says(http.StatusNotFound, nil), "the answer is Not Found"},
		{"another one", says(http.StatusOK, stranger.Raw), "the certificate there did not issue this one"},
		{"a web page", says(http.StatusOK, []byte("<html>")), "the answer is a web page"},
		{"too large", says(http.StatusOK, make([]byte, issuerMax+1)), "the answer is too large for a certificate"},
		{"no network", func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") }, "no route to host"},
		{"led away", says(http.StatusFound, nil, "Location", "http://apple.com.example.com/"), "it leads to apple.com.example.com"},
		{"led round", says(http.StatusFound, nil, "Location", address), "it leads to certs.apple.com"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var said strings.Builder
			client := &http.Client{Transport: tc.answer, CheckRedirect: onlyApple}
			got, err := certsImportCmd{File: "pass.cer"}.withIssuer(t.Context(), terminal{Err: &said}, client, []*x509.Certificate{leaf})
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "cannot be had from "+address) || !strings.HasSuffix(err.Error(), "name the file with --intermediate FILE") {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 2 || !got[1].Equal(issuer) || said.String() != "WWDR to come comes from "+address+"\n" {
				t.Errorf("got %d certificates, and %q", len(got), said.String())
			}
		})
	}
}

// Nobody is asked where the issuer is known, or where its address is not
// Apple's.
func TestImportAsksNobodyElse(t *testing.T) {
	client := &http.Client{Transport: answer(func(r *http.Request) (*http.Response, error) {
		t.Errorf("asked %s", r.URL)
		return nil, errors.New("not to be asked")
	})}
	issuer, leaf := issuerAt(t, "http://example.com/wwdr.der")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wwdr.cer"), issuer.Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	c := terminal{Dir: dir, Err: io.Discard}
	_, err := certsImportCmd{File: "pass.cer"}.withIssuer(t.Context(), c, client, []*x509.Certificate{leaf})
	if err == nil || !strings.Contains(err.Error(), "its issuer is not known here") {
		t.Errorf("got %v", err)
	}
	for name, i := range map[string]certsImportCmd{"beside": {}, "named": {Intermediate: []string{"wwdr.cer"}}} {
		certs := []*x509.Certificate{leaf}
		if name == "beside" {
			certs = append(certs, issuer)
		}
		got, err := i.withIssuer(t.Context(), c, client, certs)
		if err != nil || !certificates.Issued(got[1], leaf) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
