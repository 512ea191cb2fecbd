package stripe_test

import (
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations/stripe"
)

func TestConfigCheck(t *testing.T) {
	good := config()
	for _, tc := range []struct {
		name   string
		change func(*stripe.Config)
		want   string // "" is no problem
	}{
		{"good", func(*stripe.Config) {}, ""},
		{"no secret", func(c *stripe.Config) { c.WebhookSecrets = nil }, "webhook_secrets: is missing"},
		{"empty secret", func(c *stripe.Config) { c.WebhookSecrets = []string{""} }, "webhook_secrets[0]: is empty"},
		{"blank secret", func(c *stripe.Config) { c.WebhookSecrets = []string{secret, " "} }, "webhook_secrets[1]: is empty"},
		{"only the prefix", func(c *stripe.Config) { c.WebhookSecrets = []string{"whsec_"} }, "webhook_secrets[0]: is empty"},
		{"an API key as secret", func(c *stripe.Config) { c.WebhookSecrets = []string{"sk_live_1234567890"} }, "webhook_secrets[0]: is an API key"},
		{"white space", func(c *stripe.Config) { c.WebhookSecrets = []string{secret + " "} }, "webhook_secrets[0]: has white space"},
		{"something else is a warning", func(c *stripe.Config) { c.WebhookSecrets = []string{"secret"} }, "webhook_secrets[0]: warning: does not look like"},
		{"no key", func(c *stripe.Config) { c.APIKeys = nil }, "api_keys: is missing"},
		{"publishable key", func(c *stripe.Config) { c.APIKeys = []string{"pk_live_1"} }, "api_keys[0]: is not a secret or restricted key"},
		{"two live keys", func(c *stripe.Config) { c.APIKeys = []string{"rk_live_1", "sk_live_2"} }, "api_keys[1]: is a second live key"},
		{"unknown mode", func(c *stripe.Config) { c.Mode = "production" }, "mode: must be live, test or both"},
		{"mode without its key", func(c *stripe.Config) { c.Mode = stripe.ModeTest }, "mode: is test, but api_keys has no test key"},
		{"both without a test recipient", func(c *stripe.Config) { c.APIKeys = []string{"rk_live_1", "rk_test_1"} }, "test_recipient: is missing"},
		{"test recipient", func(c *stripe.Config) { c.TestRecipient = "me" }, "test_recipient: is not a mail address"},
		{"since", func(c *stripe.Config) { c.Since = "yesterday" }, "since: is not a date"},
		{"api_url", func(c *stripe.Config) { c.APIURL = "api.stripe.com" }, "api_url: is not an address"},
		{"api_url over a network in the clear", func(c *stripe.Config) { c.APIURL = "http://stripe.example.com" }, "api_url: must begin with https://"},
		{"api_url of this machine", func(c *stripe.Config) { c.APIURL = "http://127.0.0.1:12111" }, ""},
		{"api_url of this machine by name", func(c *stripe.Config) { c.APIURL = "http://localhost:12111" }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := good
			tc.change(&c)
			got := c.Check().Error()
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if strings.Contains(tc.want, "api_keys[") && strings.Contains(got, "mode:") && !strings.Contains(tc.want, "mode") {
				t.Errorf("a wrong key is told twice: %q", got)
			}
		})
	}
}
