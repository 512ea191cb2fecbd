package certificates

import (
	"bytes"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"net/url"
)

// Apple's root, and its intermediate of today, "WWDR G4", valid until
// 2030-12-10, which issues the pass type certificates.
// https://www.apple.com/certificateauthority/
// https://developer.apple.com/help/account/reference/wwdr-intermediate-certificates
var (
	//go:embed apple/root.crt
	rootPEM []byte
	//go:embed apple/wwdr-g4.pem
	wwdrG4 []byte
)

// AppleRoot is Apple's root certificate, which phones trust passes by.
func AppleRoot() *x509.Certificate { return builtIn(rootPEM) }

// AppleIntermediate is WWDR G4.
func AppleIntermediate() *x509.Certificate { return builtIn(wwdrG4) }

// builtIn reads a file that is built in and tested, so it parses.
func builtIn(b []byte) *x509.Certificate {
	block, _ := pem.Decode(b)
	if block == nil {
		return &x509.Certificate{}
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return &x509.Certificate{}
	}
	return c
}

// Issued is true where issuer issued the certificate: the name, the key id where
// both have one, and the signature. Apple's intermediates share one name, so
// that the key id and the signature tell them apart.
func Issued(issuer, c *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, c.RawIssuer) {
		return false
	}
	if len(c.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId) {
		return false
	}
	return c.CheckSignatureFrom(issuer) == nil
}

// applesHost is where Apple's certificates say that their issuers are.
const applesHost = "certs.apple.com"

// IssuerURL is the certificate's own "CA issuers" address (RFC 5280, section
// 4.2.2.1), where it is one of Apple's.
func IssuerURL(c *x509.Certificate) (address string, ok bool) {
	for _, address := range c.IssuingCertificateURL {
		u, err := url.Parse(address)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host == applesHost && u.User == nil {
			return address, true
		}
	}
	return "", false
}

// intermediate is who issued the leaf: what the config names, what came with
// the certificate, or Apple's that is built in.
func (l *loader) intermediate(leaf *x509.Certificate, others []*x509.Certificate) *x509.Certificate {
	path := "certificate"
	if l.config.Intermediate != "" {
		path = "intermediate"
		named, found := Read([]byte(l.config.Intermediate), "")
		if len(found) == 0 && len(named.Certificates) == 0 {
			found = wrong("", "holds no certificate")
		}
		if len(found) > 0 {
			l.problem(path, "%s", found[0].Text)
			return nil
		}
		others = named.Certificates
	} else {
		others = append(others, AppleIntermediate())
	}
	var issuer *x509.Certificate
	for _, c := range others {
		if Issued(c, leaf) && (issuer == nil || c.NotAfter.After(issuer.NotAfter)) {
			issuer = c
		}
	}
	if issuer == nil {
		l.noIntermediate(leaf, others)
	} else if err := (&Certificate{PassType: PassType(leaf), NotAfter: l.now, Chain: []*x509.Certificate{issuer}}).Valid(l.now); err != nil {
		l.warn(path, "%v", err)
	}
	return issuer
}

// noIntermediate says how to get the right one.
func (l *loader) noIntermediate(leaf *x509.Certificate, others []*x509.Certificate) {
	switch address, ok := IssuerURL(leaf); {
	case l.config.Intermediate != "" && Issued(AppleIntermediate(), leaf):
		l.problem("intermediate", "is %s and did not issue the certificate; %s did, which is built in: leave intermediate out", Authority(others[0].Subject), Authority(AppleIntermediate().Subject))
	case l.config.Intermediate != "":
		l.problem("intermediate", "did not issue the certificate, whose issuer is %s", leaf.Issuer)
	case ok:
		l.problem("certificate", "its issuer is not known here: %s; download %s and name that file with intermediate: file:PATH, or run passhook certs import, which puts it into the .p12", leaf.Issuer, address)
	default:
		l.problem("certificate", "its issuer is not known here: %s; name that certificate with intermediate: file:PATH", leaf.Issuer)
	}
}
