package certificates

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"time"

	"go.mozilla.org/pkcs7"
)

// signer makes detached CMS signatures (RFC 5652) for one certificate.
//
// All signatures of a certificate have the same shape: only the digest of the
// signed content, the signing time and the RSA signature differ, and those have
// fixed lengths. So pkcs7 makes one when the certificate is loaded, and every
// pass fills in its own three values. That is as fast as RSA itself, and lets
// the time be handed in, which pkcs7 takes from the clock.
type signer struct {
	key  crypto.Signer
	leaf *x509.Certificate
	// der is the model; the offsets say where the values stand in it.
	der                     []byte
	digestAt, timeAt, sigAt int
	// attributes is where the signed attributes stand.
	attributesAt, attributesEnd int
}

// utcTime is the fixed-length form of UTCTime (RFC 5652, section 11.3).
const utcTime = "060102150405Z"

var errModel = errors.New("the signature has an unexpected shape")

// newSigner makes the model signature.
func newSigner(leaf *x509.Certificate, key *rsa.PrivateKey, chain []*x509.Certificate) (*signer, error) {
	content := []byte("model")
	sd, err := pkcs7.NewSignedData(content)
	if err != nil {
		return nil, err
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := sd.AddSignerChain(leaf, key, chain, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	info := sd.GetSignedData().SignerInfos[0]
	sd.Detach()
	der, err := sd.Finish()
	if err != nil {
		return nil, err
	}
	s := &signer{key: key, leaf: leaf, der: der}
	digest := sha256.Sum256(content)
	if s.digestAt, err = only(der, digest[:]); err != nil {
		return nil, err
	}
	if s.sigAt, err = only(der, info.EncryptedDigest); err != nil {
		return nil, err
	}
	return s, s.findAttributes()
}

// only is where b stands in der; it must stand there once.
func only(der, b []byte) (int, error) {
	if bytes.Count(der, b) != 1 {
		return 0, errModel
	}
	return bytes.Index(der, b), nil
}

// findAttributes locates the signed attributes, which are tagged [0] in the
// signature and SET OF where they are hashed, and the time within them.
func (s *signer) findAttributes() error {
	oid, err := asn1.Marshal(pkcs7.OIDAttributeSigningTime)
	if err != nil {
		return err
	}
	// After the object id: SET of one UTCTime of 13 characters.
	prefix := append(oid, 0x31, 0x0f, 0x17, 0x0d)
	at, err := only(s.der, prefix)
	if err != nil {
		return err
	}
	s.timeAt = at + len(prefix)
	// The attributes begin before their first member and hold digest and time.
	for i := min(s.digestAt, at) - 1; i >= 0; i-- {
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(s.der[i:], &raw)
		end := len(s.der) - len(rest)
		if err == nil && raw.Class == asn1.ClassContextSpecific && raw.Tag == 0 && raw.IsCompound && end > s.digestAt && end > s.timeAt && end <= s.sigAt {
			s.attributesAt, s.attributesEnd = i, end
			return nil
		}
	}
	return errModel
}

// sign makes the signature over content at a time. The same input gives the
// same bytes. A time before the certificate's is moved to its first second:
// passes outlive certificates, and phones compare the two.
func (s *signer) sign(content []byte, at time.Time) ([]byte, error) {
	if at.Before(s.leaf.NotBefore) {
		at = s.leaf.NotBefore
	}
	der := bytes.Clone(s.der)
	digest := sha256.Sum256(content)
	copy(der[s.digestAt:], digest[:])
	copy(der[s.timeAt:], at.UTC().Format(utcTime))
	h := sha256.New()
	h.Write([]byte{0x31})
	h.Write(der[s.attributesAt+1 : s.attributesEnd])
	signature, err := s.key.Sign(nil, h.Sum(nil), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	copy(der[s.sigAt:], signature)
	return der, nil
}
