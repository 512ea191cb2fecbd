// Package config reads passhook.yaml. It puts together the settings that the
// other packages own, fills in what comes from the environment and from
// files, and says everything that is wrong at once, each with its line.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/text/language"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations/api"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/slack"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/integrations/webhooks"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
	"github.com/passhook/passhook/wallet/apns"
)

// DefaultFile is read where no file is named.
const DefaultFile = "passhook.yaml"

// Config is passhook.yaml after Load: variables and files are filled in,
// defaults are set, and relative paths start at the working directory.
type Config struct {
	// File is passhook.yaml as the user named it, and Dir its folder.
	File string `yaml:"-"`
	Dir  string `yaml:"-"`

	URL            string        `yaml:"url,omitempty" jsonschema_description:"Public address, as https://tickets.example.com; links are built on it. http:// is for loopback addresses only."`
	Listen         string        `yaml:"listen,omitempty" jsonschema_description:"Where serve listens. --port beats PORT in the environment beats this. Default: 127.0.0.1:8080"`
	Data           string        `yaml:"data,omitempty" jsonschema_description:"Folder of the SQLite file and of generated files. DATA_DIR in the environment beats it. Default: ./data"`
	Database       string        `yaml:"database,omitempty" jsonschema_description:"postgres://… instead of SQLite."`
	Secret         bot.OneOrMany `yaml:"secret,omitempty" jsonschema_description:"At least 32 characters; serial numbers and links are derived from it. Or a list: the first derives, all verify."`
	Timezone       string        `yaml:"timezone,omitempty" jsonschema_description:"What times are printed in, as Europe/Berlin. Default: UTC"`
	Locale         string        `yaml:"locale,omitempty" jsonschema_description:"What dates and amounts are printed for, as de or en-GB. Default: en"`
	TrustedProxies []string      `yaml:"trusted_proxies,omitempty" jsonschema_description:"Addresses or networks, as 10.0.0.0/8, whose X-Forwarded-For is believed."`
	Operator       Operator      `yaml:"operator,omitempty" jsonschema_description:"Who is told what needs a person."`

	Signing   []certificates.Config   `yaml:"signing,omitempty" jsonschema_description:"Pass type certificates from Apple, one or more."`
	Mail      *mailer.Config          `yaml:"mail,omitempty" jsonschema_description:"How mail is sent."`
	Stripe    *stripe.Config          `yaml:"stripe,omitempty" jsonschema_description:"Stripe's webhooks and API."`
	Slack     *slack.Config           `yaml:"slack,omitempty" jsonschema_description:"A Slack app: its command, its messages, and who may do what."`
	Hooks     map[string]hooks.Config `yaml:"hooks,omitempty" jsonschema_description:"Any JSON that is posted to /hooks/NAME, by that name."`
	API       *api.Config             `yaml:"api,omitempty" jsonschema_description:"The JSON API: who may use it, and from where."`
	Webhooks  []webhooks.Endpoint     `yaml:"webhooks,omitempty" jsonschema_description:"Programs that are told what becomes of passes."`
	Push      *apns.Config            `yaml:"push,omitempty" jsonschema_description:"Apple's push service, which wakes phones."`
	Templates string                  `yaml:"templates,omitempty" jsonschema_description:"Folder of the templates. Default: ./templates"`
	Rules     []bot.Rule              `yaml:"rules,omitempty" jsonschema_description:"Which events issue passes, from which template, delivered to whom."`

	// Location is Timezone, loaded.
	Location *time.Location `yaml:"-"`
	// Language is Locale, parsed.
	Language language.Tag `yaml:"-"`
	// Proxies is TrustedProxies, parsed; a single address is a network of one.
	Proxies []netip.Prefix `yaml:"-"`

	doc *document
}

// Operator is who is told what needs a person: dead deliveries, and events that
// no rule could finish.
type Operator struct {
	Email string `yaml:"email,omitempty" jsonschema_description:"Mail address of the operator."`
	Slack string `yaml:"slack,omitempty" jsonschema_description:"A channel or a person in Slack."`
}

// Section is a part of passhook.yaml that a verb may or may not use.
type Section string

// The sections and the keys that belong to them.
const (
	Server    Section = "server"    // listen, trusted_proxies, operator, and url, which must be given
	Store     Section = "store"     // data, database
	Secret    Section = "secret"    // secret, which must be given
	Signing   Section = "signing"   // signing, which must be given
	Mail      Section = "mail"      // mail
	Stripe    Section = "stripe"    // stripe
	Slack     Section = "slack"     // slack
	API       Section = "api"       // api
	Webhooks  Section = "webhooks"  // webhooks
	Push      Section = "push"      // push
	Hooks     Section = "hooks"     // hooks
	Templates Section = "templates" // templates, timezone, locale; url where it is given
	Rules     Section = "rules"     // rules
)

// sections says which section a top-level key belongs to. What is not named
// belongs to Server.
var sections = map[string][]Section{
	"url": {Server, Templates}, "listen": {Server}, "trusted_proxies": {Server}, "operator": {Server},
	"data": {Store}, "database": {Store}, "secret": {Secret}, "signing": {Signing},
	"mail": {Mail}, "stripe": {Stripe}, "slack": {Slack}, "hooks": {Hooks}, "api": {API}, "webhooks": {Webhooks}, "push": {Push},
	"templates": {Templates}, "timezone": {Templates}, "locale": {Templates}, "rules": {Rules},
}

// Options is what Load needs from outside.
type Options struct {
	// Env looks up the environment, as os.LookupEnv; nil is an empty one. It
	// beats the .env file beside passhook.yaml.
	Env func(name string) (string, bool)
	// Sections are what the caller uses; nil is all of them. In the others,
	// only unknown and duplicate keys are errors, and a value that cannot be
	// had, because its variable or its file is missing, is empty.
	Sections []Section
	// Port is the --port flag: it replaces the port of listen.
	Port *int
	// Warn is told what works but should be looked at; it may be nil.
	Warn func(problems.Problem)
}

// Load reads the file at path, or DefaultFile where path is empty, and checks
// it. The error is a problems.List with all that is wrong, in the order of the
// file, and the Config is as much as could be read, so that its user can look
// for more mistakes; or it wraps fs.ErrNotExist or what else kept the file from
// being read, and there is no Config.
func Load(path string, o Options) (*Config, error) {
	if path == "" {
		path = DefaultFile
	}
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; --config names another, and passhook dev needs none: %w",
			path, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("%s: cannot be read: %w", path, reason(err))
	}
	l := &loader{Options: o, config: &Config{File: path, Dir: filepath.Dir(path)}}
	l.load(raw)
	found := l.config.Place(l.found)
	found.Sort()
	for _, p := range found.Warnings() {
		if o.Warn != nil {
			o.Warn(p)
		}
	}
	return l.config, found.Err()
}

// reason is err without the path, which the caller has already named.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
