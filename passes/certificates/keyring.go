// Package certificates reads Apple's pass type certificates with their keys,
// checks that they fit together, and signs with them.
package certificates

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/problems"
)

// Certificate is a pass type certificate with its key, ready to sign.
type Certificate struct {
	// PassType and Team are what pass.json must say.
	PassType, Team      string
	NotBefore, NotAfter time.Time
	Leaf                *x509.Certificate
	// Chain is the intermediate that goes into every signature.
	Chain []*x509.Certificate
	// Apple is true where the chain ends at Apple's root, so that phones trust it.
	Apple  bool
	signer *signer
}

// Valid is an error while the certificate cannot sign what phones accept.
func (c *Certificate) Valid(now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("the certificate for %s expired on %s; renew it in Apple's developer portal", c.PassType, c.NotAfter.Format(time.DateOnly))
	case now.Before(c.NotBefore):
		return fmt.Errorf("the certificate for %s is not valid before %s; is the clock right?", c.PassType, c.NotBefore.Format(time.RFC3339))
	}
	return nil
}

// Sign makes the detached CMS signature of a package, DER, over its
// manifest.json. Equal input gives equal bytes; at is the signing time.
func (c *Certificate) Sign(manifest []byte, at time.Time) ([]byte, error) {
	return c.signer.sign(manifest, at)
}

// Keyring holds the certificates of a project by their pass type.
type Keyring struct {
	byType map[string]*Certificate
}

// Load reads and checks the signing section. Paths of problems
// start with the entry: "[0].password".
func Load(cfg []Config, now time.Time) (*Keyring, problems.List) {
	k := &Keyring{byType: map[string]*Certificate{}}
	var out problems.List
	for i, c := range cfg {
		l := &loader{config: c, now: now}
		cert := l.load()
		out = append(out, l.found.Under(fmt.Sprintf("[%d]", i))...)
		if cert == nil {
			continue
		}
		// Of two certificates for one type the longer valid one signs: a
		// renewal may lie beside its predecessor.
		if old := k.byType[cert.PassType]; old == nil || cert.NotAfter.After(old.NotAfter) {
			k.byType[cert.PassType] = cert
		}
	}
	return k, out
}

// All are the certificates, sorted by pass type.
func (k *Keyring) All() []*Certificate {
	var out []*Certificate
	for _, name := range slices.Sorted(maps.Keys(k.byType)) {
		out = append(out, k.byType[name])
	}
	return out
}

// Find is the certificate for a pass type; "" is the only one there is.
func (k *Keyring) Find(passType string) (*Certificate, error) {
	names := slices.Sorted(maps.Keys(k.byType))
	switch {
	case passType != "" && k.byType[passType] != nil:
		return k.byType[passType], nil
	case passType == "" && len(names) == 1:
		return k.byType[names[0]], nil
	case passType == "" && len(names) > 1:
		return nil, fmt.Errorf("there are several certificates; name one with passTypeIdentifier: %s", strings.Join(names, ", "))
	case len(names) == 0:
		return nil, errors.New("there is no certificate to sign with; add one to signing")
	}
	return nil, fmt.Errorf("there is no certificate for %s; there is one for %s", passType, strings.Join(names, ", "))
}

// Object ids of Apple's pass type certificates: the user id in the subject, and
// the extension that marks them.
var (
	oidUserID   = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
	oidPassType = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 16}
)

// passTypeOf is the pass type that a certificate is for, or empty.
func passTypeOf(c *x509.Certificate) string {
	for _, name := range c.Subject.Names {
		if v, ok := name.Value.(string); ok && name.Type.Equal(oidUserID) {
			return v
		}
	}
	for _, e := range c.Extensions {
		var v string
		if e.Id.Equal(oidPassType) {
			if _, err := asn1.Unmarshal(e.Value, &v); err == nil {
				return v
			}
		}
	}
	return ""
}
