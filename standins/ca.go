package standins

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Object ids of Apple's pass type certificates.
var (
	oidUserID   = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
	oidPassType = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 16}
)

// keyBits is what Apple asks for.
const keyBits = 2048

// CA plays Apple: a root, an intermediate like WWDR, and the pass type
// certificates that it issues. Nothing of it outlives the process, and no
// iPhone trusts it.
type CA struct {
	now               time.Time
	root, wwdr        *x509.Certificate
	rootKey, wwdrKey  *rsa.PrivateKey
	rootPEM, interPEM []byte
}

// PassCertificate is what Apple's portal and the owner's Mac would give.
type PassCertificate struct {
	Leaf            *x509.Certificate
	Key             *rsa.PrivateKey
	CertPEM, KeyPEM []byte
	wwdr            *x509.Certificate
}

// NewCA makes a root and an intermediate that were valid an hour before now and
// are for ten years.
func NewCA(now time.Time) (*CA, error) {
	c := &CA{now: now}
	var err error
	if c.rootKey, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
		return nil, err
	}
	root := c.authority("passhook stand-in Root CA")
	if c.root, err = c.sign(root, root, &c.rootKey.PublicKey, c.rootKey); err != nil {
		return nil, err
	}
	if c.wwdrKey, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
		return nil, err
	}
	if c.wwdr, err = c.sign(c.authority("passhook stand-in WWDR CA"), c.root, &c.wwdrKey.PublicKey, c.rootKey); err != nil {
		return nil, err
	}
	c.rootPEM, c.interPEM = certPEM(c.root), certPEM(c.wwdr)
	return c, nil
}

// RootPEM is the root certificate.
func (c *CA) RootPEM() []byte { return c.rootPEM }

// IntermediatePEM is the certificate that issued the pass type certificates.
func (c *CA) IntermediatePEM() []byte { return c.interPEM }

// Issue makes a pass type certificate that was valid an hour before now and is
// for a year.
func (c *CA) Issue(passType, team, organization string) (*PassCertificate, error) {
	return c.IssueFor(passType, team, organization, c.now.Add(-time.Hour), c.now.AddDate(1, 0, 0))
}

// IssueFor is Issue with its own dates.
func (c *CA) IssueFor(passType, team, organization string, from, until time.Time) (*PassCertificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	leaf, err := c.issue(&key.PublicKey, passType, team, organization, from, until)
	if err != nil {
		return nil, err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return &PassCertificate{Leaf: leaf, Key: key, CertPEM: certPEM(leaf), KeyPEM: keyPEM, wwdr: c.wwdr}, nil
}

// IssueRequest is what Apple's portal does with an uploaded request, in PEM: it
// takes the key from it, and the names from the account. The result is the
// portal's .cer, DER. Like Issue, it is valid for a year.
func (c *CA) IssueRequest(request []byte, passType, team, organization string) ([]byte, error) {
	block, _ := pem.Decode(request)
	if block == nil {
		return nil, errors.New("the request is no PEM")
	}
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, ok := r.PublicKey.(*rsa.PublicKey)
	if err := r.CheckSignature(); err != nil || !ok || public.N.BitLen() != keyBits || r.SignatureAlgorithm != x509.SHA256WithRSA {
		return nil, errors.Join(errors.New("the request must be of an RSA key with 2048 bits, signed with SHA-256"), err)
	}
	leaf, err := c.issue(public, passType, team, organization, c.now.Add(-time.Hour), c.now.AddDate(1, 0, 0))
	if err != nil {
		return nil, err
	}
	return leaf.Raw, nil
}

func (c *CA) issue(public *rsa.PublicKey, passType, team, organization string, from, until time.Time) (*x509.Certificate, error) {
	marker, err := asn1.MarshalWithParams(passType, "utf8")
	if err != nil {
		return nil, err
	}
	return c.sign(&x509.Certificate{
		Subject: pkix.Name{
			CommonName: "Pass Type ID: " + passType, OrganizationalUnit: []string{team}, Organization: []string{organization}, Country: []string{"US"},
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: oidUserID, Value: passType}},
		},
		NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{{Id: oidPassType, Value: marker}},
	}, c.wwdr, public, c.wwdrKey)
}

// P12 is the certificate, its key and the intermediate as PKCS#12.
func (p *PassCertificate) P12(password string) ([]byte, error) {
	return pkcs12.Modern.Encode(p.Key, p.Leaf, []*x509.Certificate{p.wwdr}, password)
}

func (c *CA) authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: []string{"passhook stand-in"}, Country: []string{"US"}},
		NotBefore: c.now.Add(-time.Hour), NotAfter: c.now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func (c *CA) sign(template, parent *x509.Certificate, public *rsa.PublicKey, key *rsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func certPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
