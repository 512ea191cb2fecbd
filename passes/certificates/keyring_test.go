package certificates_test

import (
	"crypto"
	"crypto/x509"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/certificates"
)

func TestKeyringFind(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(1, 0, 0)), newKey(t, 2048)
	entry := func(passType string, until time.Time) certificates.Config {
		return certificates.Config{Certificate: a.issue(t, key, func(c *x509.Certificate) {
			c.Subject.ExtraNames[0].Value, c.NotAfter = passType, until
		}) + keyPEM(t, key), Intermediate: a.pem}
	}
	soon, later := now.AddDate(0, 6, 0), now.AddDate(0, 12, 0)
	ring := func(list ...certificates.Config) *certificates.Keyring {
		k, found := certificates.Load(list, now)
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		return k
	}
	none, one := ring(), ring(entry("pass.a", soon))
	two := ring(entry("pass.b", soon), entry("pass.a", later), entry("pass.b", later), entry("pass.b", soon))
	for _, tc := range []struct {
		name     string
		keyring  *certificates.Keyring
		passType string
		want     string
	}{
		{"the only one", one, "", "pass.a"},
		{"by its name", two, "pass.a", "pass.a"},
		{"none at all", none, "", "there is no certificate to sign with; add one to signing"},
		{"none at all, by a name", none, "pass.a", "there is no certificate to sign with; add one to signing"},
		{"unknown name", two, "pass.c", "there is no certificate for pass.c; there is one for pass.a, pass.b"},
		{"several and no name", two, "", "there are several certificates; name one with passTypeIdentifier: pass.a, pass.b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := tc.keyring.Find(tc.passType)
			switch {
			case err != nil && err.Error() != tc.want:
				t.Errorf("got %v, want %s", err, tc.want)
			case err == nil && c.PassType != tc.want:
				t.Errorf("got %s, want %s", c.PassType, tc.want)
			}
		})
	}
	t.Run("of two for one type the longer valid one", func(t *testing.T) {
		c, err := two.Find("pass.b")
		if err != nil {
			t.Fatal(err)
		}
		if !c.NotAfter.Equal(later) {
			t.Errorf("got the one until %s", c.NotAfter)
		}
		if n := len(two.All()); n != 2 {
			t.Errorf("there are %d", n)
		}
	})
	t.Run("of two for one type one that is valid", func(t *testing.T) {
		for _, list := range [][]certificates.Config{{entry("pass.a", soon), future(t, a, key)}, {future(t, a, key), entry("pass.a", soon)}} {
			if c, err := ring(list...).Find("pass.a"); err != nil || !c.NotAfter.Equal(soon) {
				t.Errorf("got %v, %v", c, err)
			}
		}
	})
}

// future is a certificate for pass.a that is not valid yet.
func future(t *testing.T, a *authority, key crypto.Signer) certificates.Config {
	t.Helper()
	return certificates.Config{Certificate: a.issue(t, key, func(c *x509.Certificate) {
		c.Subject.ExtraNames[0].Value, c.NotBefore = "pass.a", now.Add(time.Hour)
	}) + keyPEM(t, key), Intermediate: a.pem}
}
