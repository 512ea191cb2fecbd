package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/problems"
)

// SourcePrefix begins the sources of passes that were asked for over the API; the
// key's name follows.
const SourcePrefix = "api."

// Scopes: what a key may do.
const (
	ScopeIssue  = "issue"
	ScopeRead   = "read"
	ScopeUpdate = "update"
	ScopeRedeem = "redeem"
)

var scopes = []string{ScopeIssue, ScopeRead, ScopeUpdate, ScopeRedeem}

// DefaultRate is how often a key may be used where the config does not say.
const DefaultRate = "50/s"

// Config is the api section of passhook.yaml.
type Config struct {
	Keys []Key `yaml:"keys" jsonschema_description:"Who may use the API."`
	// CORS are the origins whose pages may call the API from a browser.
	CORS []string `yaml:"cors,omitempty" jsonschema_description:"Origins of pages that may call the API in a browser, as https://shop.example.com; * is all. Default: none."`
	// PassType is needed where there are several certificates.
	PassType string `yaml:"pass_type,omitempty" jsonschema_description:"The pass type identifier of passes without a template. Needed where signing names several certificates."`
}

// Key is somebody who may use the API.
type Key struct {
	// Name is permanent: it is part of what makes a pass unique.
	Name string `yaml:"name" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Permanent: it is part of what makes a pass unique."`
	Key  string `yaml:"key" jsonschema_description:"The secret that is sent as Authorization: Bearer KEY; at least 24 characters."`
	// Allow and Templates are everything where they are empty.
	Allow     []string `yaml:"allow,omitempty" jsonschema:"enum=issue,enum=read,enum=update,enum=redeem" jsonschema_description:"What the key may do. Default: everything."`
	Templates []string `yaml:"templates,omitempty" jsonschema_description:"The templates that it may issue. Default: all of them and passes without one."`
	Rate      string   `yaml:"rate,omitempty" jsonschema_description:"How often it may be used, as 50/s, 600/m or 1000/h. Default: 50/s"`
}

// minKey is the fewest characters of a key.
const minKey = 24

var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Check says what is wrong with the section. Paths start inside it.
func (c Config) Check() problems.List {
	var out problems.List
	if len(c.Keys) == 0 {
		out = append(out, problems.At("keys", "is missing; name who may use the API: [ {name: website, key: \"${API_KEY}\"} ]"))
	}
	names, values := map[string]bool{}, map[string]bool{}
	for i, k := range c.Keys {
		at := fmt.Sprintf("keys[%d]", i)
		out = append(out, k.check().Under(at)...)
		if names[k.Name] {
			out = append(out, problems.At(at+".name", "%s is used twice; give each key its own name", k.Name))
		}
		if values[k.Key] && k.Key != "" {
			out = append(out, problems.At(at+".key", "is that of another name; passhook could not tell who asks"))
		}
		names[k.Name], values[k.Key] = true, true
	}
	for i, origin := range c.CORS {
		if origin != "*" && !isOrigin(origin) {
			out = append(out, problems.At(fmt.Sprintf("cors[%d]", i), "is no origin; write it as https://shop.example.com, without a path"))
		}
	}
	return out
}

func (k Key) check() problems.List {
	var out problems.List
	if !keyName.MatchString(k.Name) {
		out = append(out, problems.At("name", "must be a short name of a to z, 0 to 9, - and _; it never changes"))
	}
	switch {
	case len(k.Key) < minKey:
		out = append(out, problems.At("key", "must have at least %d characters; make one with: openssl rand -hex 24", minKey))
	case strings.ContainsFunc(k.Key, func(r rune) bool { return r <= ' ' || r > '~' }):
		out = append(out, problems.At("key", "may have printable ASCII without spaces only; it is sent in a header"))
	}
	for i, scope := range k.Allow {
		if !slices.Contains(scopes, scope) {
			out = append(out, problems.At(fmt.Sprintf("allow[%d]", i), "%s is unknown; there is %s", scope, strings.Join(scopes, ", ")))
		}
	}
	if k.Rate != "" {
		if _, err := integrations.ParseRate(k.Rate); err != nil {
			out = append(out, problems.At("rate", "%v", err))
		}
	}
	return out
}

var origin = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(:[0-9]+)?$`)

func isOrigin(s string) bool { return origin.MatchString(s) }
