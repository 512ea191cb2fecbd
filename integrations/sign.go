package integrations

import (
	"cmp"
	"crypto/hmac"
	"fmt"
	"net/http"
	"time"
)

// Sign are the headers with which the scheme's sender signs a body. It is for
// whoever plays that sender. A public key signs nothing.
func (s Scheme) Sign(secret, id string, body []byte, now time.Time) (http.Header, error) {
	v, err := newSignatures(s, []string{secret})
	if err != nil {
		return nil, err
	}
	if v.hash == nil {
		return nil, fmt.Errorf("the secret of %s is a public key, with which nobody can sign", s.Header)
	}
	c := claim{id: id, timestamp: timeWriters[v.scheme.TimeFormat](now)}
	mac := hmac.New(v.hash, v.keys[0])
	write(mac, v.parts, c, body)
	h := http.Header{}
	signature := s.Prefix + encoders[v.scheme.Encoding](mac.Sum(nil))
	if s.TimePrefix != "" {
		signature = s.TimePrefix + c.timestamp + cmp.Or(s.Separator, ",") + signature
	}
	h.Set(s.Header, signature)
	if s.TimeHeader != "" {
		h.Set(s.TimeHeader, c.timestamp)
	}
	if s.IDHeader != "" {
		h.Set(s.IDHeader, id)
	}
	return h, nil
}
