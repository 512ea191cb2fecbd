package inspect

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// attribute is the one value of a signed attribute; ok is false where there is
// none, or more than one.
func (s *cmsSigner) attribute(oid asn1.ObjectIdentifier) (v cryptobyte.String, ok bool) {
	values := s.attributes[oid.String()]
	if len(values) != 1 || values[0] == nil {
		return nil, false
	}
	return values[0], true
}

// signingTime is when the signature says that it was made.
func (s *cmsSigner) signingTime() (at time.Time, ok bool) {
	v, ok := s.attribute(oidSigningTime)
	if !ok {
		return at, false
	}
	if v.PeekASN1Tag(der.GeneralizedTime) {
		ok = v.ReadASN1GeneralizedTime(&at)
	} else {
		ok = v.ReadASN1UTCTime(&at)
	}
	return at, ok && v.Empty()
}

// certificate is the signer's among those of the signature.
func (s *cmsSigner) certificate(list []*x509.Certificate) *x509.Certificate {
	for _, c := range list {
		if s.keyID != nil && bytes.Equal(c.SubjectKeyId, s.keyID) ||
			s.serial != nil && c.SerialNumber.Cmp(s.serial) == 0 && sameName(c.RawIssuer, s.issuer) {
			return c
		}
	}
	return nil
}

// verify checks the signature over the content, with the certificate's key. It
// says nothing of whether the certificate is to be trusted.
func (s *cmsSigner) verify(c *cms, cert *x509.Certificate, content []byte) error {
	hash := hashes[s.digest.String()]
	if hash == 0 {
		return fmt.Errorf("it uses the digest %v, which is not known here", s.digest)
	}
	message := content
	if s.signed != nil {
		if err := s.checkAttributes(c, hash, content); err != nil {
			return err
		}
		message = s.signed
	}
	return checkSignature(cert.PublicKey, s.algorithm, hash, message, s.signature)
}

var errDigest = errors.New("it was made for another manifest.json: the digest differs")

// checkAttributes holds the signed attributes against the content, as RFC 5652,
// section 5.6, wants; openssl looks at the digest only.
func (s *cmsSigner) checkAttributes(c *cms, hash crypto.Hash, content []byte) error {
	kind, ok := s.attribute(oidContentType)
	var oid asn1.ObjectIdentifier
	if !ok || !kind.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(c.contentType) {
		return errors.New("its signed attributes do not name the content's type")
	}
	digest, ok := s.attribute(oidMessageDigest)
	var want cryptobyte.String
	if !ok || !digest.ReadASN1(&want, der.OCTET_STRING) {
		return errors.New("its signed attributes have no digest of manifest.json")
	}
	if !bytes.Equal(want, sum(hash, content)) {
		return errDigest
	}
	return nil
}
