package inspect_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/problems"
)

// Object ids of signatures that are made by hand.
var (
	oidData      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSigned    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidType      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidTime      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSHA256    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA256RSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidSHA256EC  = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// handmade is a signature whose every part a test can change.
type handmade struct {
	*authority
	leaf *x509.Certificate
	key  crypto.Signer
	// issuer names the leaf's; nil is as it is.
	issuer []byte
	// certificates in the signature.
	certificates []*x509.Certificate
	// attributes in the order in which they stand and are signed.
	attributes []any
	content    []byte
	digests    []asn1.ObjectIdentifier
	algorithm  asn1.ObjectIdentifier
	// spoil changes the attributes after signing.
	spoil func([]byte)
	tail  []byte
}

func attribute(oid asn1.ObjectIdentifier, values ...any) any {
	return struct {
		ID     asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}{oid, values}
}

func byHand(t testing.TB, a *authority, manifest []byte) *handmade {
	t.Helper()
	key := ecKey(t)
	leaf := a.leaf(t, key, nil)
	return &handmade{
		authority: a, leaf: leaf, key: key, certificates: []*x509.Certificate{leaf, a.wwdr},
		attributes: []any{attribute(oidType, oidData), attribute(oidTime, passtest.Now.Add(-time.Minute)), attribute(oidDigest, hashed(crypto.SHA256, manifest))},
		digests:    []asn1.ObjectIdentifier{oidSHA256}, algorithm: oidSHA256EC,
	}
}

func hashed(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

func marshal(t testing.TB, values ...any) []byte {
	t.Helper()
	var out []byte
	for _, v := range values {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

func explicit(b []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: b}
}

func (h *handmade) make(t testing.TB) []byte {
	t.Helper()
	attributes := marshal(t, h.attributes...)
	signed := marshal(t, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes})
	signature, err := h.key.Sign(rand.Reader, hashed(crypto.SHA256, signed), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if h.spoil != nil {
		h.spoil(attributes)
	}
	issuer := h.leaf.RawIssuer
	if h.issuer != nil {
		issuer = h.issuer
	}
	info := marshal(t, 1, struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: issuer}, h.leaf.SerialNumber}, pkix.AlgorithmIdentifier{Algorithm: oidSHA256},
		explicit(attributes), pkix.AlgorithmIdentifier{Algorithm: h.algorithm}, signature)
	infos := marshal(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: info})
	var certs, digests []byte
	for _, c := range h.certificates {
		certs = append(certs, c.Raw...)
	}
	for _, d := range h.digests {
		digests = append(digests, marshal(t, pkix.AlgorithmIdentifier{Algorithm: d})...)
	}
	content := marshal(t, oidData)
	if h.content != nil {
		content = append(content, marshal(t, explicit(marshal(t, h.content)))...)
	}
	data := marshal(t, 1, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: digests},
		asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content}, explicit(certs),
		asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: infos})
	return append(marshal(t, struct {
		ID      asn1.ObjectIdentifier
		Content asn1.RawValue
	}{oidSigned, explicit(marshal(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: data}))}), h.tail...)
}

// signatures are made by hand, with what inspect says of them first; empty is
// nothing.
var signatures = map[string]struct {
	edit func(testing.TB, *handmade)
	rule string
}{
	"as it should be":                      {func(testing.TB, *handmade) {}, ""},
	"attributes that are not in DER order": {func(_ testing.TB, h *handmade) { h.attributes[0], h.attributes[2] = h.attributes[2], h.attributes[0] }, ""},
	"attributes that were put in order after signing": {func(_ testing.TB, h *handmade) {
		h.attributes = h.attributes[:2:2]
		h.attributes[0], h.attributes[1] = h.attributes[1], h.attributes[0]
	}, "signature-wrong"},
	"RSA":                     {withRSA(oidSHA256RSA), ""},
	"the plain RSA algorithm": {withRSA(oidRSA), ""},
	"an issuer in another kind of string": {func(_ testing.TB, h *handmade) {
		h.issuer = bytes.Replace(h.leaf.RawIssuer, []byte("\x13\x3b"), []byte("\x0c\x3b"), 1)
	}, ""},
	"an issuer in other letters": {func(_ testing.TB, h *handmade) {
		h.issuer = bytes.Replace(h.leaf.RawIssuer, []byte("Apple"), []byte("APPLE"), 1)
	}, ""},
	"another issuer": {func(_ testing.TB, h *handmade) {
		h.issuer = bytes.Replace(h.leaf.RawIssuer, []byte("Apple"), []byte("Orang"), 1)
	}, "signer-certificate"},
	"another algorithm than the key's": {func(_ testing.TB, h *handmade) { h.algorithm = oidSHA256RSA }, ""},
	"a changed attribute":              {func(_ testing.TB, h *handmade) { h.spoil = func(b []byte) { b[len(b)-50]++ } }, "signature-wrong"},
	"a changed digest":                 {func(_ testing.TB, h *handmade) { h.spoil = func(b []byte) { b[len(b)-1]++ } }, "signature-wrong"},
	"no signing time":                  {func(_ testing.TB, h *handmade) { h.attributes = append(h.attributes[:1:1], h.attributes[2]) }, "signing-time"},
	"a generalized signing time": {func(_ testing.TB, h *handmade) {
		h.attributes[1] = attribute(oidTime, asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte("20261123110000Z")})
	}, ""},
	"no content type": {func(_ testing.TB, h *handmade) { h.attributes = h.attributes[1:] }, "signature-wrong"},
	"two digests":     {func(_ testing.TB, h *handmade) { h.attributes = append(h.attributes, h.attributes[2]) }, "signature-wrong"},
	"the digest of another manifest": {func(_ testing.TB, h *handmade) {
		h.attributes[2] = attribute(oidDigest, hashed(crypto.SHA256, []byte("other")))
	}, "signature-wrong"},
	"a digest that is not on the list": {func(_ testing.TB, h *handmade) { h.digests = nil }, "signature-digest-list"},
	"another key":                      {func(t testing.TB, h *handmade) { h.key = ecKey(t) }, "signature-wrong"},
	"no certificates":                  {func(_ testing.TB, h *handmade) { h.certificates = nil }, "signer-certificate"},
	"no intermediate":                  {func(_ testing.TB, h *handmade) { h.certificates = h.certificates[:1] }, "intermediate-missing"},
	"certificates in another order": {func(_ testing.TB, h *handmade) {
		h.certificates[0], h.certificates[1] = h.certificates[1], h.certificates[0]
	}, ""},
	"the manifest in the signature":          {func(_ testing.TB, h *handmade) { h.content = []byte(manifestOfSignatures) }, "signature-attached"},
	"another content in the signature":       {func(_ testing.TB, h *handmade) { h.content = []byte("other") }, "signature-attached"},
	"bytes after the signature":              {func(_ testing.TB, h *handmade) { h.tail = []byte("\n") }, "signature-rest"},
	"a certificate that is no pass type's":   {reissued(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "Apple Development: nobody"} }), "certificate-kind"},
	"a self-signed certificate":              {selfSigned, "certificate-kind"},
	"another generation of the intermediate": {func(t testing.TB, h *handmade) { h.certificates[1] = h.intermediate(t, ecKey(t)) }, "intermediate-missing"},
	"the root as well":                       {func(_ testing.TB, h *handmade) { h.certificates = append(h.certificates, h.root) }, ""},
	"an expired certificate":                 {reissued(func(c *x509.Certificate) { c.NotAfter = passtest.Now.Add(-30 * time.Minute) }), "certificate-expired"},
	"a certificate that has expired since":   {reissued(func(c *x509.Certificate) { c.NotAfter = passtest.Now.Add(-time.Second) }), "certificate-expired-since"},
	"a certificate from after the signing":   {reissued(func(c *x509.Certificate) { c.NotBefore = passtest.Now.Add(-time.Second) }), "certificate-early"},
}

// manifestOfSignatures is what the tests sign here: the manifest of a package
// without files.
const manifestOfSignatures = "{}"

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func withRSA(algorithm asn1.ObjectIdentifier) func(testing.TB, *handmade) {
	return func(t testing.TB, h *handmade) {
		h.key, h.algorithm = rsaKey(t), algorithm
		h.leaf = h.authority.leaf(t, h.key, nil)
		h.certificates[0] = h.leaf
	}
}

// reissued signs with another certificate.
func reissued(edit func(*x509.Certificate)) func(testing.TB, *handmade) {
	return func(t testing.TB, h *handmade) {
		h.leaf = h.authority.leaf(t, h.key, edit)
		h.certificates[0] = h.leaf
	}
}

func selfSigned(t testing.TB, h *handmade) {
	c := h.template("nobody")
	h.leaf = issue(t, c, c, h.key, h.key)
	h.certificates[0] = h.leaf
}

// signedFiles is a package of a manifest and a signature only.
func signedFiles(t testing.TB, signature []byte) []byte {
	return zipped(t, map[string][]byte{"pass.json": []byte(goodPass), "manifest.json": []byte(manifestOfSignatures), "signature": signature})
}

// verdict is what the findings about a signature are.
func verdict(t testing.TB, a *authority, signature []byte) (first string, list problems.List) {
	t.Helper()
	for _, f := range everything(inspected(t, signedFiles(t, signature), a.options())) {
		if f.File == "signature" {
			list = append(list, f)
		}
	}
	if len(list) > 0 {
		first = list[0].Rule
	}
	return first, list
}

// opensslSays is true where openssl verifies the signature and its chain.
func opensslSays(t testing.TB, a *authority, signature []byte) bool {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"signature": signature, "manifest.json": []byte(manifestOfSignatures), "root.pem": certPEM(a.root)})
	passtest.OpenSSL(t, dir, "version") // skips where there is none
	cmd := exec.CommandContext(t.Context(), "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "manifest.json",
		"-CAfile", "root.pem", "-purpose", "any", "-no_check_time", "-out", os.DevNull)
	cmd.Dir = dir
	return cmd.Run() == nil
}

// agreesWithOpenSSL: what openssl verifies has no error but those that openssl
// does not look for.
func agreesWithOpenSSL(t *testing.T, a *authority, signature []byte) {
	t.Helper()
	says := opensslSays(t, a, signature)
	_, list := verdict(t, a, signature)
	ours := true
	for _, f := range list {
		switch f.Rule {
		case "signing-time", "certificate-kind", "certificate-expired", "certificate-early":
		default:
			ours = ours && f.Severity != problems.Error
		}
	}
	if says != ours {
		t.Errorf("openssl verifies: %v; we: %v %v", says, ours, list)
	}
}

func TestSignaturesMadeByHand(t *testing.T) {
	a := newAuthority(t, passtest.Now)
	for name, s := range signatures {
		t.Run(name, func(t *testing.T) {
			h := byHand(t, a, []byte(manifestOfSignatures))
			s.edit(t, h)
			signature := h.make(t)
			first, list := verdict(t, a, signature)
			if first != s.rule {
				t.Errorf("got %q, want %q of %v", first, s.rule, list)
			}
			agreesWithOpenSSL(t, a, signature)
		})
	}
}

// variants are options of openssl cms -sign, with the rule that inspect finds.
var variants = map[string]struct {
	args []string
	rule string
}{
	"sha256":          {[]string{"-md", "sha256"}, ""},
	"sha1":            {[]string{"-md", "sha1"}, ""},
	"sha384":          {[]string{"-md", "sha384"}, ""},
	"sha512":          {[]string{"-md", "sha512"}, ""},
	"by key id":       {[]string{"-keyid"}, ""},
	"pss":             {[]string{"-keyopt", "rsa_padding_mode:pss"}, ""},
	"pss sha512":      {[]string{"-md", "sha512", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"}, ""},
	"no attributes":   {[]string{"-noattr"}, "signing-time"},
	"no certificate":  {[]string{"-nocerts"}, "signer-certificate"},
	"attached":        {[]string{"-nodetach"}, "signature-attached"},
	"stream":          {[]string{"-stream", "-nodetach"}, "signature-attached"},
	"stream detached": {[]string{"-stream"}, "signature-attached"},
	"no s/mime":       {[]string{"-nosmimecap"}, ""},
	"pem":             {[]string{"-outform", "PEM"}, "signature-form"},
	"s/mime":          {[]string{"-outform", "SMIME"}, "signature-form"},
}

func TestSignaturesMadeByOpenSSL(t *testing.T) {
	a := newAuthority(t, time.Now()) // openssl takes the signing time from the clock
	dir := t.TempDir()
	key, ec := rsaKey(t), ecKey(t)
	writeFiles(t, dir, map[string][]byte{
		"cert.pem": certPEM(a.leaf(t, key, nil)), "key.pem": keyPEM(t, key), "ec.pem": certPEM(a.leaf(t, ec, nil)), "ec.key": keyPEM(t, ec),
		"wwdr.pem": certPEM(a.wwdr), "manifest.json": []byte(manifestOfSignatures),
	})
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			args := []string{"cms", "-sign", "-binary", "-in", "manifest.json", "-certfile", "wwdr.pem", "-outform", "DER", "-out", "out"}
			if !slices.Contains(v.args, "-signer") {
				args = append(args, "-signer", "cert.pem", "-inkey", "key.pem")
			}
			passtest.OpenSSL(t, dir, append(args, v.args...)...)
			signature := readFile(t, dir, "out")
			if first, list := verdict(t, a, signature); first != v.rule {
				t.Errorf("got %q, want %q of %v", first, v.rule, list)
			}
			agreesWithOpenSSL(t, a, signature)
		})
	}
}

func writeFiles(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACertificateForNFCMaySignNFC(t *testing.T) {
	a := newAuthority(t, passtest.Now)
	for name, want := range map[string]bool{"Pass Type ID: pass.com.example.test": true, "Pass Type ID with NFC: pass.com.example.test": false} {
		h := byHand(t, a, []byte(manifestOfSignatures))
		reissued(func(c *x509.Certificate) { c.Subject.CommonName = name })(t, h)
		pkg := zipped(t, map[string][]byte{"pass.json": replaced(`"serialNumber"`, `"nfc": {"message": "m"}, "serialNumber"`),
			"manifest.json": []byte(manifestOfSignatures), "signature": h.make(t)})
		if _, got := found(inspected(t, pkg, a.options()), "certificate-nfc"); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// Apple's first intermediate is signed with SHA-1, which crypto/x509 refuses.
func TestCertificatesSignedWithSHA1(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) { passtest.OpenSSL(t, dir, args...) }
	conf := "[ca]\nbasicConstraints=critical,CA:true\n[leaf]\nbasicConstraints=CA:false\n[req]\ndistinguished_name=dn\n[dn]\n"
	if err := os.WriteFile(filepath.Join(dir, "c.cnf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	run("req", "-new", "-x509", "-sha1", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Old Root", "-days", "3650", "-config", "c.cnf", "-extensions", "ca")
	run("req", "-new", "-sha1", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/UID=pass.com.example.test/CN=Pass Type ID: pass.com.example.test/OU=TEAM123456", "-config", "c.cnf")
	run("x509", "-req", "-sha1", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7", "-days", "365", "-out", "leaf.pem", "-extfile", "c.cnf", "-extensions", "leaf")
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(manifestOfSignatures), 0o600); err != nil {
		t.Fatal(err)
	}
	run("cms", "-sign", "-binary", "-md", "sha1", "-in", "manifest.json", "-signer", "leaf.pem", "-inkey", "leaf.key", "-outform", "DER", "-out", "signature")
	signature, root := readFile(t, dir, "signature"), readFile(t, dir, "root.pem")
	o := options(t)
	o.Roots = append(o.Roots, parsed(t, root))
	o.Now = time.Now()
	r := inspected(t, signedFiles(t, signature), o)
	if p := r.Passes[0]; p.Certificate == nil || !p.Certificate.Trusted || p.Certificate.PassType != "pass.com.example.test" {
		t.Errorf("%+v %v", p.Certificate, p.Findings)
	}
}

func readFile(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every bit of a signature counts, or changes nothing that is signed: where
// inspect finds no error, openssl verifies it too.
func TestTurnedBits(t *testing.T) {
	a := newAuthority(t, passtest.Now)
	whole := byHand(t, a, []byte(manifestOfSignatures)).make(t)
	for i := 0; i < len(whole); i += 97 {
		changed := bytes.Clone(whole)
		changed[i] ^= 1 << (i % 8)
		agreesWithOpenSSL(t, a, changed)
	}
	for _, cut := range []int{0, 1, 2, 30, len(whole) / 2, len(whole) - 1} {
		if _, list := verdict(t, a, whole[:cut]); list.Err() == nil {
			t.Errorf("cut off after %d bytes, and good", cut)
		}
	}
}
