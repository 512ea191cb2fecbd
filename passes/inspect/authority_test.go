package inspect_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/inspect"
)

// authority is a root and an intermediate whose certificates a test can shape.
type authority struct {
	now              time.Time
	root, wwdr       *x509.Certificate
	rootKey, wwdrKey *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, now time.Time) *authority {
	t.Helper()
	a := &authority{now: now, rootKey: ecKey(t), wwdrKey: ecKey(t)}
	root := a.template("Test Root")
	root.IsCA, root.BasicConstraintsValid = true, true
	a.root = issue(t, root, root, a.rootKey, a.rootKey)
	a.wwdr = a.intermediate(t, a.wwdrKey)
	return a
}

// intermediate is another generation with the same name.
func (a *authority) intermediate(t testing.TB, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	wwdr := a.template("Apple Worldwide Developer Relations Certification Authority")
	wwdr.IsCA, wwdr.BasicConstraintsValid = true, true
	return issue(t, wwdr, a.root, key, a.rootKey)
}

func (a *authority) template(name string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: name}, NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.AddDate(1, 0, 0)}
}

// leaf is a pass type certificate with a subject key id.
func (a *authority) leaf(t testing.TB, key crypto.Signer, edit func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := a.template("Pass Type ID: pass.com.example.test")
	c.Subject.OrganizationalUnit = []string{"TEAM123456"}
	c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "pass.com.example.test"}}
	c.SubjectKeyId = []byte("key id of a leaf")
	if edit != nil {
		edit(c)
	}
	return issue(t, c, a.wwdr, key, a.wwdrKey)
}

func issue(t testing.TB, template, parent *x509.Certificate, key, by crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) options() inspect.Options {
	return inspect.Options{Roots: []*x509.Certificate{a.root}, Now: a.now}
}

func certPEM(list ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range list {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.Bytes()
}

func keyPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
