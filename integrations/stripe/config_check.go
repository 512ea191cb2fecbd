package stripe

import (
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/problems"
)

// Modes of the mode setting.
const (
	ModeLive = "live"
	ModeTest = "test"
	ModeBoth = "both"
)

// DefaultAPIURL is where Stripe's API lives.
const DefaultAPIURL = "https://api.stripe.com"

// Check says what is wrong with the section. Paths start inside it.
func (c Config) Check() problems.List {
	var out problems.List
	if len(c.WebhookSecrets) == 0 {
		out = append(out, problems.At("webhook_secrets", "is missing; add the endpoint's signing secret, whsec_…, from Stripe's dashboard under Developers, Webhooks"))
	}
	for i, s := range c.WebhookSecrets {
		if err := checkSecret(s); err != "" {
			out = append(out, problems.At(index("webhook_secrets", i), "%s", err))
		}
	}
	out = append(out, c.checkKeys()...)
	if c.APIURL != "" {
		if u, err := url.Parse(c.APIURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			out = append(out, problems.At("api_url", "is not an address; write https://host, or leave it out for %s", DefaultAPIURL))
		}
	}
	return append(out, c.checkMode()...)
}

func (c Config) checkKeys() problems.List {
	var out problems.List
	if len(c.APIKeys) == 0 {
		out = append(out, problems.At("api_keys", "is missing; line items are read from Stripe's API, so add a restricted key, rk_live_… or rk_test_…, with read access to Checkout Sessions, Products and Prices"))
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
	for _, m := range []string{ModeLive, ModeTest} {
		if len(c.APIKeys) > 0 && (mode == m || mode == ModeBoth) && c.key(m == ModeLive) == "" {
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

// key is the first API key of that mode, or empty.
func (c Config) key(live bool) string {
	want := ModeTest
	if live {
		want = ModeLive
	}
	for _, k := range c.APIKeys {
		if keyMode(k) == want {
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

// checkSecret refuses what would let anybody sign: an HMAC key that is empty
// or that everybody knows.
func checkSecret(s string) string {
	rest, ok := strings.CutPrefix(s, "whsec_")
	switch {
	case strings.TrimSpace(s) == "":
		return "is empty, so anybody could sign events; add the endpoint's signing secret, whsec_…"
	case !ok:
		return "is not a signing secret; it starts with whsec_ and stands on the endpoint's page in Stripe's dashboard"
	case len(strings.TrimSpace(rest)) < 8:
		return "is too short to be a signing secret; copy all of it from Stripe's dashboard"
	case strings.TrimSpace(s) != s:
		return "has white space around it; remove it"
	}
	return ""
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
