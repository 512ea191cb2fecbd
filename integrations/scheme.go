package integrations

import (
	"crypto/sha1" //nolint:gosec // some senders sign with it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
)

// Scheme says how a sender signs its requests. It is data, so that another
// sender is a few lines and no code.
type Scheme struct {
	// Header carries the signatures.
	Header string
	// Separator stands between the entries of the header, as ","; empty: the
	// header is one entry.
	Separator string
	// Prefix begins each entry that is a signature, as "v1=". Entries that begin
	// with something else are not read.
	Prefix string
	// TimePrefix begins the one entry that is the time, as "t="; TimeHeader is
	// the header that is the time. Both empty: the sender signs no time.
	TimePrefix, TimeHeader string
	// TimeFormat is how the time is written: TimeUnix, which is the default,
	// TimeMillis or TimeRFC3339.
	TimeFormat string
	// Tolerance is how far the time may be from ours, either way. 0 is
	// DefaultTolerance.
	Tolerance time.Duration
	// IDHeader carries the id of the request; empty: none is signed.
	IDHeader string
	// Signed is the signed text: {body}, and where there are such {timestamp},
	// as it was sent, and {id}.
	Signed string
	// Algorithm is SHA256, which is the default, or another; all but Ed25519 are
	// HMAC.
	Algorithm string
	// Encoding is how signatures are written: Hex, which is the default, Base64
	// or Base64URL.
	Encoding string
	// SecretPrefix begins the sender's secrets, as "whsec_", and says nothing.
	SecretPrefix string
	// SecretEncoding is as Encoding where the key is what the secret encodes,
	// without its prefix. Empty: the key is the secret as it stands.
	SecretEncoding string
}

// DefaultTolerance is that of Stripe, Slack and Standard Webhooks.
const DefaultTolerance = 5 * time.Minute

// Ways to write a time.
const (
	TimeUnix    = "unix"
	TimeMillis  = "millis"
	TimeRFC3339 = "rfc3339"
)

// Algorithms of signatures.
const (
	SHA1    = "sha1"
	SHA256  = "sha256"
	SHA512  = "sha512"
	Ed25519 = "ed25519"
)

// Ways to write bytes.
const (
	Hex       = "hex"
	Base64    = "base64"
	Base64URL = "base64url"
)

var hashes = map[string]func() hash.Hash{SHA1: sha1.New, SHA256: sha256.New, SHA512: sha512.New}

// decoders are strict: what is signed has one spelling.
var decoders = map[string]func(string) ([]byte, error){
	Hex: hex.DecodeString, Base64: base64.StdEncoding.Strict().DecodeString,
	Base64URL: func(s string) ([]byte, error) {
		return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(s, "="))
	},
	"": func(s string) ([]byte, error) { return []byte(s), nil },
}

var encoders = map[string]func([]byte) string{
	Hex: hex.EncodeToString, Base64: base64.StdEncoding.EncodeToString, Base64URL: base64.URLEncoding.EncodeToString,
}

var timeReaders = map[string]func(string) (time.Time, error){
	// 36 bits of seconds are enough for 2,000 years, and 46 of milliseconds.
	TimeUnix: func(s string) (time.Time, error) {
		n, err := strconv.ParseUint(s, 10, 36)
		return time.Unix(int64(n), 0), err
	},
	TimeMillis: func(s string) (time.Time, error) {
		n, err := strconv.ParseUint(s, 10, 46)
		return time.UnixMilli(int64(n)), err
	},
	TimeRFC3339: func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) },
}

var timeWriters = map[string]func(time.Time) string{
	TimeUnix:    func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	TimeMillis:  func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) },
	TimeRFC3339: func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}

// part is a piece of the signed text: a literal text, or a name in braces.
type part struct{ literal, name string }

// parts takes Signed apart.
func (s Scheme) parts() ([]part, error) {
	var out []part
	has := map[string]bool{}
	for rest := s.Signed; rest != ""; {
		literal, after, found := strings.Cut(rest, "{")
		if literal != "" {
			out = append(out, part{literal: literal})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || name != "body" && name != "timestamp" && name != "id" {
			return nil, fmt.Errorf("what is signed, %q, may name {body}, {timestamp} and {id}", s.Signed)
		}
		out, rest, has[name] = append(out, part{name: name}), after, true
	}
	switch timed := s.TimePrefix != "" || s.TimeHeader != ""; {
	case !has["body"]:
		return nil, fmt.Errorf("what is signed, %q, needs {body}: else anybody could change it", s.Signed)
	case timed != has["timestamp"]:
		return nil, errors.New("a time is either sent and signed as {timestamp}, or neither")
	case (s.IDHeader != "") != has["id"]:
		return nil, errors.New("an id is either sent and signed as {id}, or neither")
	}
	return out, nil
}
