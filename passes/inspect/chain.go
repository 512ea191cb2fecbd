package inspect

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// chain is the way from a certificate to a root.
type chain struct {
	// certificates begin with the leaf and end with the root, where one was
	// found.
	certificates []*x509.Certificate
	rooted       bool
	// lent is one that the signature lacks and that we have; nil is none.
	lent *x509.Certificate
}

// authorities is what a chain may be built of.
type authorities struct {
	roots, given, lent []*x509.Certificate
}

// chain finds the shortest way to a root, without looking at dates; without
// one, the longest way that there is.
func (a authorities) chain(leaf *x509.Certificate) chain {
	type step struct {
		cert *x509.Certificate
		from int
	}
	steps := []step{{leaf, -1}}
	seen := map[string]bool{string(leaf.Raw): true}
	last := 0
	path := func(i int) (list []*x509.Certificate) {
		for ; i >= 0; i = steps[i].from {
			list = append([]*x509.Certificate{steps[i].cert}, list...)
		}
		return list
	}
	for i := 0; i < len(steps); i++ {
		for _, root := range a.roots {
			if bytes.Equal(root.Raw, steps[i].cert.Raw) {
				return a.found(path(i))
			}
			if issued(root, steps[i].cert) {
				return a.found(append(path(i), root))
			}
		}
		for _, c := range append(a.given[:len(a.given):len(a.given)], a.lent...) {
			if !seen[string(c.Raw)] && issued(c, steps[i].cert) {
				seen[string(c.Raw)] = true
				steps = append(steps, step{c, i})
				last = len(steps) - 1
			}
		}
	}
	return chain{certificates: path(last)}
}

func (a authorities) found(list []*x509.Certificate) chain {
	c := chain{certificates: list, rooted: true}
	for _, cert := range list {
		for _, lent := range a.lent {
			if cert == lent {
				c.lent = lent
			}
		}
	}
	return c
}

// issued is true where the issuer's name, key id and key fit the certificate.
// Other than x509.Certificate.CheckSignatureFrom it takes SHA-1, which Apple's
// first intermediate is signed with.
func issued(issuer, c *x509.Certificate) bool {
	if !sameName(issuer.RawSubject, c.RawIssuer) || issuer.Version >= 3 && !issuer.IsCA ||
		issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCertSign == 0 {
		return false
	}
	if len(c.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 &&
		!bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId) {
		return false
	}
	whole, certificate, tbs := cryptobyte.String(c.Raw), cryptobyte.String(nil), cryptobyte.String(nil)
	if !whole.ReadASN1(&certificate, der.SEQUENCE) || !certificate.ReadASN1(&tbs, der.SEQUENCE) {
		return false
	}
	a, ok := readAlgorithm(&certificate)
	return ok && checkSignature(issuer.PublicKey, a, 0, c.RawTBSCertificate, c.Signature) == nil
}

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// sameName compares names as RFC 5280, section 7.1, says: the kind of string,
// upper and lower case and spaces do not count.
func sameName(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, two := plainName(a), plainName(b)
	return one != "" && one == two
}

func plainName(raw []byte) string {
	var rdn pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &rdn); err != nil || len(rest) > 0 {
		return ""
	}
	return strings.Join(strings.Fields(strings.ToLower(rdn.String())), " ")
}
