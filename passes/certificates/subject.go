package certificates

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
)

// Object ids of Apple's pass type certificates: the user id in the subject, and
// the extensions that mark them, and those for passes with NFC.
var (
	oidUserID   = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
	oidPassType = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 16}
	oidNFC      = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 26}
)

// PassType is the pass type that a certificate is for, or empty: Apple's
// extension for it, or the user id, which other certificates have as well, but
// not with an id that begins with "pass.".
func PassType(c *x509.Certificate) string {
	for _, e := range c.Extensions {
		var v string
		if e.Id.Equal(oidPassType) && unmarshal(e.Value, &v) {
			return v
		}
	}
	for _, name := range c.Subject.Names {
		if v, ok := name.Value.(string); ok && name.Type.Equal(oidUserID) && strings.HasPrefix(v, "pass.") {
			return v
		}
	}
	return ""
}

// Team is the id of the team that a certificate was issued to, or empty.
func Team(c *x509.Certificate) string {
	if len(c.Subject.OrganizationalUnit) == 0 {
		return ""
	}
	return c.Subject.OrganizationalUnit[0]
}

// NFC is true for a certificate that may sign passes with an nfc key: Apple
// issues those on request, under the name "Pass Type ID with NFC".
func NFC(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(oidNFC) {
			return true
		}
	}
	return false
}

// wwdrName begins the names of Apple's intermediates.
const wwdrName = "Apple Worldwide Developer Relations"

// Authority is the short name of who issues certificates: "WWDR G4" for Apple's,
// else the common name.
func Authority(issuer pkix.Name) string {
	if !strings.HasPrefix(issuer.CommonName, wwdrName) {
		return issuer.CommonName
	}
	for _, unit := range issuer.OrganizationalUnit {
		if strings.HasPrefix(unit, "G") {
			return "WWDR " + unit
		}
	}
	return "WWDR G1"
}

// otherKinds are certificates of Apple's that people take for a pass type
// certificate, by how their common name begins.
var otherKinds = []struct{ begin, what string }{
	{wwdrName, "Apple's intermediate certificate, which passhook finds by itself"},
	{"Apple Root CA", "Apple's root certificate"},
	{"Apple Distribution:", "a certificate for distributing apps"},
	{"iPhone Distribution:", "a certificate for distributing apps"},
	{"Apple Development:", "a certificate for developing apps"},
	{"iPhone Developer:", "a certificate for developing apps"},
	{"Mac Developer:", "a certificate for developing apps"},
	{"3rd Party Mac Developer", "a certificate for the Mac App Store"},
	{"Developer ID", "a Developer ID certificate for Mac apps"},
	{"Apple Push Services:", "an APNs certificate for an app"},
	{"Apple Production IOS Push Services:", "an APNs certificate for an app"},
	{"Apple Development IOS Push Services:", "an APNs certificate for an app"},
	{"Apple Sandbox Push Services:", "an APNs certificate for an app"},
	{"VoIP Services:", "an APNs certificate for calls"},
	{"WatchKit Services:", "an APNs certificate for watch apps"},
	{"Website Push ID:", "a certificate for notifications of web sites"},
	{"Order Type ID:", "a certificate for orders in Wallet"},
	{"Merchant ID:", "an Apple Pay certificate"},
	{"Apple Pay", "an Apple Pay certificate"},
}

// kind says what a certificate is that is no pass type certificate, as in "is
// an APNs certificate for an app".
func kind(c *x509.Certificate) string {
	for _, k := range otherKinds {
		if strings.HasPrefix(c.Subject.CommonName, k.begin) {
			return "is " + k.what
		}
	}
	return "is no pass type certificate: its subject names no pass type id"
}
