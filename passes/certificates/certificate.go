package certificates

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"time"

	"github.com/passhook/passhook/problems"
)

// Apple's intermediate of today, "WWDR G4", valid until 2030-12-10. Pass type
// certificates of 2022 and later are issued by it.
// https://www.apple.com/certificateauthority/
//
//go:embed apple/wwdr-g4.pem
var wwdrG4 []byte

// minBits is the least RSA key that phones and openssl still trust.
const minBits = 2048

// loader turns one signing entry into a Certificate.
type loader struct {
	config Config
	now    time.Time
	found  problems.List
}

func (l *loader) problem(path, format string, args ...any) {
	l.found = append(l.found, problems.At(path, format, args...))
}

// load returns nil where there is any problem that is no warning.
func (l *loader) load() *Certificate {
	m := l.material()
	if l.found.Err() != nil {
		return nil
	}
	leaf := l.leaf(m)
	if leaf == nil {
		return nil
	}
	c := &Certificate{PassType: passTypeOf(leaf), NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Leaf: leaf}
	if len(leaf.Subject.OrganizationalUnit) > 0 {
		c.Team = leaf.Subject.OrganizationalUnit[0]
	}
	l.subject(c)
	l.dates(c)
	if wwdr := l.intermediate(leaf, m.certs); wwdr != nil {
		c.Chain = []*x509.Certificate{wwdr}
		c.Apple = bytes.Equal(wwdr.Raw, appleIntermediate().Raw)
		if !c.Apple {
			l.found = append(l.found, problems.Warn("certificate", "the certificate for %s does not come from Apple's WWDR G4; if its issuer is not Apple, phones refuse the passes", c.PassType))
		}
	}
	if l.found.Err() != nil {
		return nil
	}
	var err error
	if c.signer, err = newSigner(leaf, m.key, c.Chain); err != nil {
		l.problem("certificate", "cannot sign: %v", err)
		return nil
	}
	return c
}

// leaf is the certificate that the key belongs to.
func (l *loader) leaf(m material) *x509.Certificate {
	for _, c := range m.certs {
		if public, ok := c.PublicKey.(*rsa.PublicKey); ok && public.Equal(&m.key.PublicKey) {
			return c
		}
	}
	l.problem(l.keyPath(), "does not belong to the certificate; use the key that its request was made with")
	return nil
}

func (l *loader) keyPath() string {
	if l.config.Key != "" {
		return "key"
	}
	return "certificate"
}

func (l *loader) subject(c *Certificate) {
	if c.PassType == "" {
		l.problem("certificate", "is no pass type certificate: its subject names no pass type id. In Apple's developer portal make one under Certificates, Pass Type ID")
	}
	if c.Team == "" {
		l.problem("certificate", "names no team: its subject has no organizational unit, which Apple fills with the team id")
	}
	if public, ok := c.Leaf.PublicKey.(*rsa.PublicKey); ok && public.N.BitLen() < minBits {
		l.problem("certificate", "has an RSA key of %d bits and needs %d", public.N.BitLen(), minBits)
	}
}

// warnBefore are the days before expiry at which a warning becomes louder.
var warnBefore = []int{7, 30, 90}

func (l *loader) dates(c *Certificate) {
	if err := c.Valid(l.now); err != nil {
		l.problem("certificate", "%v", err)
		return
	}
	for _, days := range warnBefore {
		if l.now.AddDate(0, 0, days).After(c.NotAfter) {
			l.found = append(l.found, problems.Warn("certificate", "the certificate for %s expires on %s, in less than %d days; passes cannot be issued or changed after that", c.PassType, c.NotAfter.Format(time.DateOnly), days))
			return
		}
	}
}

// intermediate is who issued the leaf: what the config names, what came with
// the certificate, or Apple's that is built in.
func (l *loader) intermediate(leaf *x509.Certificate, others []*x509.Certificate) *x509.Certificate {
	path := "certificate"
	if l.config.Intermediate != "" {
		path = "intermediate"
		certs, err := certificates([]byte(l.config.Intermediate))
		if err != nil {
			l.problem(path, "%v", err)
			return nil
		}
		others = certs
	} else {
		others = append(others, appleIntermediate())
	}
	for _, c := range others {
		if !bytes.Equal(c.RawSubject, leaf.RawIssuer) || leaf.CheckSignatureFrom(c) != nil {
			continue
		}
		if l.now.After(c.NotAfter) {
			l.problem(path, "the intermediate %s expired on %s; get the current one from Apple", c.Subject.CommonName, c.NotAfter.Format(time.DateOnly))
			return nil
		}
		return c
	}
	if l.config.Intermediate != "" {
		l.problem(path, "did not issue the certificate, whose issuer is %s", leaf.Issuer)
		return nil
	}
	l.problem(path, "its issuer is not known here: %s; name that certificate with intermediate: file:PATH", leaf.Issuer)
	return nil
}

// appleIntermediate is WWDR G4. The file is built in and tested, so it parses.
func appleIntermediate() *x509.Certificate {
	block, _ := pem.Decode(wwdrG4)
	if block == nil {
		return &x509.Certificate{}
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return &x509.Certificate{}
	}
	return c
}
