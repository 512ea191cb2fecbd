package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
	"github.com/passhook/passhook/store"
)

// mailWorkers is how many mails may be on their way at once.
const mailWorkers = senders + 4

// senders is how many mails the workers that issue may send at once, beside
// those of the queue.
const senders = 4

// app is a running passhook, wired.
type app struct {
	config *config.Config
	store  *store.Store
	engine *bot.Engine
	mailer *mailer.Mailer
	now    func() time.Time
	log    *slog.Logger
	// extra adds routes that only dev has.
	extra func(*mux.Router)
}

// project is what a config says, loaded and checked: no network, no database.
type project struct {
	keyring   *certificates.Keyring
	templates map[string]*passes.Template
	program   *bot.Program
}

// loadProject reads certificates, templates and rules. Problems are placed in
// the config file or in the template's own files.
func loadProject(c *config.Config, now time.Time) (*project, problems.List) {
	keyring, found := certificates.Load(c.Signing, now)
	out := c.Place(found.Under("signing"))
	if found.Err() != nil {
		keyring = nil // templates need not complain of that as well
	}
	p, more := loadRules(c, keyring)
	return p, append(out, more...)
}

// loadRules reads templates and rules with certificates that are there.
func loadRules(c *config.Config, keyring *certificates.Keyring) (*project, problems.List) {
	s := settings(c, keyring)
	p := &project{keyring: keyring}
	var out, found problems.List
	p.templates, found = passes.LoadTemplates(os.DirFS(c.Templates), display(c), s)
	out = append(out, found...)
	types := map[string]integrations.TypeInfo{}
	for _, source := range sources(c) {
		known, err := source.Types()
		if err != nil {
			return nil, problems.List{{Text: err.Error()}}
		}
		maps.Copy(types, known)
	}
	p.program, found = bot.Compile(c.Rules, bot.Options{
		Templates: p.templates, Expressions: s.Expressions, Types: types,
		Channels: map[string]func(string) error{integrations.ChannelEmail: mailer.CheckAddress}, ReadFile: os.ReadFile,
	})
	return p, append(out, c.Place(found.Under("rules"))...)
}

// sources are the integrations that events come from. Rules may be on Stripe's
// events before its section is there.
func sources(c *config.Config) map[string]integrations.Source {
	var s stripe.Config
	if c.Stripe != nil {
		s = *c.Stripe
	}
	return map[string]integrations.Source{bot.SourceOwn: bot.Own{}, stripe.SourceName: stripe.NewClient(s)}
}

// settings are those that templates are loaded with.
func settings(c *config.Config, keyring *certificates.Keyring) passes.Settings {
	s := passes.Settings{Expressions: expressions.Settings{Location: c.Location, Locale: c.Locale}, Keyring: keyring}
	if c.Data != "" && exists(c.Data) {
		s.ImageCache = filepath.Join(c.Data, "images")
	}
	return s
}

// display is how the templates folder is named in messages.
func display(c *config.Config) string {
	if rel, err := filepath.Rel(".", c.Templates); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return c.Templates
}

// storeConfig says where a project's store is.
func storeConfig(c *config.Config, now func() time.Time, log *slog.Logger) store.Config {
	return store.Config{Path: filepath.Join(c.Data, "passhook.db"), URL: c.Database, Now: now, Logger: log}
}

// newApp opens the store and wires all parts.
func newApp(ctx context.Context, c *config.Config, p *project, now func() time.Time, log *slog.Logger) (*app, error) {
	secrets, err := bot.NewSecrets(c.Secret)
	if err != nil {
		return nil, err
	}
	a := &app{config: c, now: now, log: log}
	channels := map[string]integrations.Channel{}
	if c.Mail != nil {
		if a.mailer, err = mailer.New(*c.Mail, mailer.Options{Idle: mailWorkers}); err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
		channels[integrations.ChannelEmail] = a.mailer
	}
	if a.store, err = store.Open(ctx, storeConfig(c, now, log)); err != nil {
		return nil, err
	}
	inUse, err := a.store.Secrets(ctx)
	if err == nil {
		err = secrets.Check(inUse)
	}
	if err != nil {
		return nil, closing(err, a)
	}
	var operator []integrations.Recipient
	if to := c.Operator.Email; to != "" && a.mailer != nil {
		operator = append(operator, integrations.Recipient{Channel: integrations.ChannelEmail, Address: to})
	}
	a.engine = bot.New(bot.Config{
		Store: a.store, Renderer: bot.NewRenderer(p.program, secrets, c.URL, now), Sources: sources(c), Operator: operator,
		Channels: channels, Jitter: rand.Float64, Log: log, Senders: senders,
	})
	return a, nil
}

// close lets go of what newApp opened.
func (a *app) close() error {
	var errs []error
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.mailer != nil {
		errs = append(errs, a.mailer.Close())
	}
	return errors.Join(errs...)
}

// closing is err with what closing the app adds to it.
func closing(err error, a *app) error { return errors.Join(err, a.close()) }

// exists reports whether a file is there.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
