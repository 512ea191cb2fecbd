package integrations

import (
	"errors"
	"net/http"
	"time"
)

// Verifier judges whether requests are one sender's: by their signatures, or by
// a secret that stands in a header or in the path.
type Verifier struct {
	// ways are those that a sender may choose from.
	ways []way
	// inPath is true where the secret is in the path, and challenge is the
	// WWW-Authenticate of what is refused.
	inPath    bool
	challenge string
}

// way is one way to verify.
type way interface {
	precheck(h http.Header, now time.Time) error
	verify(h http.Header, body []byte, now time.Time) error
}

// NewVerifier is for a sender that signs with one of these secrets. No secret is
// empty: everybody knows that key. Errors name a secret by its number, from 0.
func NewVerifier(s Scheme, secrets []string) (*Verifier, error) {
	v, err := newSignatures(s, secrets)
	if err != nil {
		return nil, err
	}
	return &Verifier{ways: []way{v}}, nil
}

// AnyOf is for a sender that signs in one of several ways.
func AnyOf(all ...*Verifier) *Verifier {
	out := &Verifier{}
	for _, v := range all {
		out.ways = append(out.ways, v.ways...)
		out.inPath, out.challenge = out.inPath || v.inPath, v.challenge
	}
	return out
}

var errNoWay = errors.New("nothing is verified here")

// Precheck judges the headers alone: whether there is a signature of the right
// form, with a time that is near, or the secret itself. Who fails it need not be
// read further.
func (v *Verifier) Precheck(h http.Header, now time.Time) error {
	err := errNoWay
	for _, w := range v.ways {
		if err = w.precheck(h, now); err == nil {
			return nil
		}
	}
	return err
}

// Verify checks the signature over the raw body.
func (v *Verifier) Verify(h http.Header, body []byte, now time.Time) error {
	err := errNoWay
	for _, w := range v.ways {
		if err = w.verify(h, body, now); err == nil {
			return nil
		}
	}
	return err
}
