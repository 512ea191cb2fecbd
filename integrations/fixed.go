package integrations

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"
)

// PathSecret names the value of a request's path that is the secret, with
// NewPathVerifier.
const PathSecret = "secret"

// pathHeader is where that value is judged. No header that is sent can have this
// name.
const pathHeader = ":secret"

// fixed is a secret that every request carries.
type fixed struct {
	header string
	// read takes the secret out of the header's value; ok is false where there is
	// none.
	read func(value string) (secret string, ok bool)
	// sums are of the secrets. What is compared has one length, so that the time
	// it takes tells nothing.
	sums    [][sha256.Size]byte
	refused error
}

func newFixed(header string, secrets []string, read func(string) (string, bool), refused string) (*Verifier, error) {
	f := &fixed{header: header, read: read, refused: errors.New(refused)}
	for _, s := range secrets {
		if strings.TrimSpace(s) == "" {
			return nil, errors.New("a secret is empty")
		}
		f.sums = append(f.sums, sha256.Sum256([]byte(s)))
	}
	if len(f.sums) == 0 {
		return nil, errors.New("there is no secret")
	}
	return &Verifier{ways: []way{f}}, nil
}

// NewBearer is for a sender with one of these tokens in the header
// Authorization.
func NewBearer(tokens []string) (*Verifier, error) {
	v, err := newFixed("Authorization", tokens, func(value string) (string, bool) { return credentials(value, "Bearer") },
		"the Authorization header does not carry the token, as: Bearer TOKEN")
	if err == nil {
		v.challenge = "Bearer"
	}
	return v, err
}

// NewBasic is for a sender with this name and one of these passwords in the
// header Authorization.
func NewBasic(username string, passwords []string) (*Verifier, error) {
	var pairs []string
	for _, p := range passwords {
		if strings.TrimSpace(p) == "" {
			return nil, errors.New("a secret is empty")
		}
		pairs = append(pairs, username+":"+p)
	}
	v, err := newFixed("Authorization", pairs, func(value string) (string, bool) {
		text, ok := credentials(value, "Basic")
		b, err := base64.StdEncoding.DecodeString(text)
		return string(b), ok && err == nil
	}, "the Authorization header does not carry the username and the password")
	if err == nil {
		v.challenge = `Basic realm="passhook", charset="UTF-8"`
	}
	return v, err
}

// credentials are what follows the scheme, which is written in either case.
func credentials(value, scheme string) (string, bool) {
	name, text, ok := strings.Cut(value, " ")
	return strings.TrimSpace(text), ok && strings.EqualFold(name, scheme)
}

// NewHeaderVerifier is for a sender with one of these values in a header.
func NewHeaderVerifier(header string, values []string) (*Verifier, error) {
	if header == "" {
		return nil, errors.New("the header is missing")
	}
	return newFixed(http.CanonicalHeaderKey(header), values, whole, "the "+header+" header does not carry the secret")
}

// NewPathVerifier is for a sender with one of these secrets in the path: what the
// request has as its path value PathSecret.
func NewPathVerifier(secrets []string) (*Verifier, error) {
	v, err := newFixed(pathHeader, secrets, whole, "the address does not end with the secret")
	if err == nil {
		v.inPath = true
	}
	return v, err
}

func whole(value string) (string, bool) { return value, true }

// header are a request's headers as they are judged.
func (v *Verifier) header(r *http.Request) http.Header {
	if !v.inPath {
		return r.Header
	}
	return http.Header{pathHeader: {r.PathValue(PathSecret)}}
}

func (f *fixed) precheck(h http.Header, _ time.Time) error {
	values := h[f.header]
	if len(values) != 1 {
		return f.refused
	}
	secret, ok := f.read(values[0])
	given, found := sha256.Sum256([]byte(secret)), 0
	for _, sum := range f.sums {
		found |= subtle.ConstantTimeCompare(given[:], sum[:])
	}
	if !ok || found == 0 {
		return f.refused
	}
	return nil
}

func (f *fixed) verify(h http.Header, _ []byte, now time.Time) error { return f.precheck(h, now) }

// everybody is whoever knows the address.
type everybody struct{}

func (everybody) precheck(http.Header, time.Time) error       { return nil }
func (everybody) verify(http.Header, []byte, time.Time) error { return nil }

// NewOpen lets everybody in.
func NewOpen() *Verifier { return &Verifier{ways: []way{everybody{}}} }
