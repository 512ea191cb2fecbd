package inspect

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/passhook/passhook/passes/certificates"
)

const (
	signatureFile = "signature"
	resign        = "sign manifest.json anew"
)

// Certificate is what signed a pass.
type Certificate struct {
	Name         string    `json:"name"`
	PassType     string    `json:"pass_type,omitempty"`
	Team         string    `json:"team,omitempty"`
	Organization string    `json:"organization,omitempty"`
	Issuer       string    `json:"issuer"`
	NotBefore    time.Time `json:"not_before"`
	NotAfter     time.Time `json:"not_after"`
	NFC          bool      `json:"nfc,omitempty"`
	// Chain are the names from the certificate's issuer to the root, as far as
	// it goes; Trusted is true where it ends at a root.
	Chain   []string `json:"chain"`
	Trusted bool     `json:"trusted"`
}

// signature checks the CMS signature over manifest.json.
func (p *pass) signature() {
	f := p.files[signatureFile]
	if f == nil {
		p.err("signature-missing", signatureFile, "the pass is not signed: it has no file signature",
			refused, "sign it with a pass type certificate")
		return
	}
	manifest := p.files[manifestFile]
	if !f.readable() || manifest == nil || !manifest.readable() {
		return // Said already.
	}
	c, err := readCMS(f.bytes)
	if err != nil {
		p.err("signature-form", signatureFile, notSignature(f.bytes, err), refused,
			"write the signature as DER: openssl cms -sign -binary -outform DER, or let passhook sign")
		return
	}
	p.cms = c
	p.form(c, manifest.bytes)
	if len(c.signers) == 0 {
		p.err("signature-signer", signatureFile, "the signature has no signer", refused, resign)
	}
	for i := range c.signers {
		p.signer(c, &c.signers[i], manifest.bytes)
	}
}

// notSignature says what a file is that cannot be read as a signature.
func notSignature(b []byte, err error) string {
	switch {
	case len(b) == 0:
		return "the signature is empty"
	case bytes.Contains(b, []byte("-----BEGIN ")):
		return "the signature is PEM, and Wallet reads DER only"
	case bytes.HasPrefix(b, []byte("MIME-Version")) || bytes.Contains(b[:min(len(b), 1000)], []byte("Content-Type:")):
		return "the signature is an S/MIME message, and Wallet reads DER only"
	case bytes.HasPrefix(b, []byte("MII")):
		return "the signature is base64, and Wallet reads DER only"
	}
	return "the signature cannot be read: " + err.Error()
}

// form is what can be wrong with a signature whoever made it.
func (p *pass) form(c *cms, manifest []byte) {
	if c.ber {
		p.note("signature-ber", signatureFile, "the signature is BER with lengths left open, not DER",
			"", "write it without openssl's -stream")
	}
	if c.rest > 0 {
		p.warn("signature-rest", signatureFile,
			fmt.Sprintf("%d bytes follow the signature", c.rest), "", "take them out")
	}
	switch {
	case c.attached == nil:
	case bytes.Equal(c.attached, manifest):
		p.warn("signature-attached", signatureFile,
			"the signature has manifest.json in it; Apple asks for a detached one",
			"", "sign without attaching the content (no -nodetach)")
	default:
		p.warn("signature-attached", signatureFile,
			"the signature has a content in it that is not manifest.json", "an iPhone may refuse the pass",
			"sign manifest.json itself, byte for byte (openssl needs -binary), detached")
	}
	if c.unread != nil {
		p.warn("certificate-unreadable", signatureFile,
			"a certificate in the signature cannot be read: "+c.unread.Error(), "", "")
	}
}

// signer checks one signer: the signature, its time and its certificate.
func (p *pass) signer(c *cms, s *cmsSigner, manifest []byte) {
	at, dated := s.signingTime()
	if !dated {
		p.err("signing-time", signatureFile, "the signature has no signing time",
			refused+`: "Signature must contain a signing date"`,
			"sign with the attribute signingTime; openssl cms -sign does unless -noattr is given")
	} else {
		p.report.SignedAt = &at
	}
	leaf := s.certificate(c.certificates)
	if leaf == nil {
		p.err("signer-certificate", signatureFile, "the signer's certificate is not in the signature"+s.name(),
			refused, "sign with the pass type certificate and the intermediate in the signature (no -nocerts)")
		return
	}
	if !slices.ContainsFunc(c.digests, s.digest.Equal) {
		p.err("signature-digest-list", signatureFile,
			fmt.Sprintf("the signer's digest %v is not among the digests that the signature names", s.digest),
			refused, resign)
	}
	if err := s.verify(c, leaf, manifest); err != nil {
		fix := resign
		if errors.Is(err, errDigest) {
			fix = "sign after the last change to any file: first manifest.json, then the signature"
		}
		p.err("signature-wrong", signatureFile, "the signature does not verify: "+err.Error(),
			refused+`: "Manifest signature did not verify successfully"`, fix)
	}
	all := authorities{roots: append(p.Roots[:len(p.Roots):len(p.Roots)], certificates.AppleRoot()),
		given: c.certificates, lent: []*x509.Certificate{certificates.AppleIntermediate()}}
	way := all.chain(leaf)
	p.describe(leaf, way)
	p.trust(leaf, way)
	p.dates(leaf, way, at, dated)
	p.subject(leaf)
}

// name is how a signer is named that has no certificate.
func (s *cmsSigner) name() string {
	if s.keyID != nil {
		return ": key id " + hex.EncodeToString(s.keyID)
	}
	return fmt.Sprintf(": serial number %x", s.serial)
}
