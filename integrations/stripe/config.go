package stripe

import (
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/problems"
)

// Modes of the mode setting.
const (
	ModeLive = "live"
	ModeTest = "test"
	ModeBoth = "both"
)

// ModeOf is ModeLive or ModeTest.
func ModeOf(live bool) string {
	if live {
		return ModeLive
	}
	return ModeTest
}

// DefaultAPIURL is where Stripe's API lives.
const DefaultAPIURL = "https://api.stripe.com"

// Config is the stripe section of passhook.yaml.
type Config struct {
	WebhookSecrets []string `yaml:"webhook_secrets" jsonschema:"description=Signing secrets of the webhook endpoints; any of them may have signed."`
	APIKeys        []string `yaml:"api_keys" jsonschema:"description=Restricted keys with read access. At most one live and one test key."`
	APIURL         string   `yaml:"api_url,omitempty" jsonschema:"description=Default: https://api.stripe.com"`
	Mode           string   `yaml:"mode,omitempty" jsonschema:"enum=live,enum=test,enum=both,description=Which events are worked on. Default: what the keys say."`
	TestRecipient  string   `yaml:"test_recipient,omitempty" jsonschema:"description=With mode both: the only address that test events are sent to."`
	Since          string   `yaml:"since,omitempty" jsonschema:"description=A date as 2026-11-01. Events before it are never fetched by themselves. Default: the first start."`
}

// Check says what is wrong with the section. Paths start inside it.
func (c Config) Check() problems.List {
	var out problems.List
	if len(c.WebhookSecrets) == 0 {
		out = append(out, problems.At("webhook_secrets", "is missing; add the endpoint's signing secret, whsec_…, from Stripe's dashboard under Developers, Webhooks"))
	}
	for i, s := range c.WebhookSecrets {
		out = append(out, checkSecret(index("webhook_secrets", i), s)...)
	}
	out = append(out, c.checkKeys()...)
	if c.APIURL != "" {
		switch u, err := url.Parse(c.APIURL); {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			out = append(out, problems.At("api_url", "is not an address; write https://host, or leave it out for %s", DefaultAPIURL))
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			out = append(out, problems.At("api_url", "must begin with https://, because the key goes there; http:// is for loopback addresses only"))
		}
	}
	return append(out, c.checkMode()...)
}

func (c Config) checkKeys() problems.List {
	var out problems.List
	if len(c.APIKeys) == 0 {
		out = append(out, problems.At("api_keys", "is missing; line items are read from Stripe's API, so add a restricted key, rk_live_… or rk_test_…, with read access to %s", Permissions))
	}
	seen := map[string]bool{}
	for i, k := range c.APIKeys {
		mode := keyMode(k)
		switch {
		case mode == "":
			out = append(out, problems.At(index("api_keys", i), "is not a secret or restricted key; it starts with rk_live_, rk_test_, sk_live_ or sk_test_"))
		case seen[mode]:
			out = append(out, problems.At(index("api_keys", i), "is a second %s key; give at most one live and one test key", mode))
		}
		seen[mode] = true
	}
	return out
}

func (c Config) checkMode() problems.List {
	var out problems.List
	switch c.Mode {
	case "", ModeLive, ModeTest, ModeBoth:
	default:
		return problems.List{problems.At("mode", "must be live, test or both")}
	}
	mode := c.EffectiveMode()
	// A key that is none has its own problem.
	known := c.Mode != "" && !slices.ContainsFunc(c.APIKeys, func(k string) bool { return keyMode(k) == "" })
	for _, m := range []string{ModeLive, ModeTest} {
		if known && len(c.APIKeys) > 0 && (mode == m || mode == ModeBoth) && c.key(m == ModeLive) == "" {
			out = append(out, problems.At("mode", "is %s, but api_keys has no %s key; add one, or change mode", mode, m))
		}
	}
	switch {
	case mode == ModeBoth && c.TestRecipient == "":
		out = append(out, problems.At("test_recipient", "is missing; with mode both, test events are sent to this address only"))
	case c.TestRecipient != "":
		if _, err := mail.ParseAddress(c.TestRecipient); err != nil {
			out = append(out, problems.At("test_recipient", "is not a mail address"))
		}
	}
	if c.Since != "" {
		if _, err := time.Parse(time.DateOnly, c.Since); err != nil {
			out = append(out, problems.At("since", "is not a date; write it as 2026-11-01"))
		}
	}
	return out
}

// EffectiveMode is the mode setting, or what the keys say where there is none.
func (c Config) EffectiveMode() string {
	live, test := c.key(true) != "", c.key(false) != ""
	switch {
	case c.Mode != "":
		return c.Mode
	case live && test:
		return ModeBoth
	case test:
		return ModeTest
	default:
		return ModeLive
	}
}

// applyMode decides by livemode whether the event is worked on, and for whom. It
// is done when an event arrives, and again when it is worked on: meanwhile the
// config may have been changed.
func (c Config) applyMode(e integrations.Event) integrations.Event {
	mode := c.EffectiveMode()
	switch {
	case e.Ignore != "" || mode == ModeBoth && e.Live:
	case mode == ModeBoth:
		e.Redirect = integrations.Recipient{Channel: integrations.ChannelEmail, Address: c.TestRecipient}
	case mode == ModeLive && !e.Live:
		e.Ignore = "it is of test mode, and the config says mode live; to work on it, set stripe.mode to both, with test_recipient, and replay it"
	case mode == ModeTest && e.Live:
		e.Ignore = "it is of live mode, and the config says mode test; to work on it, add the live key to stripe.api_keys, set stripe.mode to live or both, and replay it"
	}
	return e
}

// key is the first API key of that mode, or empty.
func (c Config) key(live bool) string {
	for _, k := range c.APIKeys {
		if keyMode(k) == ModeOf(live) {
			return k
		}
	}
	return ""
}

func keyMode(key string) string {
	for _, mode := range []string{ModeLive, ModeTest} {
		for _, kind := range []string{"rk_", "sk_"} {
			if rest, ok := strings.CutPrefix(key, kind+mode+"_"); ok && rest != "" {
				return mode
			}
		}
	}
	return ""
}

// checkSecret is what is wrong with a signing secret, if anything.
func checkSecret(path, s string) problems.List {
	switch {
	case emptySecret(s):
		return problems.List{problems.At(path, "is empty, so anybody could sign events; add the endpoint's signing secret, whsec_…")}
	case strings.TrimSpace(s) != s:
		return problems.List{problems.At(path, "has white space around it; remove it")}
	case keyMode(s) != "" || strings.HasPrefix(s, "pk_"):
		return problems.List{problems.At(path, "is an API key, not a signing secret; that one starts with whsec_ and stands on the endpoint's page in Stripe's dashboard")}
	case !strings.HasPrefix(s, secretPrefix) || len(s) < 16:
		return problems.List{problems.Warn(path, "does not look like a signing secret of Stripe's; those start with whsec_ and are longer")}
	}
	return nil
}

// emptySecret is true for an HMAC key that everybody knows.
func emptySecret(s string) bool { return strings.TrimSpace(strings.TrimPrefix(s, secretPrefix)) == "" }

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}
