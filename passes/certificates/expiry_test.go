package certificates_test

import (
	"crypto/x509"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/certificates"
)

func TestExpiring(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(3, 0, 0)), newKey(t, 2048)
	until := now.AddDate(2, 0, 0)
	cert := a.issue(t, key, func(c *x509.Certificate) { c.NotAfter = until })
	keyring, found := certificates.Load([]certificates.Config{{Certificate: cert + keyPEM(t, key), Intermediate: a.pem}}, now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		left            time.Duration
		days, threshold int
	}{
		{91 * day, 0, -1},
		{90*day + time.Second, 0, -1},
		{90 * day, 90, 90},
		{31 * day, 31, 90},
		{30 * day, 30, 30},
		{8 * day, 8, 30},
		{7 * day, 7, 7},
		{day - time.Second, 0, 7},
		{0, 0, 0},
		{-day, 0, 0},
	} {
		got := keyring.Expiring(until.Add(-tc.left))
		want := certificates.Expiry{PassType: passType, NotAfter: until, Days: tc.days, Threshold: tc.threshold}
		switch {
		case tc.threshold < 0 && len(got) != 0:
			t.Errorf("%v left: got %v", tc.left, got)
		case tc.threshold >= 0 && (len(got) != 1 || got[0] != want):
			t.Errorf("%v left: got %v, want %v", tc.left, got, want)
		}
	}
}

func TestReplaceWhileSigning(t *testing.T) {
	a, key := newAuthority(t, now.AddDate(3, 0, 0)), newKey(t, 2048)
	load := func(until time.Time) *certificates.Keyring {
		cert := a.issue(t, key, func(c *x509.Certificate) { c.NotAfter = until })
		k, found := certificates.Load([]certificates.Config{{Certificate: cert + keyPEM(t, key), Intermediate: a.pem}}, now)
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		return k
	}
	keyring, renewed := load(now.AddDate(1, 0, 0)), load(now.AddDate(2, 0, 0))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				c, err := keyring.Find(passType)
				if err == nil {
					_, err = c.Sign([]byte("manifest"), now)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	keyring.Replace(renewed)
	wait.Wait()
	if c, _ := keyring.Find(""); !c.NotAfter.Equal(now.AddDate(2, 0, 0)) {
		t.Errorf("the certificate is the one until %s", c.NotAfter)
	}
	if _, err := new(certificates.Keyring).Find(""); err == nil {
		t.Error("an empty keyring has a certificate")
	}
}
