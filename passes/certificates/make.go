package certificates

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"

	"software.sslmate.com/src/go-pkcs12"
)

// oidEmail is emailAddress of RFC 2985, which Keychain puts into its requests.
var oidEmail = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// Request is a certificate signing request as Keychain makes it and Apple's
// portal takes it: PEM, SHA-256, of an RSA key with 2048 bits. Apple puts the
// account's own names into the certificate, not these.
// https://developer.apple.com/help/account/certificates/create-a-certificate-signing-request
func Request(key crypto.Signer, name, email, country string) ([]byte, error) {
	subject := pkix.Name{CommonName: name, ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: oidEmail, Value: asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(email)}},
	}}
	if country != "" {
		subject.Country = []string{country}
	}
	template := &x509.CertificateRequest{Subject: subject, SignatureAlgorithm: x509.SHA256WithRSA}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// KeyPEM is a private key as PKCS#8 in PEM.
func KeyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// iterations of the key derivation: what OpenSSL uses.
const iterations = 2048

// PKCS12 is the certificate, its key and its issuer in one file that opens
// everywhere: 3DES and SHA-1 are all that OpenSSL 1.1 and 3, Keychain, Windows
// and Java have in common. Keychain calls the password of many files with AES
// wrong, and OpenSSL 3 does not read RC2. These ciphers do not slow down someone
// who guesses, so the password must be a random one.
func (e Entry) PKCS12(password string) ([]byte, error) {
	return pkcs12.LegacyDES.WithIterations(iterations).Encode(e.Key, e.Leaf, []*x509.Certificate{e.Intermediate}, password)
}
