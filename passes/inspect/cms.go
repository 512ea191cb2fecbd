package inspect

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Object ids of RFC 5652.
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

// cms is a signature (RFC 5652, SignedData) as it stands in the file.
type cms struct {
	contentType asn1.ObjectIdentifier
	// attached is the signed content; nil where it is detached, as in passes.
	attached     []byte
	digests      []asn1.ObjectIdentifier
	certificates []*x509.Certificate
	// unread is why a certificate could not be read, if one could not.
	unread  error
	signers []cmsSigner
	// ber is true where it was no DER; rest are bytes after its end.
	ber  bool
	rest int
}

// cmsSigner is one SignerInfo.
type cmsSigner struct {
	// The certificate is named by issuer and serial number, or by its key id.
	issuer    []byte
	serial    *big.Int
	keyID     []byte
	digest    asn1.ObjectIdentifier
	algorithm algorithmIdentifier
	signature []byte
	// signed are the signed attributes as they were hashed: the raw bytes in
	// their own order, under the tag SET (RFC 5652, section 5.4). Nil is none.
	signed     []byte
	attributes map[string][]cryptobyte.String
}

type algorithmIdentifier struct {
	oid asn1.ObjectIdentifier
	// parameters are their DER, or empty.
	parameters cryptobyte.String
}

var (
	tag0          = der.Tag(0).ContextSpecific()
	tag0Of        = tag0.Constructed()
	tag1Of        = der.Tag(1).ContextSpecific().Constructed()
	errNoCMS      = errors.New("it is no CMS signature (SignedData)")
	errAttributes = errors.New("its signed attributes cannot be read")
)

// readCMS reads a signature file.
func readCMS(b []byte) (*cms, error) {
	if len(b) > maxDER {
		return nil, fmt.Errorf("it has %d bytes; a signature has a few thousand", len(b))
	}
	c, err := parseCMS(b)
	if err == nil {
		return c, nil
	}
	plain, rest, berErr := rewrite(nil, b, 0)
	if berErr != nil {
		return nil, berErr
	}
	c, err = parseCMS(plain)
	if err != nil {
		return nil, err
	}
	c.ber, c.rest = true, len(rest)
	return c, nil
}

func parseCMS(b []byte) (*cms, error) {
	c := &cms{}
	file := cryptobyte.String(b)
	var info, data, content, encap cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !file.ReadASN1(&info, der.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&content, tag0Of) || !info.Empty() ||
		!content.ReadASN1(&data, der.SEQUENCE) || !content.Empty() {
		return nil, errNoCMS
	}
	c.rest = len(file)
	var version int
	var digests, certs, crls, signers cryptobyte.String
	var attached cryptobyte.String
	var hasCerts, hasContent, hasCRLs bool
	if !data.ReadASN1Integer(&version) || !data.ReadASN1(&digests, der.SET) || !data.ReadASN1(&encap, der.SEQUENCE) ||
		!encap.ReadASN1ObjectIdentifier(&c.contentType) ||
		!encap.ReadOptionalASN1(&attached, &hasContent, tag0Of) || !encap.Empty() ||
		!data.ReadOptionalASN1(&certs, &hasCerts, tag0Of) || !data.ReadOptionalASN1(&crls, &hasCRLs, tag1Of) ||
		!data.ReadASN1(&signers, der.SET) || !data.Empty() {
		return nil, errNoCMS
	}
	if hasContent {
		var octets cryptobyte.String
		if !attached.ReadASN1(&octets, der.OCTET_STRING) {
			return nil, errNoCMS
		}
		c.attached = append([]byte{}, octets...)
	}
	for !digests.Empty() {
		a, ok := readAlgorithm(&digests)
		if !ok {
			return nil, errNoCMS
		}
		c.digests = append(c.digests, a.oid)
	}
	if !c.readCertificates(certs) {
		return nil, errNoCMS
	}
	for !signers.Empty() && len(c.signers) < maxSigners {
		s, err := readSigner(&signers)
		if err != nil {
			return nil, err
		}
		c.signers = append(c.signers, s)
	}
	return c, nil
}

// Limits of a signature: a pass has one signer and two or three certificates.
const (
	maxSigners      = 8
	maxCertificates = 32
)

func (c *cms) readCertificates(certs cryptobyte.String) bool {
	for !certs.Empty() && len(c.certificates) < maxCertificates {
		var raw cryptobyte.String
		var tag der.Tag
		if !certs.ReadAnyASN1Element(&raw, &tag) {
			return false
		}
		if tag != der.SEQUENCE {
			continue // other kinds of certificates, which no pass has
		}
		cert, err := x509.ParseCertificate(raw)
		if err != nil {
			c.unread = err
			continue
		}
		c.certificates = append(c.certificates, cert)
	}
	return true
}

func readAlgorithm(s *cryptobyte.String) (algorithmIdentifier, bool) {
	var a algorithmIdentifier
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, der.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.oid) {
		return a, false
	}
	var tag der.Tag
	ok := seq.Empty() || seq.ReadAnyASN1Element(&a.parameters, &tag) && seq.Empty()
	return a, ok
}

func readSigner(list *cryptobyte.String) (cmsSigner, error) {
	var s cmsSigner
	var info, id cryptobyte.String
	var version int
	if !list.ReadASN1(&info, der.SEQUENCE) || !info.ReadASN1Integer(&version) {
		return s, errNoCMS
	}
	if info.PeekASN1Tag(tag0) {
		if !info.ReadASN1(&id, tag0) {
			return s, errNoCMS
		}
		s.keyID = append([]byte{}, id...)
	} else {
		var issuer cryptobyte.String
		s.serial = new(big.Int)
		if !info.ReadASN1(&id, der.SEQUENCE) || !id.ReadASN1Element(&issuer, der.SEQUENCE) ||
			!id.ReadASN1Integer(s.serial) {
			return s, errNoCMS
		}
		s.issuer = append([]byte{}, issuer...)
	}
	digest, ok := readAlgorithm(&info)
	if s.digest = digest.oid; !ok {
		return s, errNoCMS
	}
	if info.PeekASN1Tag(tag0Of) {
		var raw cryptobyte.String
		if !info.ReadASN1Element(&raw, tag0Of) {
			return s, errNoCMS
		}
		s.signed = bytes.Clone(raw)
		s.signed[0] = byte(der.SET)
	}
	var signature cryptobyte.String
	if s.algorithm, ok = readAlgorithm(&info); !ok || !info.ReadASN1(&signature, der.OCTET_STRING) ||
		!info.SkipOptionalASN1(tag1Of) || !info.Empty() {
		return s, errNoCMS
	}
	s.signature = append([]byte{}, signature...)
	return s, s.readAttributes()
}

func (s *cmsSigner) readAttributes() error {
	if s.signed == nil {
		return nil
	}
	s.attributes = map[string][]cryptobyte.String{}
	all, set := cryptobyte.String(s.signed), cryptobyte.String(nil)
	if !all.ReadASN1(&set, der.SET) {
		return errAttributes
	}
	for !set.Empty() {
		var attribute, values, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var tag der.Tag
		if !set.ReadASN1(&attribute, der.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) ||
			!attribute.ReadASN1(&values, der.SET) {
			return errAttributes
		}
		key := oid.String()
		if values.Empty() {
			s.attributes[key] = append(s.attributes[key], nil)
		}
		for !values.Empty() {
			if !values.ReadAnyASN1Element(&value, &tag) {
				return errAttributes
			}
			s.attributes[key] = append(s.attributes[key], value)
		}
	}
	return nil
}
