package certificates_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
)

const (
	passType = passtest.PassType
	team     = passtest.Team
	password = "correct horse"
)

var now = passtest.Now

const day = 24 * time.Hour

func TestLoad(t *testing.T) {
	ca, issued := passtest.Apple(t)
	wwdr := parsePEM(t, ca.IntermediatePEM())
	encode := func(e *pkcs12.Encoder) string {
		b, err := e.Encode(issued.Key, issued.Leaf, []*x509.Certificate{wwdr}, password)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	modern := encode(pkcs12.Modern)
	cert, key, inter := string(issued.CertPEM), string(issued.KeyPEM), string(ca.IntermediatePEM())
	pkcs8, err := x509.MarshalPKCS8PrivateKey(issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		config certificates.Config
	}{
		{"PEM, key and intermediate", certificates.Config{Certificate: cert, Key: key, Intermediate: inter}},
		{"PEM, all in one text", certificates.Config{Certificate: key + inter + cert}},
		{"PEM with text around it, as openssl prints it", certificates.Config{Certificate: "Bag Attributes\n  x: y\n" + cert + "subject=C = US\n" + key, Intermediate: inter}},
		{"base64 of PEM", certificates.Config{Certificate: encodeLines([]byte(cert)), Key: encodeLines([]byte(key)), Intermediate: encodeLines([]byte(inter))}},
		{"PKCS#8 key", certificates.Config{Certificate: cert, Key: encodePEM("PRIVATE KEY", pkcs8), Intermediate: inter}},
		{"PEM key encrypted in the old way", certificates.Config{Certificate: cert, Key: encryptPEM(t, issued.Key), Password: password, Intermediate: inter}},
		{"the portal's .cer, which is DER", certificates.Config{Certificate: string(issued.Leaf.Raw), Key: key, Intermediate: string(wwdr.Raw)}},
		{"PKCS#12 with AES", certificates.Config{Certificate: modern, Password: password}},
		{"PKCS#12 with RC2", certificates.Config{Certificate: encode(pkcs12.LegacyRC2), Password: password}},
		{"PKCS#12 with 3DES", certificates.Config{Certificate: encode(pkcs12.LegacyDES), Password: password}},
		{"base64 of PKCS#12, in lines", certificates.Config{Certificate: encodeLines([]byte(modern)), Password: password}},
	} {
		t.Run(tc.name, func(t *testing.T) { loadsIssued(t, tc.config) })
	}
}

// loadsIssued fails where config is not the certificate of apple.
func loadsIssued(t *testing.T, config certificates.Config) {
	t.Helper()
	ca, issued := passtest.Apple(t)
	keyring, found := certificates.Load([]certificates.Config{config}, now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	c, err := keyring.Find("")
	if err != nil {
		t.Fatal(err)
	}
	if c.PassType != passType || c.Team != team || !c.NotAfter.Equal(now.AddDate(1, 0, 0)) || !c.Leaf.Equal(issued.Leaf) {
		t.Errorf("got %s of %s until %s", c.PassType, c.Team, c.NotAfter)
	}
	if len(c.Chain) != 1 || !c.Chain[0].Equal(parsePEM(t, ca.IntermediatePEM())) {
		t.Errorf("the chain is %d certificates, not the intermediate", len(c.Chain))
	}
}

// The table's text is "PATH: part of the text".
func TestLoadFindsMistakes(t *testing.T) {
	ca, issued := passtest.Apple(t)
	cert, key, inter := string(issued.CertPEM), string(issued.KeyPEM), string(ca.IntermediatePEM())
	p12, err := issued.P12(password)
	if err != nil {
		t.Fatal(err)
	}
	other := newKey(t, 2048)
	weak := newKey(t, 1024)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	a := newAuthority(t, now.AddDate(1, 0, 0))
	with := func(a *authority, key crypto.Signer, edit func(*x509.Certificate)) certificates.Config {
		return certificates.Config{Certificate: a.issue(t, key, edit), Key: keyPEM(t, key), Intermediate: a.pem}
	}
	for _, tc := range []struct {
		name   string
		config certificates.Config
		want   string
	}{
		{"empty", certificates.Config{Certificate: " \n"}, "[0].certificate: is empty; name the file"},
		{"garbage", certificates.Config{Certificate: "certs/pass.p12", Password: password}, "[0].certificate: is no certificate, private key or PKCS#12 file"},
		{"PEM cut off", certificates.Config{Certificate: cert[:len(cert)/2], Key: key, Intermediate: inter}, "[0].certificate: holds no certificate"},
		{"PEM of something else", certificates.Config{Certificate: encodePEM("CERTIFICATE", []byte("x")), Key: key}, "[0].certificate: holds a certificate that cannot be read"},
		{"a request instead of the certificate", certificates.Config{Certificate: requestPEM(t, issued.Key), Key: key}, "[0].certificate: holds no certificate but a request for one; upload it"},
		{"wrong password", certificates.Config{Certificate: string(p12), Password: "battery staple"}, "[0].password: is not the password of the PKCS#12 file"},
		{"password missing", certificates.Config{Certificate: string(p12)}, "[0].password: is missing: the PKCS#12 file has one"},
		{"no key", certificates.Config{Certificate: cert, Intermediate: inter}, "[0].key: is missing: the certificate has no private key with it; add key"},
		{"key is no PEM", certificates.Config{Certificate: cert, Key: "secret", Intermediate: inter}, "[0].key: is no certificate, private key or PKCS#12 file"},
		{"key is a certificate", certificates.Config{Certificate: cert, Key: inter, Intermediate: inter}, "[0].key: holds no private key"},
		{"key cannot be read", certificates.Config{Certificate: cert, Key: encodePEM("PRIVATE KEY", []byte("x")), Intermediate: inter}, "[0].key: holds a private key that cannot be read"},
		{"key of another certificate", certificates.Config{Certificate: cert, Key: keyPEM(t, other), Intermediate: inter}, "[0].key: does not belong to the certificate"},
		{"key of another certificate in the same text", certificates.Config{Certificate: cert + keyPEM(t, other), Intermediate: inter}, "[0].certificate: does not belong to the certificate"},
		{"key encrypted with another password", certificates.Config{Certificate: cert, Key: encryptPEM(t, issued.Key), Password: "battery staple", Intermediate: inter}, "[0].password: is not the password of the private key"},
		{"key encrypted in the new way", certificates.Config{Certificate: cert, Key: encodePEM("ENCRYPTED PRIVATE KEY", []byte("x")), Intermediate: inter}, "[0].key: is encrypted in a way that is not read here; decrypt it with: openssl pkey"},
		{"EC key", certificates.Config{Certificate: a.issue(t, ec, nil), Key: encodePEM("EC PRIVATE KEY", ecDER), Intermediate: a.pem}, "[0].key: is no RSA key"},
		{"1024 bits", with(a, weak, nil), "[0].certificate: has an RSA key of 1024 bits and needs 2048"},
		{"no pass type id", with(a, other, func(c *x509.Certificate) { c.Subject.ExtraNames = nil }), "[0].certificate: is no pass type certificate: its subject names no pass type id"},
		{"no team", with(a, other, func(c *x509.Certificate) { c.Subject.OrganizationalUnit = nil }), "[0].certificate: names no team"},
		{"intermediate missing", certificates.Config{Certificate: cert, Key: key}, "[0].certificate: its issuer is not known here: "},
		{"intermediate did not issue it", certificates.Config{Certificate: cert, Key: key, Intermediate: a.pem}, "[0].intermediate: did not issue the certificate, whose issuer is "},
		{"intermediate is garbage", certificates.Config{Certificate: cert, Key: key, Intermediate: "wwdr.cer"}, "[0].intermediate: is no certificate, private key or PKCS#12 file"},
		{"intermediate is a key", certificates.Config{Certificate: cert, Key: key, Intermediate: key}, "[0].intermediate: holds no certificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			keyring, found := certificates.Load([]certificates.Config{tc.config}, now)
			got := found.Errors().Error()
			if !strings.HasPrefix(got, tc.want) || len(found.Errors()) != 1 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			for _, secret := range []string{password, "battery staple"} {
				if strings.Contains(got, secret) {
					t.Errorf("the problem tells the password: %q", got)
				}
			}
			if n := len(keyring.All()); n != 0 {
				t.Errorf("the keyring holds %d certificates", n)
			}
		})
	}
}

func TestLoadWarns(t *testing.T) {
	const notApple = "[0].certificate: warning: the certificate for pass.com.example.test does not come from Apple; phones refuse the passes"
	a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
	for _, tc := range []struct {
		name string
		left time.Duration
		want string
	}{
		{"a year", 365 * day, ""},
		{"91 days", 91 * day, ""},
		{"90 days and a second", 90*day + time.Second, ""},
		{"90 days", 90 * day, "expires on 2027-02-21, in 90 days; passes cannot be issued or changed after that"},
		{"30 days", 30 * day, "expires on 2026-12-23, in 30 days"},
		{"a day", day, "expires on 2026-11-24, in 1 day;"},
		{"an hour", time.Hour, "expires on 2026-11-23, in less than a day"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cert := a.issue(t, key, func(c *x509.Certificate) { c.NotAfter = now.Add(tc.left) })
			_, found := certificates.Load([]certificates.Config{{Certificate: cert + keyPEM(t, key), Intermediate: a.pem}}, now)
			if err := found.Err(); err != nil {
				t.Fatal(err)
			}
			got := found.Error()
			if !strings.Contains(got, notApple) {
				t.Errorf("got %q, want %q", got, notApple)
			}
			if n := strings.Count(got, "expires on"); tc.want == "" && n > 0 || !strings.Contains(got, tc.want) || n > 1 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A server starts with such a certificate: only packages wait for another.
func TestACertificateThatCannotSignNowIsKeptWithAWarning(t *testing.T) {
	a, old, key := newAuthority(t, now.AddDate(1, 0, 0)), newAuthority(t, now.Add(-time.Minute)), newKey(t, 2048)
	for _, tc := range []struct {
		name string
		by   *authority
		edit func(*x509.Certificate)
		want string
	}{
		{"expired", a, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) }, "[0].certificate: warning: the certificate for pass.com.example.test expired on 2026-11-23; no pass can be signed until it is renewed: passhook certs request"},
		{"not yet valid", a, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }, "[0].certificate: warning: the certificate for pass.com.example.test is not valid before 2026-11-23T13:00:00Z; no pass can be signed until then. Is the clock right?"},
		{"expired intermediate", old, nil, "[0].intermediate: warning: Test CA, which issued the certificate for pass.com.example.test, expired on 2026-11-23; no pass can be signed until the current one is named with intermediate: file:PATH"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			keyring, found := certificates.Load([]certificates.Config{{Certificate: tc.by.issue(t, key, tc.edit), Key: keyPEM(t, key), Intermediate: tc.by.pem}}, now)
			if err := found.Err(); err != nil || !strings.Contains(found.Error()+"\n", tc.want+"\n") {
				t.Errorf("got %v, want %s", found, tc.want)
			}
			c, err := keyring.Find(passType)
			if err != nil {
				t.Fatal(err)
			}
			_, what, _ := strings.Cut(tc.want, "warning: ")
			if err := c.Valid(now); err == nil || err.Error() != what {
				t.Errorf("got %v, want %s", err, what)
			}
		})
	}
}

// An authority renews its own certificate, as Apple will.
func TestOfTwoIssuersTheCurrentOneIsTaken(t *testing.T) {
	old, key := newAuthority(t, now.Add(-time.Minute)), newKey(t, 2048)
	renewed := *old.cert
	renewed.NotAfter = now.AddDate(1, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, &renewed, &renewed, &old.key.PublicKey, old.key)
	if err != nil {
		t.Fatal(err)
	}
	current := encodePEM("CERTIFICATE", der)
	for _, both := range []string{old.pem + current, current + old.pem} {
		keyring, _ := certificates.Load([]certificates.Config{{Certificate: old.issue(t, key, nil), Key: keyPEM(t, key), Intermediate: both}}, now)
		if c, err := keyring.Find(passType); err != nil || c.Valid(now) != nil {
			t.Errorf("got %v", err)
		}
	}
}

// A pass type belongs to one team; phones update passes of the same team only.
func TestTwoTeamsForOnePassTypeAreTold(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
	of := func(unit string) certificates.Config {
		return certificates.Config{Certificate: a.issue(t, key, func(c *x509.Certificate) { c.Subject.OrganizationalUnit[0] = unit }), Key: keyPEM(t, key), Intermediate: a.pem}
	}
	const want = "[1].certificate: warning: the certificate for pass.com.example.test is of team OTHER12345, and that of another entry is of TEAM123456; phones update passes of the same team only. Take out the wrong one"
	for n, list := range [][]certificates.Config{{of(team), of(team)}, {of(team), of("OTHER12345")}} {
		_, found := certificates.Load(list, now)
		if got := strings.Count(found.Error(), want); got != n || found.Err() != nil {
			t.Errorf("got %v", found)
		}
	}
}

// Pass type certificates name their type in the subject, and in an extension of
// Apple's; either will do.
func TestPassTypeFromExtension(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
	value, err := asn1.MarshalWithParams(passType, "utf8")
	if err != nil {
		t.Fatal(err)
	}
	cert := a.issue(t, key, func(c *x509.Certificate) {
		c.Subject.ExtraNames = nil
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 16}, Value: value}}
	})
	keyring, found := certificates.Load([]certificates.Config{{Certificate: cert + keyPEM(t, key), Intermediate: a.pem}}, now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Find(passType); err != nil {
		t.Error(err)
	}
}

// https://www.apple.com/certificateauthority/ lists "Worldwide Developer
// Relations - G4"; this is its fingerprint.
func TestBuiltInIntermediateIsApples(t *testing.T) {
	b, err := os.ReadFile("apple/wwdr-g4.pem")
	if err != nil {
		t.Fatal(err)
	}
	c := parsePEM(t, b)
	want := strings.ToLower(strings.ReplaceAll("EA475788 5538DD8C B59FF455 6F676087 D83C85E7 0902C122 E42C0808 B5BCE14C", " ", ""))
	if got := fingerprint(c); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := c.NotAfter.Format(time.DateOnly); got != "2030-12-10" {
		t.Errorf("valid until %s", got)
	}
}

// authority issues what Apple never would.
type authority struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
	pem  string
}

func newAuthority(t testing.TB, until time.Time) *authority {
	t.Helper()
	a := &authority{key: newKey(t, 2048)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: now.Add(-time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = encodePEM("CERTIFICATE", der)
	a.cert = parsePEM(t, []byte(a.pem))
	return a
}

// issue makes a good certificate that edit may spoil, as PEM.
func (a *authority) issue(t testing.TB, key crypto.Signer, edit func(*x509.Certificate)) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		Subject: pkix.Name{CommonName: "Pass Type ID", OrganizationalUnit: []string{team}, ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: passType},
		}},
	}
	if edit != nil {
		edit(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("CERTIFICATE", der)
}

func newKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyPEM(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("PRIVATE KEY", der)
}

func encryptPEM(t testing.TB, key *rsa.PrivateKey) string {
	t.Helper()
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte(password), x509.PEMCipherAES256) //nolint:staticcheck // old files are encrypted like that
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func parsePEM(t testing.TB, b []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatal("no PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var everySixtyFour = regexp.MustCompile(`.{64}`)

// encodeLines is base64 with line breaks, as the base64 program writes it.
func encodeLines(b []byte) string {
	return everySixtyFour.ReplaceAllString(base64.StdEncoding.EncodeToString(b), "$0\r\n") + "\n"
}

func requestPEM(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("CERTIFICATE REQUEST", der)
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func certs(list ...*x509.Certificate) []*x509.Certificate { return list }
