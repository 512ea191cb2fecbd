package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
)

const exampleEnvironment = `PASSHOOK_SECRET=0123456789abcdef0123456789abcdef
PASSHOOK_NEXT_SECRET=fedcba9876543210fedcba9876543210
PASS_CERTIFICATE_PASSWORD=password
SMTP_PASSWORD=password
STRIPE_WEBHOOK_SECRET=whsec_0123456789abcdef
CRM_WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
STRIPE_API_KEY=rk_live_0123456789abcdef
API_KEY=0123456789abcdef01234567
SLACK_SIGNING_SECRET=0123456789abcdef0123456789abcdef
SLACK_BOT_TOKEN=xoxb-1-2-abc
SHOPIFY_SECRET=0123456789abcdef
MARKET_SECRET=0123456789abcdef
EVENTBRITE_SECRET=0123456789abcdef
EVENTBRITE_TOKEN=0123456789ABCDEFGHIJ
LUMA_TOKEN=0123456789abcdef
ZAPIER_PASSWORD=0123456789abcdef
FORMS_TOKEN=0123456789abcdef
TILL_SECRET=0123456789abcdef
CLUB_SECRET=whsec_MDEyMzQ1Njc4OWFiY2RlZg==
DATABASE_URL=postgres://me:password@127.0.0.1/passhook`

// example is example.yaml with the files that it names.
func example(t *testing.T, edit func([]byte) []byte) (*config.Config, error) {
	t.Helper()
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	project(t, &txtar.Archive{Files: []txtar.File{
		{Name: "passhook.yaml", Data: edit(text)},
		{Name: "certs/pass.p12"}, {Name: "certs/pass.key"}, {Name: "certs/wwdr.pem"}, {Name: "dkim.pem"},
	}})
	return config.Load("", config.Options{
		Env:  environment(exampleEnvironment),
		Warn: func(p problems.Problem) { t.Error(p) },
	})
}

func TestExampleLoads(t *testing.T) {
	c, err := example(t, func(text []byte) []byte { return text })
	if err != nil {
		t.Fatal(err)
	}
	if c.URL != "https://tickets.example.com" || c.Mail.Password != "password" || len(c.Rules) != 2 {
		t.Errorf("got %+v", c)
	}
}

// TestExampleHasEveryKey reads the keys of the schema and looks for each in
// the example, commented out or not.
func TestExampleHasEveryKey(t *testing.T) {
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-z_]+)": \{`).FindAllStringSubmatch(string(schema), -1) {
		key := m[1]
		if key == "properties" || key == "items" {
			continue
		}
		if !regexp.MustCompile(`(?m)^[ #-]*` + key + `:`).Match(text) {
			t.Errorf("example.yaml does not show %s", key)
		}
	}
}

// TestExampleComments takes the comments off settings that are commented out:
// they must be right, too.
func TestExampleComments(t *testing.T) {
	setting := regexp.MustCompile(`(?m)^( *)# (( *)(database|key|intermediate|dkim|domain|selector|api_url|mode|since|sample):.*)$`)
	c, err := example(t, func(text []byte) []byte { return setting.ReplaceAll(text, []byte("$1$2")) })
	if err != nil && strings.Contains(err.Error(), "dkim.key") {
		err = nil // The key is an empty file here.
	}
	if err != nil {
		t.Fatal(err)
	}
	if c != nil && (c.Mail.DKIM == nil || c.Stripe.Since == "" || c.Rules[0].Sample == "") {
		t.Errorf("the comments were not taken off: %+v", c)
	}
}
