package schema

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"testing"
)

func TestDates(t *testing.T) {
	for s, want := range map[string]bool{
		"2027-03-01T19:30:00+01:00":   true,
		"2027-03-01T19:30:00Z":        true,
		"2027-03-01T19:30Z":           true,
		"2027-03-01T19:30-07:00":      true,
		"2027-03-01T19:30:00.5Z":      true,
		"2027-03-01T19:30:00.123Z":    true,
		"2028-02-29T00:00:00Z":        true,
		"2027-02-29T00:00:00Z":        false,
		"2027-03-01T25:30:00Z":        false,
		"2027-03-01T19:30:00":         false,
		"2027-03-01T19:30:00 01:00":   false,
		"2027-03-01T19:30:00+0100":    false,
		"2027-03-01T19:30:00+01":      false,
		"2027-03-01T19:30:00z":        false,
		"2027-03-01T19:30:00Z and on": false,
		"2027-03-01T19:30:00,5Z":      false,
		"2027-03-01 19:30:00Z":        false,
		"2027-03-01":                  false,
		"1 March":                     false,
		"":                            false,
	} {
		if got := isDate(s); got != want {
			t.Errorf("%q is a date: %v, want %v", s, got, want)
		}
	}
}

func TestColours(t *testing.T) {
	for s, want := range map[string][3]int{
		"rgb(23, 42, 70)":         {23, 42, 70},
		"rgb(23,42,70)":           {23, 42, 70},
		" RGB( 23 , 42 , 70 ) ":   {23, 42, 70},
		"#172a46":                 {23, 42, 70},
		"#172A46":                 {23, 42, 70},
		"#fff":                    {255, 255, 255},
		"#1a0":                    {17, 170, 0},
		"rgba(220, 58, 92, 1.00)": {220, 58, 92},
		"rgb(300, 0, 0)":          {300, 0, 0},
	} {
		if got, ok := parseColour(s); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "white", "rgb(1-2-3)", "rgb(1, 2)", "#12345", "#gggggg", "172a46", "rgb(1, 2, 3"} {
		if got, ok := parseColour(s); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
	if got := contrast([3]int{0, 0, 0}, [3]int{255, 255, 255}); got < 20.9 || got > 21.1 {
		t.Errorf("black on white has %v", got)
	}
}

func TestPublicKeys(t *testing.T) {
	spki := func(key any) []byte {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	whole := spki(&p256.PublicKey)
	// The same key with its point compressed, as Apple's examples have it.
	compressed := append([]byte("\x30\x39\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x22\x00"), elliptic.MarshalCompressed(elliptic.P256(), p256.X, p256.Y)...)
	nowhere := append([]byte{}, whole...)
	nowhere[len(nowhere)-1] ^= 1
	for name, c := range map[string]struct {
		der []byte
		ok  bool
	}{
		"P-256":            {whole, true},
		"P-256 compressed": {compressed, true},
		"P-384":            {spki(&p384.PublicKey), false},
		"RSA":              {spki(&other.PublicKey), false},
		"no point":         {nowhere, false},
		"more after it":    {append(append([]byte{}, whole...), 0), false},
		"nothing":          {nil, false},
	} {
		if err := checkPublicKey(base64.StdEncoding.EncodeToString(c.der)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
