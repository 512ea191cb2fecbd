package integrations

import (
	"cmp"
	"crypto/ed25519"
	"crypto/hmac"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// signatures are those of one scheme.
type signatures struct {
	scheme Scheme
	parts  []part
	keys   [][]byte
	hash   func() hash.Hash // nil with Ed25519
	size   int              // of a signature, in bytes
	// refused is all that a sender learns; saying more would help to forge.
	refused error
}

func newSignatures(s Scheme, secrets []string) (*signatures, error) {
	s.Algorithm, s.Encoding, s.TimeFormat = cmp.Or(s.Algorithm, SHA256), cmp.Or(s.Encoding, Hex), cmp.Or(s.TimeFormat, TimeUnix)
	s.Tolerance = cmp.Or(s.Tolerance, DefaultTolerance)
	v := &signatures{scheme: s, hash: hashes[s.Algorithm], size: ed25519.SignatureSize}
	v.refused = fmt.Errorf("the %s header does not fit this body; check the endpoint's signing secret and the clock", s.Header)
	if v.hash != nil {
		v.size = v.hash().Size()
	}
	switch {
	case s.Header == "":
		return nil, errors.New("the header of the signature is missing")
	case v.hash == nil && s.Algorithm != Ed25519:
		return nil, fmt.Errorf("algorithm %q is not known", s.Algorithm)
	case encoders[s.Encoding] == nil || decoders[s.SecretEncoding] == nil:
		return nil, fmt.Errorf("encoding %q or %q is not known", s.Encoding, s.SecretEncoding)
	case timeReaders[s.TimeFormat] == nil:
		return nil, fmt.Errorf("time format %q is not known", s.TimeFormat)
	case s.Tolerance < 0:
		return nil, errors.New("the tolerance is negative")
	case len(secrets) == 0:
		return nil, errors.New("there is no secret")
	}
	var err error
	if v.parts, err = s.parts(); err != nil {
		return nil, err
	}
	for i, secret := range secrets {
		key, err := s.key(secret)
		if err != nil {
			return nil, fmt.Errorf("secret %d %w", i, err)
		}
		v.keys = append(v.keys, key)
	}
	return v, nil
}

// key is what a secret signs with.
func (s Scheme) key(secret string) ([]byte, error) {
	bare := strings.TrimPrefix(secret, s.SecretPrefix)
	if strings.TrimSpace(bare) == "" {
		return nil, errors.New("is empty")
	}
	if s.SecretEncoding == "" {
		bare = secret
	}
	key, err := decoders[s.SecretEncoding](bare)
	switch {
	case err != nil || len(key) == 0:
		return nil, fmt.Errorf("is not %s", s.SecretEncoding)
	case s.Algorithm == Ed25519 && len(key) != ed25519.PublicKeySize:
		return nil, errors.New("is no Ed25519 public key")
	}
	return key, nil
}

// maxSignatures is more than any sender sends: one for each secret while they
// change.
const maxSignatures = 16

// claim is what headers say of a signature.
type claim struct {
	id, timestamp string
	signatures    [][]byte
}

// precheck looks for a signature of the right form, with a time that is near.
func (v *signatures) precheck(h http.Header, now time.Time) error {
	_, err := v.claim(h, now)
	return err
}

func (v *signatures) verify(h http.Header, body []byte, now time.Time) error {
	c, err := v.claim(h, now)
	if err != nil {
		return err
	}
	for _, key := range v.keys {
		if v.isSigned(key, c, body) {
			return nil
		}
	}
	return v.refused
}

func (v *signatures) claim(h http.Header, now time.Time) (c claim, err error) {
	header, err := v.only(h, v.scheme.Header)
	if err != nil {
		return c, err
	}
	entries := []string{header}
	if v.scheme.Separator != "" {
		entries = strings.Split(header, v.scheme.Separator)
	}
	times := 0
	for _, entry := range entries {
		if text, ok := strings.CutPrefix(entry, v.scheme.TimePrefix); ok && v.scheme.TimePrefix != "" {
			c.timestamp = text
			times++
		} else if text, ok := strings.CutPrefix(entry, v.scheme.Prefix); ok {
			if b, err := decoders[v.scheme.Encoding](text); err == nil && len(b) == v.size {
				c.signatures = append(c.signatures, b)
			}
		}
	}
	if len(c.signatures) == 0 || len(c.signatures) > maxSignatures || v.scheme.TimePrefix != "" && times != 1 {
		return c, v.refused
	}
	if v.scheme.TimeHeader != "" {
		if c.timestamp, err = v.only(h, v.scheme.TimeHeader); err != nil {
			return c, err
		}
	}
	if v.scheme.IDHeader != "" {
		if c.id, err = v.only(h, v.scheme.IDHeader); err != nil {
			return c, err
		}
	}
	return c, v.near(c.timestamp, now)
}

// only is the value of a header that is there once.
func (v *signatures) only(h http.Header, name string) (string, error) {
	values := h.Values(name)
	if len(values) != 1 || values[0] == "" {
		return "", v.refused
	}
	return values[0], nil
}

// near checks the time, of schemes that have one.
func (v *signatures) near(timestamp string, now time.Time) error {
	if v.scheme.TimePrefix == "" && v.scheme.TimeHeader == "" {
		return nil
	}
	t, err := timeReaders[v.scheme.TimeFormat](timestamp)
	if err != nil || now.Sub(t).Abs() > v.scheme.Tolerance {
		return v.refused
	}
	return nil
}

// isSigned reports whether one of the signatures is the key's.
func (v *signatures) isSigned(key []byte, c claim, body []byte) bool {
	if v.hash == nil {
		var text strings.Builder
		write(&text, v.parts, c, body)
		return slices.ContainsFunc(c.signatures, func(s []byte) bool { return ed25519.Verify(key, []byte(text.String()), s) })
	}
	mac := hmac.New(v.hash, key)
	write(mac, v.parts, c, body)
	sum := mac.Sum(nil)
	return slices.ContainsFunc(c.signatures, func(s []byte) bool { return hmac.Equal(sum, s) })
}

// write writes what is signed.
func write(w io.Writer, parts []part, c claim, body []byte) {
	for _, p := range parts {
		switch p.name {
		case "body":
			_, _ = w.Write(body)
		case "timestamp":
			_, _ = io.WriteString(w, c.timestamp)
		case "id":
			_, _ = io.WriteString(w, c.id)
		default:
			_, _ = io.WriteString(w, p.literal)
		}
	}
}
