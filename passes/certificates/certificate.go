package certificates

import (
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"time"

	"github.com/passhook/passhook/problems"
)

// minBits is the least RSA key that phones and openssl still trust.
const minBits = 2048

// Entry is what one entry of signing comes to, as far as it could be read.
type Entry struct {
	Content
	// Leaf is the pass type certificate; nil where there is none.
	Leaf *x509.Certificate
	// Intermediate issued it; nil where that one is not known.
	Intermediate *x509.Certificate
	// Certificate can sign while it is Valid; nil where there is any problem but
	// warnings.
	Certificate *Certificate
	Problems    problems.List
}

// Examine reads and checks one entry. Paths of problems are keys: "password".
func Examine(c Config, now time.Time) Entry {
	l := &loader{config: c, now: now, keyPath: "certificate"}
	if l.material(); l.found.Err() == nil {
		l.check()
	}
	l.entry.Problems = l.found
	return l.entry
}

// Check is Examine for what has been read already, or for a key that is
// elsewhere: in an HSM, or with a KMS. Among the certificates is the one of the
// key, and that of its issuer where that is not Apple's G4.
func Check(c Content, now time.Time) Entry {
	l := &loader{now: now, keyPath: "key", entry: Entry{Content: c}}
	l.check()
	l.entry.Problems = l.found
	return l.entry
}

// loader turns one signing entry into a Certificate.
type loader struct {
	config Config
	now    time.Time
	// keyPath is the setting that the key came from.
	keyPath string
	entry   Entry
	found   problems.List
}

func (l *loader) problem(path, format string, args ...any) {
	l.found = append(l.found, problems.At(path, format, args...))
}

func (l *loader) warn(path, format string, args ...any) {
	l.found = append(l.found, problems.Warn(path, format, args...))
}

// material reads the certificates and the key.
func (l *loader) material() {
	if strings.TrimSpace(l.config.Certificate) == "" {
		l.problem("certificate", "is empty; name the file that Apple's portal or Keychain gave, as file:certs/pass.p12")
		return
	}
	l.entry.Content = l.read("certificate", l.config.Certificate)
	if l.found.Err() != nil {
		return
	}
	if l.config.Key != "" && l.entry.Key == nil {
		l.keyPath = "key"
		l.entry.Key = l.read("key", l.config.Key).Key
		if l.found.Err() == nil && l.entry.Key == nil {
			l.problem("key", "holds no private key; in PEM it begins with -----BEGIN PRIVATE KEY-----")
		}
	}
}

// read is Read with the problem at the setting.
func (l *loader) read(path, text string) Content {
	out, found := Read([]byte(text), l.config.Password)
	for _, p := range found {
		if p.Path == "" {
			p.Path = path
		}
		l.found = append(l.found, p)
	}
	return out
}

// check fills the entry from its certificates and key.
func (l *loader) check() {
	e := &l.entry
	if e.Leaf = l.leaf(); e.Leaf == nil {
		return
	}
	l.subject(e.Leaf)
	l.dates(e.Leaf)
	e.Intermediate = l.intermediate(e.Leaf, e.Certificates)
	if e.Intermediate == nil || e.Key == nil {
		return
	}
	c := &Certificate{
		PassType: PassType(e.Leaf), Team: Team(e.Leaf), NotBefore: e.Leaf.NotBefore, NotAfter: e.Leaf.NotAfter,
		Leaf: e.Leaf, Chain: []*x509.Certificate{e.Intermediate}, Apple: Issued(AppleRoot(), e.Intermediate),
	}
	if !c.Apple {
		l.warn("certificate", "the certificate for %s does not come from Apple; phones refuse the passes", c.PassType)
	}
	if l.found.Err() != nil {
		return
	}
	var err error
	if c.signer, err = newSigner(e.Leaf, e.Key, c.Chain); err != nil {
		l.problem("certificate", "cannot sign: %v", err)
		return
	}
	e.Certificate = c
}

// leaf is the certificate that the key belongs to; without a key the first for
// a pass type.
func (l *loader) leaf() *x509.Certificate {
	var passes []*x509.Certificate
	var other *x509.Certificate
	for _, c := range l.entry.Certificates {
		switch {
		case PassType(c) != "":
			passes = append(passes, c)
		case other == nil || other.IsCA:
			other = c
		}
	}
	switch {
	case len(passes) > 0:
	case other != nil:
		l.problem("certificate", "%s. In Apple's developer portal make one under Certificates, +, Pass Type ID Certificate", kind(other))
		return nil
	case len(l.entry.Requests) > 0:
		l.problem("certificate", "holds no certificate but a request for one; upload it to Apple's developer portal, which makes the certificate")
		return nil
	default:
		l.problem("certificate", "holds no certificate")
		return nil
	}
	if l.entry.Key == nil {
		l.problem("key", "is missing: the certificate has no private key with it; add key: file:PATH")
		return passes[0]
	}
	if _, ok := l.entry.Key.Public().(*rsa.PublicKey); !ok {
		l.problem(l.keyPath, "is no RSA key; Apple issues pass type certificates for RSA keys of 2048 bits only")
		return nil
	}
	for _, c := range passes {
		if l.entry.Fits(c) {
			return c
		}
	}
	l.problem(l.keyPath, "does not belong to the certificate; use the key that its request was made with")
	return nil
}

// subject checks what does not change while the certificate lives.
func (l *loader) subject(leaf *x509.Certificate) {
	if Team(leaf) == "" {
		l.problem("certificate", "names no team: its subject has no organizational unit, which Apple fills with the team id")
	}
	if public, ok := leaf.PublicKey.(*rsa.PublicKey); ok && public.N.BitLen() < minBits {
		l.problem("certificate", "has an RSA key of %d bits and needs %d", public.N.BitLen(), minBits)
	}
}

// dates only warns: packages wait for another certificate, and nothing else does.
func (l *loader) dates(leaf *x509.Certificate) {
	c := &Certificate{PassType: PassType(leaf), NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter}
	if err := c.Valid(l.now); err != nil {
		l.warn("certificate", "%v", err)
	} else if e, ok := c.expiry(l.now); ok {
		l.warn("certificate", "%s", e)
	}
}
