package inspect

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

func (p *pass) describe(leaf *x509.Certificate, way chain) {
	c := &Certificate{
		Name: leaf.Subject.CommonName, PassType: certificates.PassType(leaf), Team: certificates.Team(leaf),
		Organization: strings.Join(leaf.Subject.Organization, ", "), Issuer: generation(leaf),
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, NFC: allowsNFC(leaf), Trusted: way.rooted, Chain: []string{},
	}
	for _, above := range way.certificates[1:] {
		c.Chain = append(c.Chain, certificates.Authority(above.Subject))
	}
	p.report.Certificate = c
}

// trust looks at the way to the root.
func (p *pass) trust(leaf *x509.Certificate, way chain) {
	const effect = refused + `: "the certificate trust chain could not be verified"`
	last := way.certificates[len(way.certificates)-1]
	switch {
	case way.rooted && way.lent != nil:
		p.err("intermediate-missing", signatureFile,
			fmt.Sprintf("the intermediate certificate %s, which issued the signer's, is not in the signature%s",
				certificates.Authority(way.lent.Subject), p.instead(leaf)),
			effect, "sign with it: openssl cms -sign -certfile AppleWWDRCAG4.pem; passhook puts it in by itself")
	case way.rooted:
	case selfSigned(last):
		p.err("root-unknown", signatureFile,
			fmt.Sprintf("the certificates end at %q, which is not Apple's root", last.Subject.CommonName),
			refused+"; test certificates work only where --root names their root",
			"sign with a certificate from Apple, or name the root with --root FILE")
	case last != leaf:
		p.err("root-unknown", signatureFile,
			fmt.Sprintf("the certificates end at %q, and its issuer %q is neither in the signature nor Apple's root",
				certificates.Authority(last.Subject), last.Issuer.CommonName),
			effect, "sign with a certificate from Apple and its whole chain, or name the root with --root FILE")
	default:
		p.err("intermediate-missing", signatureFile,
			fmt.Sprintf("the issuer of the signer's certificate, %s, is not in the signature%s", generation(leaf), p.instead(leaf)),
			effect, "sign with that certificate in the signature, from https://www.apple.com/certificateauthority/")
	}
}

// instead names the intermediates that stand in the signature in place of the
// right one.
func (p *pass) instead(leaf *x509.Certificate) string {
	var names []string
	for _, other := range p.cms.certificates {
		if bytes.Equal(other.RawSubject, leaf.RawIssuer) || other.IsCA && !selfSigned(other) {
			names = append(names, certificates.Authority(other.Subject))
		}
	}
	if names == nil {
		return ""
	}
	return "; it has " + strings.Join(names, " and ") + ", which did not issue it"
}

// generations are Apple's intermediates by key id, which is how a certificate
// names its issuer: their names are alike.
// https://www.apple.com/certificateauthority/
var generations = map[string]string{
	"88271709a9b618608becebbaf64759c55254a3b7": "WWDR G1",
	"09fec01590f9af640a9212b92628630c97eca7b2": "WWDR G3",
	"5bd9fa1de79a1a0ba399762250863e91c85b77a8": "WWDR G4",
}

// generation is the short name of who issued a certificate.
func generation(c *x509.Certificate) string {
	if name, ok := generations[hex.EncodeToString(c.AuthorityKeyId)]; ok {
		return name
	}
	return certificates.Authority(c.Issuer)
}

// dates compares the certificates' dates with the signing time and with now.
// What counts for a phone is the signing time, so passes outlive certificates:
// https://developer.apple.com/support/certificates/ and
// https://forums.developer.apple.com/thread/96652.
func (p *pass) dates(leaf *x509.Certificate, way chain, at time.Time, dated bool) {
	if dated && at.After(p.Now.Add(24*time.Hour)) {
		p.warn("signing-time-future", signatureFile, "the pass was signed on "+day(at)+", which is in the future",
			"an iPhone may refuse it until then", "set the clock of the machine that signs")
	}
	for _, c := range way.certificates {
		what := "the certificate " + c.Subject.CommonName
		switch {
		case c == leaf:
		case selfSigned(c):
			what = "the root " + c.Subject.CommonName
		default:
			what = "the intermediate " + certificates.Authority(c.Subject)
		}
		switch {
		case dated && at.After(c.NotAfter):
			p.err("certificate-expired", signatureFile,
				fmt.Sprintf("%s expired on %s, before the pass was signed on %s", what, day(c.NotAfter), day(at)),
				refused, "renew it and sign anew")
		case dated && at.Before(c.NotBefore):
			p.err("certificate-early", signatureFile,
				fmt.Sprintf("%s is valid from %s, after the pass was signed on %s", what, day(c.NotBefore), day(at)),
				refused, "set the clock of the machine that signs, and sign anew")
		case p.Now.After(c.NotAfter):
			p.expired(what, c, c == leaf, dated)
		}
	}
}

// expired is a certificate whose time is over now.
func (p *pass) expired(what string, c *x509.Certificate, leaf, dated bool) {
	text := fmt.Sprintf("%s expired on %s", what, day(c.NotAfter))
	effect := "iPhones compare it with the time of signing, so this pass stays good"
	if dated {
		text += ", after the pass was signed"
	}
	fix := "get a certificate from Apple's current intermediate for the next pass"
	if leaf {
		effect += "; new passes and updates need a new certificate"
		fix = "renew the certificate before the next pass is signed"
	}
	p.warn("certificate-expired-since", signatureFile, text, effect, fix)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// subject compares the certificate with pass.json.
func (p *pass) subject(leaf *x509.Certificate) {
	const effect = refused + `: "The passTypeIdentifier or teamIdentifier provided may not match your certificate"`
	passType, team := certificates.PassType(leaf), certificates.Team(leaf)
	if passType == "" {
		p.err("certificate-kind", signatureFile,
			fmt.Sprintf("the certificate %q is no pass type certificate", leaf.Subject.CommonName),
			refused, "sign with a pass type certificate")
	}
	if p.document == nil {
		return
	}
	if given := p.text("passTypeIdentifier"); passType != "" && given != "" && given != passType {
		p.at("passTypeIdentifier", problems.Error, "certificate-pass-type",
			fmt.Sprintf("is %s, and the certificate is for %s", given, passType),
			effect, "write "+passType+", or sign with the other certificate")
	}
	if given := p.text("teamIdentifier"); team != "" && given != "" && given != team {
		p.at("teamIdentifier", problems.Error, "certificate-team",
			fmt.Sprintf("is %s, and the certificate belongs to team %s", given, team), effect, "write "+team)
	}
	p.enhanced(passType != "" && !allowsNFC(leaf))
}

// enhanced looks for what needs a certificate for NFC. iOS says so in its log:
// https://github.com/drallgood/jpasskit/issues/96.
func (p *pass) enhanced(plain bool) {
	const (
		text   = "needs a certificate for passes with NFC, and this one is plain"
		effect = refused + `: "Passes with an NFC dictionary or a Personalization JSON file must be signed with an enhanced Passbook certificate"`
		fix    = "ask Apple for one at https://developer.apple.com/contact/passkit/, or take it out"
	)
	if _, nfc := p.pass["nfc"]; nfc && plain {
		p.at("nfc", problems.Error, "certificate-nfc", text, effect, fix)
	}
	if p.files[personalizationFile] != nil && plain {
		p.err("certificate-nfc", personalizationFile, text, effect, fix)
	}
}

func allowsNFC(leaf *x509.Certificate) bool {
	return certificates.NFC(leaf) || strings.HasPrefix(leaf.Subject.CommonName, "Pass Type ID with NFC")
}
