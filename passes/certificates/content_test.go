package certificates_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
)

func TestHoldsKey(t *testing.T) {
	_, issued := passtest.Apple(t)
	p12, err := issued.P12(password)
	if err != nil {
		t.Fatal(err)
	}
	der := x509.MarshalPKCS1PrivateKey(issued.Key)
	for _, tc := range []struct {
		name    string
		content []byte
		want    bool
	}{
		{"PKCS#12", p12, true},
		{"PEM", issued.KeyPEM, true},
		{"PEM, encrypted", []byte(encryptPEM(t, issued.Key)), true},
		{"PEM, encrypted in a way that is not read", []byte(encodePEM("ENCRYPTED PRIVATE KEY", []byte("x"))), true},
		{"DER", der, true},
		{"a certificate", issued.CertPEM, false},
		{"text", []byte("see the safe"), false},
	} {
		if got := certificates.HoldsKey(tc.content); got != tc.want {
			t.Errorf("%s: got %v", tc.name, got)
		}
	}
}

// The config drops one final newline from every file. In a binary file it may
// be content: the last bytes of PKCS#12 are the count of iterations, those of a
// certificate its signature.
func TestLoadRestoresFinalNewline(t *testing.T) {
	ca, issued := passtest.Apple(t)
	chain := []*x509.Certificate{parsePEM(t, ca.IntermediatePEM())}
	for _, tc := range []struct {
		name, end  string
		iterations int
	}{
		{"newline", "\n", 0x080a},
		{"carriage return and newline", "\r\n", 0x0d0a},
		{"nothing", "", 0x0800},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p12, err := pkcs12.Modern.WithIterations(tc.iterations).Encode(issued.Key, issued.Leaf, chain, password)
			if err != nil {
				t.Fatal(err)
			}
			shorter, ok := strings.CutSuffix(string(p12), tc.end)
			if !ok {
				t.Fatalf("ends with %x", p12[len(p12)-2:])
			}
			loadsIssued(t, certificates.Config{Certificate: shorter, Password: password})
			loadsIssued(t, certificates.Config{Certificate: encodeLines(p12), Password: password})
		})
	}
	t.Run("of a certificate", func(t *testing.T) {
		a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
		var der string
		for serial := int64(1); !strings.HasSuffix(der, "\n"); serial++ {
			der = string(parsePEM(t, []byte(a.issue(t, key, func(c *x509.Certificate) { c.SerialNumber.SetInt64(serial) }))).Raw)
		}
		_, found := certificates.Load([]certificates.Config{{Certificate: strings.TrimSuffix(der, "\n"), Key: keyPEM(t, key), Intermediate: a.pem}}, now)
		if err := found.Err(); err != nil {
			t.Error(err)
		}
	})
}

// Of 256 wrong passwords one seems to fit, until the key is read.
func TestLoadToldWrongPasswordEachTime(t *testing.T) {
	_, issued := passtest.Apple(t)
	for range 2000 {
		config := certificates.Config{Certificate: string(issued.CertPEM), Key: encryptPEM(t, issued.Key), Password: "battery staple"}
		_, found := certificates.Load([]certificates.Config{config}, now)
		if got := found.Error(); got != "[0].password: is not the password of the private key" {
			t.Fatalf("got %q", got)
		}
	}
}
