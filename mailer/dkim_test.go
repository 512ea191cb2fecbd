package mailer_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/standins"
	gomail "github.com/wneessen/go-mail"
)

func TestDKIM(t *testing.T) {
	keys := map[string]string{"rsa": rsaPEM(t, 2048), "ed25519": ed25519PEM(t)}
	for kind, key := range keys {
		t.Run(kind, func(t *testing.T) {
			s := server(t, standins.SMTPOptions{})
			m := sending(t, s, func(c *mailer.Config, _ *mailer.Options) {
				c.DKIM = &mailer.DKIM{Domain: "hall.example", Selector: "s1", Key: key}
			})
			d := concert(2)
			d.Subject = "Grüße, und ein langer Betreff, der über mehrere Zeilen geht, weil er so lang ist"
			d.Intro = ".\n.\nend "
			if err := m.Deliver(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			raw, _ := only(t, s)
			verifications, err := dkim.VerifyWithOptions(bytes.NewReader(raw.Raw), &dkim.VerifyOptions{
				LookupTXT: func(name string) ([]string, error) {
					if name != "s1._domainkey.hall.example" {
						t.Errorf("looked up %s", name)
					}
					return []string{dnsRecord(t, kind, key)}, nil
				},
			})
			if err != nil || len(verifications) != 1 || verifications[0].Err != nil {
				t.Fatalf("got %v, %v", verifications, err)
			}
			if v := verifications[0]; v.Domain != "hall.example" || !v.Time.Equal(created) {
				t.Errorf("signed by %s at %s", v.Domain, v.Time)
			}
		})
	}
}

// dnsRecord is the public half as its owner publishes it (RFC 6376 section 3.6.1).
func dnsRecord(t *testing.T, kind, key string) string {
	t.Helper()
	private, err := gomail.PrivKeyFromPEM([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	var der []byte
	switch public := private.Public().(type) {
	case ed25519.PublicKey:
		der = public
	case *rsa.PublicKey:
		if der, err = x509.MarshalPKIXPublicKey(public); err != nil {
			t.Fatal(err)
		}
	}
	return "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(der)
}
