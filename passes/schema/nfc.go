package schema

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// maxNFCMessage is how much of nfc.message is sent, in bytes.
const maxNFCMessage = 64

func checkNFCMessage(c *checker) {
	if s, _ := text(object(c.pass, "nfc"), "message"); len(s) > maxNFCMessage {
		c.warn("nfc.message", fmt.Sprintf("has %d bytes, and a reader gets at most %d", len(s), maxNFCMessage),
			"the rest is cut off", "shorten it")
	}
}

func checkNFCKey(c *checker) {
	s, ok := text(object(c.pass, "nfc"), "encryptionPublicKey")
	if !ok || s == "" {
		return
	}
	if err := checkPublicKey(s); err != nil {
		c.err("nfc.encryptionPublicKey", err.Error(), "no reader can read the pass",
			"write the P-256 public key of the reader as X.509 SubjectPublicKeyInfo in base64")
	}
}

func checkNFCCertificate(c *checker) {
	if _, given := c.pass["nfc"]; given {
		c.note("nfc", "needs a pass certificate that Apple has allowed for NFC",
			"with any other an iPhone refuses the pass", "see https://developer.apple.com/contact/passkit/")
	}
}

// Object identifiers of RFC 5480.
var (
	oidPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidP256      = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
)

// checkPublicKey wants a SubjectPublicKeyInfo with a point of P-256, whole or
// compressed; crypto/x509 takes the whole only.
func checkPublicKey(s string) error {
	if strings.Contains(s, "-----") {
		return errors.New("has BEGIN and END lines")
	}
	der, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return errors.New("is no base64")
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 {
		return errors.New("is no public key")
	}
	var curve asn1.ObjectIdentifier
	_, err = asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve)
	if err != nil || !info.Algorithm.Algorithm.Equal(oidPublicKey) || !curve.Equal(oidP256) {
		return errors.New("is no key of the curve P-256")
	}
	point := info.Key.RightAlign()
	if x, _ := elliptic.UnmarshalCompressed(elliptic.P256(), point); x != nil {
		return nil
	}
	if _, err := ecdh.P256().NewPublicKey(point); err != nil {
		return errors.New("is no point of the curve P-256")
	}
	return nil
}
