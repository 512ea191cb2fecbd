// Package webhooks tells programs of others what becomes of passes, over HTTP as
// Standard Webhooks has it: https://www.standardwebhooks.com
package webhooks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/problems"
)

// Endpoint is one program that is told, an entry of the webhooks section of
// passhook.yaml.
type Endpoint struct {
	Name string `yaml:"name" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]{0\\,63}$,description=Permanent: what waits for an endpoint is found by it."`
	URL  string `yaml:"url" jsonschema:"description=Where messages are posted to. http:// is for loopback addresses only."`
	// Secret are one or several, which all sign.
	Secret bot.OneOrMany `yaml:"secret" jsonschema:"description=whsec_ and base64 of 24 to 64 bytes; or other text of at least 24 characters. Or a list: all sign."`
	Events []string      `yaml:"events,omitempty" jsonschema:"enum=pass.issued,enum=pass.updated,enum=pass.voided,enum=pass.redeemed,enum=delivery.dead,enum=pass.installed,enum=pass.removed,description=What it is told. Default: everything."`
}

const (
	secretPrefix = "whsec_"
	// leastText is how many characters a secret has that is no base64.
	leastText = 24
	// leastKey and mostKey are how many bytes Standard Webhooks asks for.
	leastKey, mostKey = 24, 64
)

var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Check says what is wrong with the section. Paths start inside it.
func Check(c []Endpoint) problems.List {
	var out problems.List
	first := map[string]int{}
	for i, e := range c {
		found := e.check()
		if at, seen := first[e.Name]; seen && e.Name != "" {
			found = append(found, problems.At("name", "%s is the name of webhooks[%d] as well; give each a name of its own", e.Name, at))
		} else {
			first[e.Name] = i
		}
		out = append(out, found.Under(fmt.Sprintf("[%d]", i))...)
	}
	return out
}

func (e Endpoint) check() problems.List {
	var out problems.List
	switch {
	case e.Name == "":
		out = append(out, problems.At("name", "is missing; give the endpoint a short name, such as crm, that never changes"))
	case !goodName.MatchString(e.Name):
		out = append(out, problems.At("name", "%q is no name; use up to 64 of a to z, 0 to 9, - and _, such as crm", e.Name))
	}
	out = append(out, checkURL(e.URL)...)
	if len(e.Secret) == 0 {
		out = append(out, problems.At("secret", "is missing; make one with: echo whsec_$(openssl rand -base64 32)"))
	}
	for i, s := range e.Secret {
		path := "secret"
		if len(e.Secret) > 1 {
			path = fmt.Sprintf("secret[%d]", i)
		}
		if _, err := key(s); err != nil {
			out = append(out, problems.At(path, "%v; make one with: echo whsec_$(openssl rand -base64 32)", err))
		}
	}
	for i, name := range e.Events {
		out = append(out, checkEvent(fmt.Sprintf("events[%d]", i), name)...)
	}
	return out
}

// checkURL never repeats the address, which may hold a secret.
func checkURL(text string) problems.List {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return problems.List{problems.At("url", "is missing; write where messages are posted to, as https://crm.example.com/passes")}
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.Fragment != "":
		return problems.List{problems.At("url", "is not an address; write it as https://crm.example.com/passes")}
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return problems.List{problems.At("url", "must begin with https://; http:// is for loopback addresses only, such as http://127.0.0.1:3000/passes")}
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

func checkEvent(path, name string) problems.List {
	known := integrations.MessageTypes()
	switch near := problems.Nearest(name, known); {
	case slices.Contains(known, name):
		return nil
	case near != "":
		return problems.List{problems.At(path, "%s is nothing that endpoints are told; did you mean %s?", name, near)}
	}
	return problems.List{problems.At(path, "%s is nothing that endpoints are told; there is %s", name, strings.Join(known, ", "))}
}

// Types are the types of messages that the endpoint is sent, in the order of the
// config.
func (e Endpoint) Types() []string {
	if len(e.Events) == 0 {
		return integrations.MessageTypes()
	}
	return e.Events
}

// Address tells the endpoint's URL from others, without saying what it is.
func (e Endpoint) Address() string {
	sum := sha256.Sum256([]byte(e.URL))
	return hex.EncodeToString(sum[:12])
}

// key is what a secret signs with.
func key(secret string) ([]byte, error) {
	switch encoded, ok := strings.CutPrefix(secret, secretPrefix); {
	case strings.TrimSpace(secret) != secret:
		return nil, errors.New("has white space around it")
	case ok:
		k, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("begins with %s, but the rest is no base64", secretPrefix)
		}
		if len(k) < leastKey || len(k) > mostKey {
			return nil, fmt.Errorf("is the base64 of %d bytes; it must be %d to %d", len(k), leastKey, mostKey)
		}
		return k, nil
	case len(secret) < leastText:
		return nil, fmt.Errorf("must have at least %d characters", leastText)
	}
	return []byte(secret), nil
}
