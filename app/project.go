package app

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/api"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/slack"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
	"github.com/passhook/passhook/store"
)

// Project is what a config says, loaded and checked: no network, no database.
type Project struct {
	Keyring   *certificates.Keyring
	Templates map[string]*passes.Template
	Program   *bot.Program
}

// Load reads the config at path and all that belongs to it. It gives everything
// that is wrong at once, sorted; the Project is nil where any of it is an error.
// The error is that there is no config to read.
func Load(path string, o config.Options) (*config.Config, *Project, problems.List, error) {
	var found, wrong problems.List
	o.Warn = func(p problems.Problem) { found = append(found, p) }
	c, err := config.Load(path, o)
	if err != nil && !errors.As(err, &wrong) {
		return nil, nil, nil, err
	}
	found = append(found, wrong...)
	keyring, more := certificates.Load(c.Signing, time.Now())
	more = c.Place(more.Under("signing"))
	if more.Err() != nil {
		keyring = nil // templates need not complain of that as well
	}
	p, rules := LoadRules(c, keyring)
	for _, m := range append(more, rules...) {
		// What could not be read is told once, not again as empty.
		if !slices.ContainsFunc(wrong, func(w problems.Problem) bool { return w.File == m.File && w.Line == m.Line && w.Column == m.Column }) {
			found = append(found, m)
		}
	}
	found.Sort()
	if found.Err() != nil {
		p = nil
	}
	return c, p, found, nil
}

// LoadRules reads templates and rules with certificates that are there; keyring
// is nil where nothing is signed. Problems are placed in the config file or in
// the template's own files.
func LoadRules(c *config.Config, keyring *certificates.Keyring) (*Project, problems.List) {
	p := &Project{Keyring: keyring}
	var out, found problems.List
	p.Templates, found = LoadTemplates(c, keyring)
	out = append(out, found...)
	if c.API != nil {
		t, found := c.API.LoadTemplate(settings(c, keyring))
		if out = append(out, c.Place(found.Under("api"))...); t != nil {
			p.Templates[t.Name] = t
		}
	}
	if c.Slack != nil {
		out = append(out, c.Place(c.Slack.CheckTemplates(p.Templates).Under("slack"))...)
	}
	types := map[string]integrations.TypeInfo{}
	for _, source := range sources(c) {
		known, err := source.Types()
		if err != nil {
			return nil, problems.List{{Text: err.Error()}}
		}
		maps.Copy(types, known)
	}
	p.Program, found = bot.Compile(c.Rules, bot.Options{
		Templates: p.Templates, Expressions: expressionsOf(c), Types: types,
		Channels: Recipients(), ReadFile: os.ReadFile,
	})
	return p, append(out, c.Place(found.Under("rules"))...)
}

// Recipients are what each channel says of a recipient.
func Recipients() map[string]func(recipient string) error {
	return map[string]func(string) error{integrations.ChannelEmail: mailer.CheckAddress, integrations.ChannelSlack: slack.CheckRecipient}
}

// LoadTemplates reads the templates alone.
func LoadTemplates(c *config.Config, keyring *certificates.Keyring) (map[string]*passes.Template, problems.List) {
	return passes.LoadTemplates(os.DirFS(c.Templates), TemplatesFolder(c), settings(c, keyring))
}

// LoadTemplate reads one template, whatever is wrong with others.
func LoadTemplate(c *config.Config, name string, keyring *certificates.Keyring) (*passes.Template, problems.List) {
	return passes.LoadTemplate(os.DirFS(c.Templates), TemplatesFolder(c), name, settings(c, keyring))
}

// settings are those that templates are loaded with.
func settings(c *config.Config, keyring *certificates.Keyring) passes.Settings {
	s := passes.Settings{Expressions: expressionsOf(c), Keyring: keyring}
	if _, err := os.Stat(c.Data); c.Data != "" && err == nil {
		s.ImageCache = filepath.Join(c.Data, "images")
	}
	return s
}

// TemplatesFolder is how the templates folder is named in messages.
func TemplatesFolder(c *config.Config) string {
	if rel, err := filepath.Rel(".", c.Templates); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return c.Templates
}

func expressionsOf(c *config.Config) expressions.Settings {
	return expressions.Settings{Location: c.Location, Locale: c.Locale}
}

// Hooks are the config's, compiled, by name. What is wrong with them was said
// when the config was loaded.
func Hooks(c *config.Config) []*hooks.Hook {
	var out []*hooks.Hook
	for _, name := range slices.Sorted(maps.Keys(c.Hooks)) {
		hook, _ := hooks.Compile(name, c.Hooks[name], expressionsOf(c))
		out = append(out, hook)
	}
	return out
}

// sources are the integrations that events come from. Rules may be on Stripe's
// events before its section is there.
func sources(c *config.Config) map[string]integrations.Source {
	var s stripe.Config
	if c.Stripe != nil {
		s = *c.Stripe
	}
	out := map[string]integrations.Source{bot.SourceOwn: bot.Own{}, stripe.SourceName: stripe.NewClient(s)}
	if c.Slack != nil {
		out[slack.SourceName] = slack.Source{}
	}
	if c.API != nil {
		for _, k := range c.API.Keys {
			name := api.SourcePrefix + k.Name
			out[name] = api.Source{Name: name}
		}
	}
	for _, hook := range Hooks(c) {
		out[hooks.SourceName(hook.Name)] = hook
	}
	return out
}

// StoreConfig says where a project's store is.
func StoreConfig(c *config.Config, log *slog.Logger) store.Config {
	out := store.Config{Path: filepath.Join(c.Data, "passhook.db"), URL: c.Database, Logger: log}
	for _, e := range c.Webhooks {
		out.Endpoints = append(out.Endpoints, store.Endpoint{Name: e.Name, Address: e.Address(), Kinds: e.Types()})
	}
	return out
}
