package certificates_test

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/certificates"
)

// generation is an issuer with the name that all of Apple's have.
func generation(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t, 2048)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(5, 0, 0), Subject: certificates.AppleIntermediate().Subject,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = encodePEM("CERTIFICATE", der)
	a.cert = parsePEM(t, []byte(a.pem))
	return a
}

func TestIntermediateIsTheOneThatIssued(t *testing.T) {
	first, second := generation(t), generation(t)
	key := newKey(t, 2048)
	cert := second.issue(t, key, nil)
	for _, bundle := range []string{first.pem + second.pem, second.pem + first.pem} {
		e := certificates.Examine(certificates.Config{Certificate: cert + keyPEM(t, key), Intermediate: bundle}, now)
		if err := e.Problems.Err(); err != nil {
			t.Fatal(err)
		}
		if !e.Intermediate.Equal(second.cert) {
			t.Error("took the other generation")
		}
	}
	e := certificates.Examine(certificates.Config{Certificate: cert + keyPEM(t, key), Intermediate: first.pem}, now)
	if got := e.Problems.Error(); !strings.HasPrefix(got, "intermediate: did not issue the certificate, whose issuer is ") {
		t.Errorf("got %q", got)
	}
}

func TestIssued(t *testing.T) {
	first, second := generation(t), generation(t)
	leaf := parsePEM(t, []byte(first.issue(t, newKey(t, 2048), nil)))
	for _, tc := range []struct {
		name   string
		issuer *x509.Certificate
		edit   func(issuer, leaf *x509.Certificate)
		want   bool
	}{
		{"name, key id and signature", first.cert, func(_, _ *x509.Certificate) {}, true},
		{"no key id in the issuer", first.cert, func(issuer, _ *x509.Certificate) { issuer.SubjectKeyId = nil }, true},
		{"no key id in the certificate", first.cert, func(_, leaf *x509.Certificate) { leaf.AuthorityKeyId = nil }, true},
		{"another name", first.cert, func(issuer, _ *x509.Certificate) { issuer.RawSubject = leaf.RawSubject }, false},
		{"another key id", first.cert, func(issuer, _ *x509.Certificate) { issuer.SubjectKeyId = []byte("x") }, false},
		{"another key", second.cert, func(_, _ *x509.Certificate) {}, false},
		{"another key, and no key id", second.cert, func(_, leaf *x509.Certificate) { leaf.AuthorityKeyId = nil }, false},
		{"the key id of another key", second.cert, func(issuer, leaf *x509.Certificate) { issuer.SubjectKeyId = leaf.AuthorityKeyId }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			issuer, leaf := *tc.issuer, *leaf
			tc.edit(&issuer, &leaf)
			if got := certificates.Issued(&issuer, &leaf); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestIssuerURL(t *testing.T) {
	for _, tc := range []struct {
		name      string
		addresses []string
		want      string
	}{
		{"Apple's", []string{"http://certs.apple.com/wwdrg6.der"}, "http://certs.apple.com/wwdrg6.der"},
		{"encrypted", []string{"https://certs.apple.com/wwdrg6.der"}, "https://certs.apple.com/wwdrg6.der"},
		{"the second", []string{"ldap://certs.apple.com/x", "http://certs.apple.com/wwdrg6.der"}, "http://certs.apple.com/wwdrg6.der"},
		{"none", nil, ""},
		{"somebody else's", []string{"http://certs.example.com/wwdrg6.der"}, ""},
		{"looks like Apple's", []string{"http://certs.apple.com.example.com/a", "http://certs.apple.com@example.com/a", "http://a@certs.apple.com/a", "http://certs.apple.com:8080/a"}, ""},
		{"a file", []string{"file:///etc/passwd"}, ""},
		{"no address", []string{"http://%zz"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := certificates.IssuerURL(&x509.Certificate{IssuingCertificateURL: tc.addresses})
			if got != tc.want || ok != (tc.want != "") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestUnknownIssuerSaysWhereItIs(t *testing.T) {
	first := generation(t)
	key := newKey(t, 2048)
	cert := first.issue(t, key, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://certs.apple.com/wwdrg9.der"} })
	e := certificates.Examine(certificates.Config{Certificate: cert + keyPEM(t, key)}, now)
	if got := e.Problems.Error(); !strings.Contains(got, "download http://certs.apple.com/wwdrg9.der and name that file with intermediate: file:PATH, or run passhook certs import") {
		t.Errorf("got %q", got)
	}
}

func TestAppleRoot(t *testing.T) {
	// https://www.apple.com/certificateauthority/ lists "Apple Inc. Root".
	if got := fingerprint(certificates.AppleRoot()); got != "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024" {
		t.Errorf("got %s", got)
	}
	if !certificates.Issued(certificates.AppleRoot(), certificates.AppleIntermediate()) {
		t.Error("the root did not issue the intermediate")
	}
}
