package hooks

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
)

// signer makes a request as the sender does: headers, and what follows the hook's
// address.
type signer func(id string, body []byte, now time.Time) (h http.Header, path string, err error)

// shortest is how many characters a secret has at least that the user makes up.
const shortest = 16

// verify makes the verifier.
func (c *compiler) verify() {
	own, p := c.config.Verify, c.preset.Verify
	if own != nil {
		if len(c.config.Secrets) > 0 {
			c.problem("secrets", "is the preset's, and verify takes its place; remove one of the two")
		}
		c.ownVerify(*own)
		return
	}
	switch {
	case c.config.Preset == "" && len(c.config.Secrets) > 0:
		c.problem("secrets", "belongs to a preset; name it with preset, or write verify: {hmac: {header: …, secrets: […]}}")
	case c.config.Preset == "":
		c.problem("verify", "is missing, so anybody could send events; write one of bearer, basic, header with equals, hmac and path, or a preset, or verify: none")
	case c.preset.Site == "": // it has its own problem
	case len(c.config.Secrets) == 0:
		c.problem("secrets", "is missing; %s", c.preset.Secret)
	case p.Bearer:
		c.fixed("secrets", c.config.Secrets, integrations.NewBearer, bearer)
	case p.Path:
		c.path("secrets", c.config.Secrets)
	default:
		c.hmac("secrets", "preset", c.config.Secrets, p.HMAC)
	}
}

// ownVerify is for what the config says itself.
func (c *compiler) ownVerify(v Verify) {
	var ways []string
	for name, given := range map[string]bool{
		"none": v.None, "bearer": v.Bearer != nil, "basic": v.Basic != nil, "header": v.Header != "" || v.Equals != nil, "hmac": v.HMAC != nil, "path": v.Path != nil,
	} {
		if given {
			ways = append(ways, name)
		}
	}
	slices.Sort(ways)
	switch {
	case len(ways) == 0:
		c.problem("verify", "says nothing, so anybody could send events; write one of bearer, basic, header with equals, hmac and path, or verify: none")
	case len(ways) > 1:
		c.problem("verify", "must be one way, and has %s; keep one", strings.Join(ways, ", "))
	case v.None:
		c.warn("verify", "is none: whoever knows the address can send events, and get passes")
		c.verifier, c.sign = integrations.NewOpen(), unsigned
	case v.Bearer != nil:
		c.fixed("verify.bearer", v.Bearer, integrations.NewBearer, bearer)
	case v.Basic != nil:
		if v.Basic.Username == "" || strings.Contains(v.Basic.Username, ":") {
			c.problem("verify.basic.username", "is empty or has a colon")
		}
		c.fixed("verify.basic.password", v.Basic.Password, func(p []string) (*integrations.Verifier, error) { return integrations.NewBasic(v.Basic.Username, p) },
			func(p string) http.Header {
				return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(v.Basic.Username+":"+p))}}
			})
	case v.HMAC != nil:
		c.hmac("verify.hmac.secrets", "verify.hmac", v.HMAC.Secrets, []HMAC{*v.HMAC})
	case v.Path != nil:
		c.path("verify.path", v.Path)
	case v.Header == "":
		c.problem("verify.header", "is missing; name the header that equals is about")
	default:
		c.hidden = append(c.hidden, strings.ToLower(v.Header))
		c.fixed("verify.equals", v.Equals, func(s []string) (*integrations.Verifier, error) { return integrations.NewHeaderVerifier(v.Header, s) },
			func(s string) http.Header { return http.Header{http.CanonicalHeaderKey(v.Header): {s}} })
	}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func unsigned(string, []byte, time.Time) (http.Header, string, error) { return http.Header{}, "", nil }

// fixed is for a secret that each request carries.
func (c *compiler) fixed(path string, secrets bot.OneOrMany, verifier func([]string) (*integrations.Verifier, error), headers func(string) http.Header) {
	if !c.secrets(path, secrets, shortest) {
		return
	}
	var err error
	if c.verifier, err = verifier(secrets); err != nil {
		c.problem(path, "%v", err)
	}
	c.sign = func(string, []byte, time.Time) (http.Header, string, error) { return headers(secrets[0]), "", nil }
}

// plainPath is what may stand in an address as it is.
const plainPath = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func (c *compiler) path(path string, secrets bot.OneOrMany) {
	c.inPath = true
	for i, s := range secrets {
		if strings.Trim(s, plainPath) != "" {
			c.problem(fmt.Sprintf("%s[%d]", path, i), "stands in an address, so it may have letters, digits, - and _ only; make one with: openssl rand -hex 16")
		}
	}
	c.fixed(path, secrets, integrations.NewPathVerifier, func(string) http.Header { return http.Header{} })
	c.sign = func(string, []byte, time.Time) (http.Header, string, error) {
		return http.Header{}, "/" + secrets[0], nil
	}
}

// secrets checks a list of them.
func (c *compiler) secrets(path string, list bot.OneOrMany, least int) (ok bool) {
	if len(list) == 0 {
		c.problem(path, "is missing, so anybody could send events")
		return false
	}
	ok = true
	for i, s := range list {
		ok = c.secret(fmt.Sprintf("%s[%d]", path, i), s, least) && ok
	}
	return ok
}

func (c *compiler) secret(path, s string, least int) (ok bool) {
	switch {
	case strings.TrimSpace(s) == "":
		c.problem(path, "is empty, so anybody could send events")
	case strings.TrimSpace(s) != s:
		c.problem(path, "has white space around it; remove it")
	case len(s) < least:
		c.problem(path, "has fewer than %d characters; make one with: openssl rand -hex 16", least)
	default:
		return true
	}
	return false
}

// hmac is for signatures. Each secret is for the scheme whose prefix it has, else
// for the first.
func (c *compiler) hmac(path, at string, secrets bot.OneOrMany, ways []HMAC) {
	if !c.secrets(path, secrets, 1) {
		return
	}
	var all []*integrations.Verifier
	for i, way := range ways {
		s, ok := c.scheme(at, way)
		if !ok {
			return
		}
		c.hidden = append(c.hidden, strings.ToLower(s.Header), strings.ToLower(s.TimeHeader))
		c.idHeader = s.IDHeader
		var own []string
		for j, secret := range secrets {
			if chosen(ways, secret) != i {
				continue
			}
			own = append(own, secret)
			if _, err := integrations.NewVerifier(s, []string{secret}); err != nil {
				c.wrongScheme(at, fmt.Sprintf("%s[%d]", path, j), err)
				return
			}
			if c.sign == nil {
				c.sign = func(id string, body []byte, now time.Time) (http.Header, string, error) {
					h, err := s.Sign(secret, id, body, now)
					return h, "", err
				}
			}
		}
		if v, err := integrations.NewVerifier(s, own); err == nil {
			all = append(all, v)
		}
	}
	c.verifier = integrations.AnyOf(all...)
}

// chosen is which of the ways a secret is for.
func chosen(ways []HMAC, secret string) int {
	i := slices.IndexFunc(ways, func(w HMAC) bool { return w.SecretPrefix != "" && strings.HasPrefix(secret, w.SecretPrefix) })
	return max(i, 0)
}

func (c *compiler) wrongScheme(at, secret string, err error) {
	if text, ok := strings.CutPrefix(err.Error(), "secret 0 "); ok {
		c.problem(secret, "%s", text)
		return
	}
	c.problem(at+".signed", "%v", err)
}

// scheme checks the settings that are words.
func (c *compiler) scheme(at string, h HMAC) (integrations.Scheme, bool) {
	before := len(c.found)
	if h.Header == "" {
		c.problem(at+".header", "is missing; name the header with the signature")
	}
	for _, word := range []struct {
		key, value string
		known      []string
	}{
		{"algorithm", h.Algorithm, []string{integrations.SHA256, integrations.SHA512, integrations.SHA1, integrations.Ed25519}},
		{"encoding", h.Encoding, []string{integrations.Hex, integrations.Base64, integrations.Base64URL}},
		{"secret_encoding", h.SecretEncoding, []string{integrations.Hex, integrations.Base64, integrations.Base64URL}},
		{"time_format", h.TimeFormat, []string{integrations.TimeUnix, integrations.TimeMillis, integrations.TimeRFC3339}},
	} {
		if word.value != "" && !slices.Contains(word.known, word.value) {
			c.problem(at+"."+word.key, "must be one of %s", strings.Join(word.known, ", "))
		}
	}
	if h.TimePrefix != "" && h.TimeHeader != "" {
		c.problem(at+".time_header", "and time_prefix are two places for one time; keep one")
	}
	tolerance, err := parseTolerance(h.Tolerance)
	if err != nil {
		c.problem(at+".tolerance", "%v", err)
	}
	signed := h.Signed
	if signed == "" {
		signed = "{body}"
	}
	return integrations.Scheme{
		Header: h.Header, Separator: h.Separator, Prefix: h.Prefix, TimePrefix: h.TimePrefix, TimeHeader: h.TimeHeader, TimeFormat: h.TimeFormat, Tolerance: tolerance,
		IDHeader: h.IDHeader, Signed: signed, Algorithm: h.Algorithm, Encoding: h.Encoding, SecretPrefix: h.SecretPrefix, SecretEncoding: h.SecretEncoding,
	}, len(c.found) == before
}

// maxTolerance is the most that a time may be off.
const maxTolerance = time.Hour

func parseTolerance(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if strings.Trim(text, "0123456789") == "" {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxTolerance {
		return 0, errors.New("must be a time up to 1h, as 3m or 90s")
	}
	return d, nil
}
