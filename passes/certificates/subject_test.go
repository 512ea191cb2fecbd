package certificates_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/certificates"
)

// People upload every certificate that Apple ever gave them.
func TestOtherCertificatesAreNamed(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
	userID := func(id string) []pkix.AttributeTypeAndValue {
		return []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: id}}
	}
	for _, tc := range []struct{ name, id, want string }{
		{"Apple Distribution: Hall One (TEAM123456)", team, "is a certificate for distributing apps. In Apple's developer portal make one under Certificates, +, Pass Type ID Certificate"},
		{"iPhone Distribution: Hall One", team, "is a certificate for distributing apps"},
		{"Apple Development: Ada Lovelace (X)", team, "is a certificate for developing apps"},
		{"Developer ID Application: Hall One", team, "is a Developer ID certificate for Mac apps"},
		{"Apple Push Services: com.example.app", "com.example.app", "is an APNs certificate for an app"},
		{"Website Push ID: web.com.example", "web.com.example", "is a certificate for notifications of web sites"},
		{"Order Type ID: order.com.example", "order.com.example", "is a certificate for orders in Wallet"},
		{"Merchant ID: merchant.com.example", "merchant.com.example", "is an Apple Pay certificate"},
		{"Apple Worldwide Developer Relations Certification Authority", "", "is Apple's intermediate certificate, which passhook finds by itself"},
		{"localhost", "", "is no pass type certificate: its subject names no pass type id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cert := a.issue(t, key, func(c *x509.Certificate) { c.Subject.CommonName, c.Subject.ExtraNames = tc.name, userID(tc.id) })
			for _, config := range []certificates.Config{{Certificate: cert + keyPEM(t, key)}, {Certificate: cert}, {Certificate: a.pem + cert}} {
				e := certificates.Examine(config, now)
				if got := e.Problems.Error(); !strings.HasPrefix(got, "certificate: "+tc.want) || len(e.Problems) != 1 {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			}
		})
	}
}

func TestOtherFilesAreNamed(t *testing.T) {
	for _, tc := range []struct{ name, content, want string }{
		{"web page", "\n<!DOCTYPE html><title>Sign in</title>", "is a web page or a property list"},
		{"service account", `{"type": "service_account"}`, "is JSON, not a certificate"},
		{"package", "PK\x03\x04pass.json", "is a package or a ZIP file"},
		{"text", "see the safe", "is no certificate, private key or PKCS#12 file"},
		{"nothing", "", "is no certificate, private key or PKCS#12 file"},
		{"other PEM", encodePEM("DH PARAMETERS", []byte("x")), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, found := certificates.Read([]byte(tc.content), "")
			if !strings.HasPrefix(found.Error(), tc.want) || len(got.Certificates) > 0 || got.Key != nil {
				t.Errorf("got %q, want %q", found, tc.want)
			}
		})
	}
}

func TestNFC(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
	marker := []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 26}, Value: []byte{5, 0}}}
	for want, extensions := range map[bool][]pkix.Extension{true: marker, false: nil} {
		c := parsePEM(t, []byte(a.issue(t, key, func(c *x509.Certificate) { c.ExtraExtensions = extensions })))
		if got := certificates.NFC(c); got != want {
			t.Errorf("got %v", got)
		}
	}
}

func TestAuthority(t *testing.T) {
	const wwdr = "Apple Worldwide Developer Relations Certification Authority"
	for _, tc := range []struct {
		subject pkix.Name
		want    string
	}{
		{certificates.AppleIntermediate().Subject, "WWDR G4"},
		{pkix.Name{CommonName: wwdr, OrganizationalUnit: []string{"G6"}}, "WWDR G6"},
		{pkix.Name{CommonName: wwdr, OrganizationalUnit: []string{"Apple Worldwide Developer Relations"}}, "WWDR G1"},
		{certificates.AppleRoot().Subject, "Apple Root CA"},
	} {
		if got := certificates.Authority(tc.subject); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}
