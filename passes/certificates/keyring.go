// Package certificates reads Apple's pass type certificates with their keys,
// checks that they fit together, and signs with them.
package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
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

// Valid is an error while the certificate, or who issued it, cannot sign what
// phones accept.
func (c *Certificate) Valid(now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("the certificate for %s expired on %s; no pass can be signed until it is renewed: passhook certs request", c.PassType, c.NotAfter.Format(time.DateOnly))
	case now.Before(c.NotBefore):
		return fmt.Errorf("the certificate for %s is not valid before %s; no pass can be signed until then. Is the clock right?", c.PassType, c.NotBefore.Format(time.RFC3339))
	}
	for _, issuer := range c.Chain {
		if now.After(issuer.NotAfter) {
			return fmt.Errorf("%s, which issued the certificate for %s, expired on %s; no pass can be signed until the current one is named with intermediate: file:PATH", Authority(issuer.Subject), c.PassType, issuer.NotAfter.Format(time.DateOnly))
		}
	}
	return nil
}

// Sign makes the detached CMS signature of a package, DER, over its
// manifest.json. Equal input gives equal bytes; at is the signing time.
func (c *Certificate) Sign(manifest []byte, at time.Time) ([]byte, error) {
	return c.signer.sign(manifest, at)
}

// TLS is the certificate with its key as Apple's push service wants it shown.
func (c *Certificate) TLS() tls.Certificate {
	out := tls.Certificate{Certificate: [][]byte{c.Leaf.Raw}, PrivateKey: c.signer.key, Leaf: c.Leaf}
	for _, issuer := range c.Chain {
		out.Certificate = append(out.Certificate, issuer.Raw)
	}
	return out
}

// SignatureSize is that of every signature, in bytes.
func (c *Certificate) SignatureSize() int { return len(c.signer.der) }

// Keyring holds the certificates of a project by their pass type. It is safe for
// concurrent use.
type Keyring struct {
	byType atomic.Pointer[map[string]*Certificate]
}

// Load reads and checks the signing section. Paths of problems start with the
// entry: "[0].password". A certificate that is not valid now is a warning.
func Load(cfg []Config, now time.Time) (*Keyring, problems.List) {
	byType := map[string]*Certificate{}
	var out problems.List
	for i, c := range cfg {
		e := Examine(c, now)
		out = append(out, e.Problems.Under(fmt.Sprintf("[%d]", i))...)
		if e.Certificate == nil {
			continue
		}
		old := byType[e.Certificate.PassType]
		if old != nil && old.Team != e.Certificate.Team {
			out = append(out, problems.Warn(fmt.Sprintf("[%d].certificate", i),
				"the certificate for %s is of team %s, and that of another entry is of %s; phones update passes of the same team only. Take out the wrong one",
				old.PassType, e.Certificate.Team, old.Team))
		}
		if old == nil || e.Certificate.better(old, now) {
			byType[e.Certificate.PassType] = e.Certificate
		}
	}
	k := new(Keyring)
	k.byType.Store(&byType)
	return k, out
}

// better is true where c signs, and not old, which is for the same type: what is
// valid now, and then what is valid longer. A renewal may lie beside its
// predecessor.
func (c *Certificate) better(old *Certificate, now time.Time) bool {
	if valid := c.Valid(now) == nil; valid != (old.Valid(now) == nil) {
		return valid
	}
	return c.NotAfter.After(old.NotAfter)
}

// Replace puts the certificates of other in the place of those that are there:
// renewed files, read again.
func (k *Keyring) Replace(other *Keyring) { k.byType.Store(other.byType.Load()) }

// certificates is what the keyring holds now; it never changes.
func (k *Keyring) certificates() map[string]*Certificate {
	if m := k.byType.Load(); m != nil {
		return *m
	}
	return nil
}

// All are the certificates, sorted by pass type.
func (k *Keyring) All() []*Certificate {
	held := k.certificates()
	var out []*Certificate
	for _, name := range slices.Sorted(maps.Keys(held)) {
		out = append(out, held[name])
	}
	return out
}

// Find is the certificate for a pass type; "" is the only one there is.
func (k *Keyring) Find(passType string) (*Certificate, error) {
	held := k.certificates()
	if c := held[passType]; c != nil {
		return c, nil
	}
	names := slices.Sorted(maps.Keys(held))
	switch {
	case len(names) == 0:
		return nil, errors.New("there is no certificate to sign with; add one to signing")
	case passType == "" && len(names) == 1:
		return held[names[0]], nil
	case passType == "":
		return nil, fmt.Errorf("there are several certificates; name one with passTypeIdentifier: %s", strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("there is no certificate for %s; there is one for %s", passType, strings.Join(names, ", "))
}
