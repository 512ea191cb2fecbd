package inspect

import (
	"crypto"
	"crypto/ecdsa"
	_ "crypto/md5" //nolint:gosec // to read old signatures, as openssl does
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // Apple's old certificates, and the passes of their time
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// hashes are the digests by object id (RFC 5754, RFC 3370), and the signature
// algorithms that name one.
var hashes = map[string]crypto.Hash{
	"1.2.840.113549.2.5":     crypto.MD5,
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
}

// signatureHashes are the algorithms that name a digest (RFC 8017, RFC 5758).
var signatureHashes = map[string]crypto.Hash{
	"1.2.840.113549.1.1.4":  crypto.MD5,
	"1.2.840.113549.1.1.5":  crypto.SHA1,
	"1.2.840.113549.1.1.11": crypto.SHA256,
	"1.2.840.113549.1.1.12": crypto.SHA384,
	"1.2.840.113549.1.1.13": crypto.SHA512,
	"1.2.840.113549.1.1.14": crypto.SHA224,
	"1.2.840.10045.4.1":     crypto.SHA1,
	"1.2.840.10045.4.3.1":   crypto.SHA224,
	"1.2.840.10045.4.3.2":   crypto.SHA256,
	"1.2.840.10045.4.3.3":   crypto.SHA384,
	"1.2.840.10045.4.3.4":   crypto.SHA512,
}

var (
	oidRSA    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidECKey  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	errKey    = errors.New("the key of its certificate did not make it")
	errMixed  = errors.New("its digest and its signature algorithm do not fit together")
	errParams = errors.New("its parameters for RSA-PSS cannot be read")
)

// maxRSA is the largest key that is used, in bits: the time that it takes grows
// with its square.
const maxRSA = 16384

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// checkSignature verifies a signature over a message, whose digest is hash; zero
// is the algorithm's own. crypto/x509 does not: it
// refuses SHA-1, which Apple's older certificates are signed with.
func checkSignature(key any, a algorithmIdentifier, hash crypto.Hash, message, signature []byte) error {
	named, known := signatureHashes[a.oid.String()]
	pss := a.oid.Equal(oidPSS)
	if !known && !pss && !a.oid.Equal(oidRSA) && !a.oid.Equal(oidECKey) {
		return fmt.Errorf("it uses the signature algorithm %v, which is not known here", a.oid)
	}
	if hash == 0 { // A CMS signature names its digest by itself, which counts.
		hash = named
	}
	if hash == 0 && !pss {
		return fmt.Errorf("it uses the signature algorithm %v without a digest", a.oid)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() > maxRSA {
			return fmt.Errorf("its key has %d bits, which is more than is looked at", key.N.BitLen())
		}
		if pss {
			return checkPSS(key, a.parameters, hash, message, signature)
		}
		if err := rsa.VerifyPKCS1v15(key, hash, sum(hash, message), signature); err != nil {
			return errKey
		}
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, sum(hash, message), signature) {
			return errKey
		}
	default:
		return fmt.Errorf("its key is of a kind that is not known here (%T)", key)
	}
	return nil
}

// checkPSS reads RSASSA-PSS-params (RFC 4055, section 3.1).
func checkPSS(key *rsa.PublicKey, parameters cryptobyte.String, hash crypto.Hash, message, signature []byte) error {
	own, mask, salt := crypto.SHA1, crypto.SHA1, 20
	var seq cryptobyte.String
	if !parameters.ReadASN1(&seq, der.SEQUENCE) {
		return errParams
	}
	for !seq.Empty() {
		var v cryptobyte.String
		var tag der.Tag
		if !seq.ReadAnyASN1(&v, &tag) {
			return errParams
		}
		ok := true
		switch tag {
		case tag0Of:
			var a algorithmIdentifier
			a, ok = readAlgorithm(&v)
			own = hashes[a.oid.String()]
		case tag1Of:
			var mgf, inner algorithmIdentifier
			if mgf, ok = readAlgorithm(&v); ok {
				inner, ok = readAlgorithm(&mgf.parameters)
				mask = hashes[inner.oid.String()]
			}
		case der.Tag(2).ContextSpecific().Constructed():
			ok = v.ReadASN1Integer(&salt)
		}
		if !ok {
			return errParams
		}
	}
	if hash == 0 {
		hash = own
	}
	if own != mask || own != hash || own == 0 || salt < 0 {
		return errMixed
	}
	if rsa.VerifyPSS(key, hash, sum(hash, message), signature, &rsa.PSSOptions{SaltLength: salt}) != nil {
		return errKey
	}
	return nil
}
