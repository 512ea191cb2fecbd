package certificates_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"go.mozilla.org/pkcs7"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
)

// The signature is byte for byte what an independent library makes.
func TestSignIsCMS(t *testing.T) {
	// pkcs7 takes the time from the clock.
	begin := time.Now().Add(-time.Hour)
	a, key := newAuthority(t, begin.AddDate(1, 0, 0)), newKey(t, 2048)
	leaf := parsePEM(t, []byte(a.issue(t, key, func(c *x509.Certificate) { c.NotBefore = begin })))
	sd, err := pkcs7.NewSignedData([]byte("manifest"))
	if err != nil {
		t.Fatal(err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := sd.AddSignerChain(leaf, key, certs(a.cert), pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	sd.Detach()
	want, err := sd.Finish()
	if err != nil {
		t.Fatal(err)
	}
	p7, err := pkcs7.Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	var at time.Time
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &at); err != nil {
		t.Fatal(err)
	}
	got, err := checked(t, key, begin, leaf, a.cert).Sign([]byte("manifest"), at)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

// hsm holds a key that cannot be read, only used.
type hsm struct {
	crypto.Signer
	err  error
	long bool
}

func (h hsm) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	signature, err := h.Signer.Sign(r, digest, o)
	if h.long {
		signature = append(signature, 0)
	}
	return signature, err
}

func TestSignWithAnyKey(t *testing.T) {
	ca, issued := passtest.Apple(t)
	chain := certs(parsePEM(t, ca.IntermediatePEM()), issued.Leaf)
	for _, tc := range []struct {
		name string
		key  crypto.Signer
		want string
	}{
		{"that signs", hsm{Signer: issued.Key}, ""},
		{"that does not", hsm{Signer: issued.Key, err: errors.New("no session")}, "the private key does not sign: no session"},
		{"that makes another length", hsm{Signer: issued.Key, long: true}, "the private key made a signature of 257 bytes, and 256 were expected"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := checked(t, tc.key, now, chain...).Sign([]byte("manifest"), now)
			if err != nil || tc.want != "" {
				if err == nil || err.Error() != tc.want {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				return
			}
			p7, err := pkcs7.Parse(got)
			if err != nil {
				t.Fatal(err)
			}
			p7.Content = []byte("manifest")
			if err := p7.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("of another certificate", func(t *testing.T) {
		e := certificates.Check(certificates.Content{Certificates: chain, Key: newKey(t, 2048)}, now)
		if got := e.Problems.Error(); !strings.HasPrefix(got, "key: does not belong to the certificate") {
			t.Errorf("got %q", got)
		}
	})
}

// checked is the certificate of a key, ready to sign.
func checked(t testing.TB, key crypto.Signer, now time.Time, certs ...*x509.Certificate) *certificates.Certificate {
	t.Helper()
	e := certificates.Check(certificates.Content{Certificates: certs, Key: key}, now)
	if err := e.Problems.Err(); err != nil {
		t.Fatal(err)
	}
	return e.Certificate
}

func BenchmarkSign(b *testing.B) {
	ca, issued := passtest.Apple(b)
	c := checked(b, issued.Key, now, issued.Leaf, parsePEM(b, ca.IntermediatePEM()))
	manifest := make([]byte, 2000)
	if _, err := rand.Read(manifest); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Sign(manifest, now); err != nil {
			b.Fatal(err)
		}
	}
}
