package certificates

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// material is what a signing entry holds, before it is checked.
type material struct {
	key   *rsa.PrivateKey
	certs []*x509.Certificate
}

// material reads PEM, PKCS#12 or a bare certificate, each also as base64.
func (l *loader) material() material {
	b := unbase64([]byte(l.config.Certificate))
	var m material
	var key any
	var err error
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		l.problem("certificate", "is empty; name the file that Apple's portal or Keychain gave, as file:certs/pass.p12")
		return m
	case isPEM(b):
		key, m.certs, err = l.fromPEM(b)
	default:
		key, m.certs, err = l.fromDER(b)
	}
	if err == nil && key == nil {
		if l.config.Key == "" {
			l.problem("key", "is missing: the certificate has no private key with it; add key: file:PATH")
			return m
		}
		key, _, err = l.fromPEM(unbase64([]byte(l.config.Key)))
		if err == nil && key == nil {
			err = at("key", "is no private key in PEM; it begins with -----BEGIN PRIVATE KEY-----")
		}
	}
	if err == nil && len(m.certs) == 0 {
		err = at("certificate", "holds no certificate")
	}
	var placed placedError
	switch {
	case errors.As(err, &placed):
		l.problem(placed.path, "%s", placed.text)
		return m
	case err != nil:
		l.problem("certificate", "%v", err)
		return m
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		l.problem(l.keyPath(), "is no RSA key; Apple signs requests with RSA keys of 2048 bits for passes")
		return m
	}
	m.key = rsaKey
	return m
}

// placedError is an error that knows which setting it is about.
type placedError struct{ path, text string }

func (e placedError) Error() string { return e.text }

func at(path, format string, args ...any) error {
	return placedError{path, fmt.Sprintf(format, args...)}
}

func isPEM(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN ")) }

// unbase64 decodes what is base64 and nothing else.
func unbase64(b []byte) []byte {
	if isPEM(b) {
		return b
	}
	plain := strings.Join(strings.Fields(string(b)), "")
	if decoded, err := base64.StdEncoding.DecodeString(plain); err == nil && len(decoded) > 0 {
		return decoded
	}
	return wholeDER(b)
}

// wholeDER gives a binary file its final newline back: the config drops one
// from every file, and in one of 256 certificates it is part of the signature.
func wholeDER(b []byte) []byte {
	for _, end := range []string{"\n", "\r\n"} {
		longer := append(bytes.Clone(b), end...)
		var all asn1.RawValue
		if rest, err := asn1.Unmarshal(longer, &all); err == nil && len(rest) == 0 {
			return longer
		}
	}
	return b
}

func (l *loader) fromDER(b []byte) (key any, certs []*x509.Certificate, err error) {
	if c, err := x509.ParseCertificate(b); err == nil {
		return nil, []*x509.Certificate{c}, nil
	}
	key, leaf, others, err := pkcs12.DecodeChain(b, l.config.Password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && l.config.Password == "":
		return nil, nil, at("password", "is missing: the PKCS#12 file has one")
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, at("password", "is not the password of the PKCS#12 file")
	case err != nil:
		return nil, nil, at("certificate", "is neither PEM nor a PKCS#12 file that can be read: %v", err)
	}
	return key, append([]*x509.Certificate{leaf}, others...), nil
}

// fromPEM reads all blocks: certificates, and the first private key.
func (l *loader) fromPEM(b []byte) (key any, certs []*x509.Certificate, err error) {
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, fmt.Errorf("holds a certificate that cannot be read: %w", err)
			}
			certs = append(certs, c)
			continue
		}
		if key == nil && strings.HasSuffix(block.Type, "PRIVATE KEY") {
			if key, err = l.privateKey(block); err != nil {
				return nil, nil, err
			}
		}
	}
	return key, certs, nil
}

func (l *loader) privateKey(block *pem.Block) (any, error) {
	der := block.Bytes
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, at(l.keyPath(), "is encrypted in a way that is not read here; decrypt it with: openssl pkey -in KEY -out PLAIN")
	}
	encrypted := x509.IsEncryptedPEMBlock(block) //nolint:staticcheck // old files are encrypted like that
	if encrypted {
		var err error
		if der, err = x509.DecryptPEMBlock(block, []byte(l.config.Password)); err != nil { //nolint:staticcheck // as above
			return nil, at("password", "is not the password of the private key")
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if encrypted {
		// A wrong password goes unnoticed where the padding fits by chance.
		return nil, at("password", "is not the password of the private key")
	}
	return nil, at(l.keyPath(), "holds a private key that cannot be read")
}

// certificates reads certificates alone: PEM, DER or base64.
func certificates(b []byte) ([]*x509.Certificate, error) {
	b = unbase64(b)
	if !isPEM(b) {
		c, err := x509.ParseCertificate(b)
		if err != nil {
			return nil, errors.New("is no certificate")
		}
		return []*x509.Certificate{c}, nil
	}
	_, certs, err := (&loader{}).fromPEM(b)
	if err == nil && len(certs) == 0 {
		err = errors.New("holds no certificate")
	}
	return certs, err
}
