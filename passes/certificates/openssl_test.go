package certificates_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
)

// What other programs write, each also as base64.
func TestLoadWhatOpenSSLWrites(t *testing.T) {
	ca, issued := passtest.Apple(t)
	cert, key, inter := string(issued.CertPEM), string(issued.KeyPEM), string(ca.IntermediatePEM())
	for _, tc := range []struct {
		name     string
		options  []string
		password string
		chain    bool
	}{
		{"OpenSSL 3", nil, password, true},
		{"OpenSSL 3, without the issuer", nil, password, false},
		{"OpenSSL 3, without a password", nil, "", true},
		{"OpenSSL 1.1", []string{"-legacy"}, password, true},
		{"OpenSSL 1.1, without a password", []string{"-legacy"}, "", true},
		{"Keychain", []string{"-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-40", "-macalg", "sha1"}, password, true},
		{"Keychain, without the issuer", []string{"-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-40", "-macalg", "sha1"}, password, false},
		{"3DES", []string{"-descert", "-legacy"}, password, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := []string{"pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-passout", "pass:" + tc.password, "-out", "pass.p12"}
			config := certificates.Config{Password: tc.password, Intermediate: inter}
			if tc.chain {
				args = append(args, "-certfile", "wwdr.pem")
				config.Intermediate = ""
			}
			dir := t.TempDir()
			put(t, dir, "cert.pem", cert)
			put(t, dir, "key.pem", key)
			put(t, dir, "wwdr.pem", inter)
			passtest.OpenSSL(t, dir, append(args, tc.options...)...)
			p12 := get(t, dir, "pass.p12")
			for _, config.Certificate = range []string{p12, encodeLines([]byte(p12))} {
				loadsIssued(t, config)
			}
		})
	}
}

func TestLoadPEMInAnyOrder(t *testing.T) {
	ca, issued := passtest.Apple(t)
	cert, key, inter, root := string(issued.CertPEM), string(issued.KeyPEM), string(ca.IntermediatePEM()), string(ca.RootPEM())
	for _, bundle := range []string{cert + key + inter, key + cert + inter, inter + cert + key, root + inter + key + cert, key + inter + root + cert} {
		for _, text := range []string{bundle, encodeLines([]byte(bundle)), strings.ReplaceAll(bundle, "\n", "\r\n")} {
			loadsIssued(t, certificates.Config{Certificate: text})
		}
	}
}

// Keys as openssl encrypts them: PKCS#8.
func TestLoadEncryptedKey(t *testing.T) {
	ca, issued := passtest.Apple(t)
	dir := t.TempDir()
	put(t, dir, "key.pem", string(issued.KeyPEM))
	const unknown = "key: is encrypted in a way that is not read here; decrypt it with: openssl pkey -in KEY -out PLAIN"
	for _, tc := range []struct {
		name    string
		options []string
		want    string
	}{
		{"as openssl does by itself", nil, ""},
		{"AES-128", []string{"-v2", "aes-128-cbc"}, ""},
		{"AES-192", []string{"-v2", "aes-192-cbc"}, ""},
		{"3DES", []string{"-v2", "des3"}, ""},
		{"derived with SHA-1", []string{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"}, ""},
		{"derived with SHA-512", []string{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"}, unknown},
		{"derived with scrypt", []string{"-scrypt"}, unknown},
		{"the scheme before that", []string{"-v1", "PBE-SHA1-3DES"}, unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			passtest.OpenSSL(t, dir, append([]string{"pkcs8", "-topk8", "-in", "key.pem", "-out", "encrypted.pem", "-passout", "pass:" + password}, tc.options...)...)
			config := certificates.Config{Certificate: string(issued.CertPEM), Key: get(t, dir, "encrypted.pem"), Password: password, Intermediate: string(ca.IntermediatePEM())}
			if tc.want == "" {
				loadsIssued(t, config)
				config.Password, tc.want = "battery staple", "password: is not the password of the private key"
			}
			if got := certificates.Examine(config, now).Problems.Error(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if config.Password = ""; tc.want != unknown {
				tc.want = "password: is missing: the private key has one"
			}
			if got := certificates.Examine(config, now).Problems.Error(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// What openssl makes and nobody can sign with.
func TestReadOtherFilesOfOpenSSL(t *testing.T) {
	_, issued := passtest.Apple(t)
	dir := t.TempDir()
	put(t, dir, "cert.pem", string(issued.CertPEM))
	put(t, dir, "key.pem", string(issued.KeyPEM))
	for _, tc := range []struct{ name, args, want string }{
		{"without a key", "pkcs12 -export -nokeys -in cert.pem -passout pass: -out out", "is a PKCS#12 file that cannot be read (private key missing); make it again with one certificate, its key and a password"},
		{"bundle", "crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out out", "is a bundle of certificates (PKCS#7) or a provisioning profile; give the .cer itself"},
		{"key alone", "pkey -in key.pem -outform DER -out out", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			passtest.OpenSSL(t, dir, strings.Fields(tc.args)...)
			content, found := certificates.Read([]byte(get(t, dir, "out")), "")
			if got := found.Error(); got != tc.want || tc.want == "" && content.Key == nil {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// The .p12 opens in OpenSSL without its legacy algorithms, and in Go.
func TestPKCS12OpensEverywhere(t *testing.T) {
	ca, issued := passtest.Apple(t)
	e := certificates.Check(certificates.Content{Certificates: certs(issued.Leaf, parsePEM(t, ca.IntermediatePEM())), Key: issued.Key}, now)
	p12, err := e.PKCS12(password)
	if err != nil {
		t.Fatal(err)
	}
	loadsIssued(t, certificates.Config{Certificate: string(p12), Password: password})
	if _, leaf, chain, err := pkcs12.DecodeChain(p12, password); err != nil || !leaf.Equal(issued.Leaf) || len(chain) != 1 {
		t.Errorf("%v, chain of %d", err, len(chain))
	}
	dir := t.TempDir()
	put(t, dir, "pass.p12", string(p12))
	out := passtest.OpenSSL(t, dir, "pkcs12", "-in", "pass.p12", "-passin", "pass:"+password, "-nodes")
	if strings.Count(out, "BEGIN CERTIFICATE") != 2 || !strings.Contains(out, "BEGIN PRIVATE KEY") {
		t.Errorf("openssl reads %s", out)
	}
}

func TestRequest(t *testing.T) {
	_, issued := passtest.Apple(t)
	request, err := certificates.Request(issued.Key, "Hällö One", "me@example.com", "DE")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, dir, "pass.csr", string(request))
	out := passtest.OpenSSL(t, dir, "req", "-in", "pass.csr", "-noout", "-verify", "-text", "-nameopt", "utf8,show_type,sep_comma_plus_space")
	for _, want := range []string{"C=PRINTABLESTRING:DE", "CN=UTF8STRING:Hällö One", "emailAddress=IA5STRING:me@example.com", "sha256WithRSAEncryption", "Public-Key: (2048 bit)"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
	content, found := certificates.Read(request, "")
	if len(found) > 0 || len(content.Requests) != 1 {
		t.Fatalf("%v, %d requests", found, len(content.Requests))
	}
	key, err := certificates.KeyPEM(issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := certificates.Read(key, ""); !content.Fits(issued.Leaf) || content.Fits(&x509.Certificate{PublicKey: newKey(t, 2048).Public()}) {
		t.Error("the written key is another one")
	}
}

func FuzzRead(f *testing.F) {
	_, issued := passtest.Apple(f)
	p12, err := issued.P12(password)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{issued.Leaf.Raw, issued.CertPEM, issued.KeyPEM, p12, []byte("<html>"), []byte(encodeLines(issued.Leaf.Raw)), []byte(encodePEM("ENCRYPTED PRIVATE KEY", []byte{0x30, 0}))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		content, found := certificates.Read(b, password)
		if len(found) > 1 || len(found) == 1 && (content.Key != nil || len(content.Certificates) > 0) {
			t.Errorf("problems and content: %v", found)
		}
		certificates.Check(content, now)
	})
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
