package certificates

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// signer makes detached CMS signatures (RFC 5652) for one certificate.
//
// All signatures of a certificate have the same shape: only the digest of the
// signed content, the signing time and the RSA signature differ, and those have
// fixed lengths. So a model is made once, and every pass fills in its own three
// values. That is as fast as RSA itself.
type signer struct {
	key  crypto.Signer
	leaf *x509.Certificate
	// der is the model; its last bytes are the signature.
	der []byte
	// The signed attributes stand from attributesAt to attributesEnd, with the
	// time and the digest within them.
	attributesAt, timeAt, digestAt, attributesEnd, sigAt int
}

// Object ids of RFC 5652 and RFC 8017.
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA256WithRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

// The ASN.1 of RFC 5652, as far as a signature needs it.
type (
	contentInfo struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue `asn1:"optional"`
	}
	signedData struct {
		Version          int
		DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
		Content          contentInfo
		Certificates     asn1.RawValue
		SignerInfos      []signerInfo `asn1:"set"`
	}
	signerInfo struct {
		Version            int
		Issuer             issuerAndSerial
		DigestAlgorithm    pkix.AlgorithmIdentifier
		Attributes         asn1.RawValue
		SignatureAlgorithm pkix.AlgorithmIdentifier
		Signature          []byte
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
)

// utcTime is the fixed-length form of UTCTime (RFC 5652, section 11.3).
const utcTime = "060102150405Z"

// newSigner makes the model. The key's public key is the leaf's.
func newSigner(leaf *x509.Certificate, key crypto.Signer, chain []*x509.Certificate) (*signer, error) {
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is no RSA key")
	}
	// DER sorts the members of a SET, and the shortest comes first.
	rest, err1 := concat(attribute{oidContentType, []any{oidData}}, attribute{oidSigningTime, []any{time.Unix(0, 0).UTC()}})
	digest, err2 := concat(attribute{oidMessageDigest, []any{make([]byte, sha256.Size)}})
	attributes := tagged(append(rest, digest...))
	attributesDER, err3 := concat(attributes)
	info := signerInfo{
		Version: 1, Issuer: issuerAndSerial{asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber},
		DigestAlgorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, Attributes: attributes,
		SignatureAlgorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA256WithRSA}, Signature: make([]byte, public.Size()),
	}
	tail, err4 := concat(info.SignatureAlgorithm, info.Signature)
	certs := bytes.Clone(leaf.Raw)
	for _, c := range chain {
		certs = append(certs, c.Raw...)
	}
	inner, err5 := concat(signedData{
		Version: 1, DigestAlgorithms: []pkix.AlgorithmIdentifier{info.DigestAlgorithm}, Content: contentInfo{ContentType: oidData},
		Certificates: tagged(certs), SignerInfos: []signerInfo{info},
	})
	der, err6 := concat(contentInfo{oidSignedData, tagged(inner)})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	s := &signer{key: key, leaf: leaf, der: der, sigAt: len(der) - public.Size(), attributesEnd: len(der) - len(tail)}
	s.attributesAt = s.attributesEnd - len(attributesDER)
	s.digestAt = s.attributesEnd - sha256.Size
	s.timeAt = s.attributesEnd - len(digest) - len(utcTime)
	return s, nil
}

// concat is the DER of values, one after the other.
func concat(values ...any) ([]byte, error) {
	var out []byte
	for _, v := range values {
		der, err := asn1.Marshal(v)
		if err != nil {
			return nil, err
		}
		out = append(out, der...)
	}
	return out, nil
}

// tagged is content under the tag [0].
func tagged(content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: content}
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
	// Attributes are tagged [0] in the signature and SET where they are hashed.
	h := sha256.New()
	h.Write([]byte{0x31})
	h.Write(der[s.attributesAt+1 : s.attributesEnd])
	signature, err := s.key.Sign(nil, h.Sum(nil), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("the private key does not sign: %w", err)
	}
	if len(signature) != len(der)-s.sigAt {
		return nil, fmt.Errorf("the private key made a signature of %d bytes, and %d were expected", len(signature), len(der)-s.sigAt)
	}
	copy(der[s.sigAt:], signature)
	return der, nil
}
