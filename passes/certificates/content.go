package certificates

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/passhook/passhook/problems"
)

// Content is what a file of certificates and keys holds.
type Content struct {
	Certificates []*x509.Certificate
	// Key is nil where there is none.
	Key      crypto.Signer
	Requests []*x509.CertificateRequest
}

// Read reads PEM, PKCS#12, or one certificate, request or private key in DER;
// each may be base64. The password is for PKCS#12 and for encrypted keys. The
// list has one problem, at the path "password" or at none.
func Read(b []byte, password string) (Content, problems.List) {
	b = unbase64(b)
	if isPEM(b) {
		return fromPEM(b, password)
	}
	return fromDER(b, password)
}

// Exposed says that others can read the private key in the file at path; it is
// empty where they cannot. The file is named as the user wrote it.
func Exposed(path, written string) string {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return "other users of this machine can read this private key; chmod 600 " + written
}

// HoldsKey is true for a private key and for what has one in it, be it
// encrypted.
func HoldsKey(b []byte) bool {
	content, found := Read(b, "")
	return content.Key != nil || len(found) > 0 && found[0].Path == "password" || bytes.Contains(b, []byte("PRIVATE KEY-----"))
}

func wrong(path, format string, args ...any) problems.List {
	return problems.List{problems.At(path, format, args...)}
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

// mistaken are files that people give instead, by how they begin.
var mistaken = []struct{ begin, text string }{
	{"<", "is a web page or a property list, not a certificate; download the certificate again while you are signed in to Apple's developer portal"},
	{"{", "is JSON, not a certificate; name the file that Apple's portal or Keychain gave"},
	{"PK\x03\x04", "is a package or a ZIP file, not a certificate; name the file that Apple's portal or Keychain gave"},
}

func fromDER(b []byte, password string) (Content, problems.List) {
	if c, err := x509.ParseCertificate(b); err == nil {
		return Content{Certificates: []*x509.Certificate{c}}, nil
	}
	if r, err := x509.ParseCertificateRequest(b); err == nil {
		return Content{Requests: []*x509.CertificateRequest{r}}, nil
	}
	if key, err := plainKey(b); err == nil {
		return Content{Key: key}, nil
	}
	key, leaf, others, err := pkcs12.DecodeChain(b, password)
	signer, _ := key.(crypto.Signer)
	switch {
	case err == nil && signer != nil:
		return Content{Key: signer, Certificates: append([]*x509.Certificate{leaf}, others...)}, nil
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return Content{}, wrong("password", "is missing: the PKCS#12 file has one")
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Content{}, wrong("password", "is not the password of the PKCS#12 file")
	}
	return Content{}, wrong("", "%s", otherFile(b, err))
}

// otherFile says what a file is that cannot be used; err is why it is no PKCS#12
// file that can be read.
func otherFile(b []byte, err error) string {
	for _, m := range mistaken {
		if bytes.HasPrefix(bytes.TrimSpace(b), []byte(m.begin)) {
			return m.text
		}
	}
	var p12 struct {
		Version int
		Content asn1.RawValue
		MAC     asn1.RawValue `asn1:"optional"`
	}
	var p7 contentInfo
	switch {
	case unmarshal(b, &p12):
		return fmt.Sprintf("is a PKCS#12 file that cannot be read (%s); make it again with one certificate, its key and a password", strings.TrimPrefix(err.Error(), "pkcs12: "))
	case unmarshal(b, &p7) && p7.ContentType.Equal(oidSignedData):
		return "is a bundle of certificates (PKCS#7) or a provisioning profile; give the .cer itself"
	}
	return "is no certificate, private key or PKCS#12 file"
}

// fromPEM reads all certificates and requests, and the first private key.
func fromPEM(b []byte, password string) (Content, problems.List) {
	var out Content
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch {
		case block.Type == "CERTIFICATE":
			var c *x509.Certificate
			c, err = x509.ParseCertificate(block.Bytes)
			out.Certificates = append(out.Certificates, c)
		case strings.HasSuffix(block.Type, "CERTIFICATE REQUEST"):
			var r *x509.CertificateRequest
			r, err = x509.ParseCertificateRequest(block.Bytes)
			out.Requests = append(out.Requests, r)
		case out.Key == nil && strings.HasSuffix(block.Type, "PRIVATE KEY"):
			var found problems.List
			if out.Key, found = privateKey(block, password); len(found) > 0 {
				return Content{}, found
			}
		}
		if err != nil {
			return Content{}, wrong("", "holds a %s that cannot be read: %v", strings.ToLower(block.Type), err)
		}
	}
	return out, nil
}

// plainKey reads a private key in DER: PKCS#8, PKCS#1 or SEC 1.
func plainKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	return signer, nil
}

func privateKey(block *pem.Block, password string) (crypto.Signer, problems.List) {
	der, encrypted := block.Bytes, true
	var err error
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY":
		der, err = decryptPKCS8(der, password)
	case x509.IsEncryptedPEMBlock(block): //nolint:staticcheck // old files are encrypted like that
		der, err = x509.DecryptPEMBlock(block, []byte(password)) //nolint:staticcheck // as above
	default:
		encrypted = false
	}
	if errors.Is(err, errUnknownCipher) {
		return nil, wrong("", "is encrypted in a way that is not read here; decrypt it with: openssl pkey -in KEY -out PLAIN")
	}
	// A wrong password goes unnoticed where the padding fits by chance.
	key, parseErr := plainKey(der)
	switch {
	case err == nil && parseErr == nil:
		return key, nil
	case encrypted && password == "":
		return nil, wrong("password", "is missing: the private key has one")
	case encrypted:
		return nil, wrong("password", "is not the password of the private key")
	}
	return nil, wrong("", "holds a private key that cannot be read")
}

// Fits is true where the key is the certificate's.
func (c Content) Fits(cert *x509.Certificate) bool {
	if c.Key == nil {
		return false
	}
	public, ok := c.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}
