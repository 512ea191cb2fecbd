package mailer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/standins"
)

var created = time.Date(2026, 11, 23, 19, 30, 0, 0, time.FixedZone("", 3600))

// server starts the mail server of a test.
func server(t *testing.T, opts standins.SMTPOptions) *standins.SMTP {
	t.Helper()
	s, err := standins.NewSMTP(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sending makes a mailer for the server, with a change of its config.
func sending(t *testing.T, s *standins.SMTP, change func(*mailer.Config, *mailer.Options)) *mailer.Mailer {
	t.Helper()
	c := mailer.Config{From: "Hall One <tickets@hall.example>", ReplyTo: "help@hall.example", SMTP: "smtp+insecure://" + s.Addr()}
	o := mailer.Options{Now: func() time.Time { return created }}
	if change != nil {
		change(&c, &o)
	}
	m, err := mailer.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// concert is a delivery of n tickets.
func concert(n int) integrations.Delivery {
	d := integrations.Delivery{ID: "dlv_01JD", Recipient: "anna@example.com", Created: created}
	for i := range n {
		seat := string(rune('1' + i))
		d.Packages = append(d.Packages, integrations.Package{
			Serial: "serial" + seat, Title: "Concert at Hall One", Filename: "ticket-" + seat + ".pkpass",
			Link:   "https://tickets.hall.example/p/token" + seat,
			Fields: []integrations.Field{{Label: "Date", Value: "Sat 28 Nov, 20:00"}, {Label: "Seat", Value: "Row 3, Seat " + seat}},
		})
		carry(&d.Packages[i], passes.PackageOf([]byte("PK\x03\x04 package "+seat)))
	}
	return d
}

// carry gives a pass of a delivery its package.
func carry(p *integrations.Package, content *passes.Package) {
	p.Bytes, p.Sign = content.Size(), func() (*passes.Package, error) { return content, nil }
}

// carried is the package of a pass.
func carried(t testing.TB, p integrations.Package) *passes.Package {
	t.Helper()
	content, err := p.Sign()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// certificate makes a server certificate for 127.0.0.1 and the roots that trust it.
func certificate(t *testing.T) (server *tls.Config, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}
