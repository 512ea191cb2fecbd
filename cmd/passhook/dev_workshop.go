package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/integrations/slack"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/standins"
)

// devPassType is what passes are signed as where a template names no type.
const devPassType = "pass.com.example.dev"

// devTeam is the team of the throw-away certificates.
const devTeam = "DEV0000000"

// mailboxPath is where dev shows the mails that were sent.
const mailboxPath = "/dev/mail"

// slackPath is where dev shows the workspace that the project's Slack app is in.
const slackPath = "/dev/slack"

// workshop is dev's surroundings: stand-ins for Apple, Stripe, Slack and the
// mail server, and the real app between them.
type workshop struct {
	terminal
	dir        string
	ownProject bool // a project of the user's, not the example
	ca         *standins.CA
	smtp       *standins.SMTP
	stripe     *standins.Stripe
	slack      *standins.Slack // nil where the project has none
	api        *http.Server
	config     *config.Config
	project    *app.Project
	app        *app.App
}

func newWorkshop(ctx context.Context, c terminal, l net.Listener) (*workshop, error) {
	w := &workshop{terminal: c, dir: filepath.Join(c.Dir, devDir), stripe: standins.NewStripe()}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if w.ca, err = standins.NewCA(time.Now()); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(w.dir, "root.pem"), w.ca.RootPEM(), 0o644); err != nil { //nolint:gosec // a public certificate
		return nil, err
	}
	if w.smtp, err = standins.NewSMTP(standins.SMTPOptions{}); err != nil {
		return nil, err
	}
	if err := w.open(ctx, l); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// open starts Stripe's stand-in, loads the project and wires the app.
func (w *workshop) open(ctx context.Context, l net.Listener) error {
	api, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.api = &http.Server{Handler: w.stripe, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = w.api.Serve(api) }()
	if err := w.load(); err != nil {
		return err
	}
	secret, err := w.secret()
	if err != nil {
		return err
	}
	key, err := random(16)
	if err != nil {
		return err
	}
	c := w.config
	c.URL, c.Listen, c.Data, c.Database, c.Secret = "http://"+l.Addr().String(), l.Addr().String(), w.dir, "", []string{secret}
	c.Mail = &mailer.Config{From: devSender(c.Mail), SMTP: "smtp+insecure://" + w.smtp.Addr()}
	c.Stripe = &stripe.Config{WebhookSecrets: []string{"whsec_" + key}, APIKeys: []string{"rk_test_dev"}, APIURL: "http://" + api.Addr().String(), Mode: stripe.ModeTest}
	if err := w.playSlack(); err != nil {
		return err
	}
	c.Webhooks = nil // what is played here is no news for others
	w.leaveOutHooks()
	if err := w.leaveConfig(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(w.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	routes := []app.Route{{Methods: http.MethodGet, Path: mailboxPath + "{rest:.*}", Handler: w.smtp.Handler(mailboxPath).ServeHTTP}}
	if w.slack != nil {
		routes = append(routes, app.Route{Methods: http.MethodGet + " " + http.MethodPost, Path: slackPath + "{rest:.*}", Handler: w.slack.Page(slackPath).ServeHTTP})
	}
	w.app, err = app.New(ctx, c, w.project, app.Options{Now: time.Now, Log: log, Routes: routes})
	return err
}

// playSlack has the project's Slack app work on a stand-in: nothing reaches the
// real workspace. The example has one, in which everybody may issue everything.
func (w *workshop) playSlack() error {
	c := w.config
	switch {
	case c.Slack != nil:
	case w.ownProject:
		return nil
	default:
		c.Slack = &slack.Config{Templates: map[string]slack.Template{}}
		for name := range w.project.Templates {
			c.Slack.Templates[name] = slack.Template{Allow: []string{"everyone"}}
		}
	}
	w.slack = standins.NewSlack(standins.SlackOptions{App: standins.SlackApp{
		Commands: c.URL + slack.CommandsPath, Interactivity: c.URL + slack.InteractionsPath, Options: c.URL + slack.OptionsPath, Events: c.URL + slack.EventsPath, Escape: true,
	}})
	c.Slack = &slack.Config{
		SigningSecrets: []string{w.slack.SigningSecret()}, BotToken: w.slack.BotToken(), Command: c.Slack.Command, Templates: c.Slack.Templates,
	}
	err := w.slack.Listen("")
	c.Slack.APIURL = w.slack.APIURL()
	return err
}

// load reads the project here, or the example where there is none, and has its
// pass types certified.
func (w *workshop) load() error {
	name := w.Config
	if name == "" {
		name = filepath.Join(w.Dir, config.DefaultFile)
	}
	w.ownProject = exists(name) || w.Config != ""
	if !w.ownProject {
		example := filepath.Join(w.dir, "example")
		if err := copyFS(example, examples.FS, "concert"); err != nil {
			return err
		}
		name = filepath.Join(example, config.DefaultFile)
	}
	c, err := w.loadFile(name, config.Options{Sections: []config.Section{config.Templates, config.Rules}})
	if err != nil {
		return err
	}
	bare, found := app.LoadRules(c, nil)
	if err := found.Err(); err != nil {
		return err
	}
	keyring, err := w.certify(bare)
	if err != nil {
		return err
	}
	p, found := app.LoadRules(c, keyring)
	if err := w.terminal.printProblems(found); err != nil {
		return err
	}
	p.Keyring = keyring
	w.config, w.project = c, p
	return nil
}

// certify makes a certificate for every pass type of the templates.
func (w *workshop) certify(p *app.Project) (*certificates.Keyring, error) {
	types := map[string]bool{}
	for _, t := range p.Templates {
		types[t.PassType] = true
	}
	delete(types, "")
	if len(types) == 0 {
		types[devPassType] = true
	}
	var signing []certificates.Config
	for name := range types {
		cert, err := w.ca.Issue(name, devTeam, "passhook dev")
		if err != nil {
			return nil, err
		}
		signing = append(signing, certificates.Config{
			Certificate: string(cert.CertPEM), Key: string(cert.KeyPEM), Intermediate: string(w.ca.IntermediatePEM()),
		})
	}
	keyring, found := certificates.Load(signing, time.Now())
	return keyring, found.Err() // that these do not end at Apple's root is said by play
}

// secret is kept between runs, because the store is.
func (w *workshop) secret() (string, error) {
	name := filepath.Join(w.dir, "secret")
	b, err := os.ReadFile(name)
	if err == nil && len(b) >= 32 {
		return string(b), nil
	}
	fresh, err := random(32)
	if err != nil {
		return "", err
	}
	return fresh, os.WriteFile(name, []byte(fresh), 0o600)
}

// leaveOutHooks leaves out hooks that cannot be used as they are, such as those
// whose secrets are elsewhere.
func (w *workshop) leaveOutHooks() {
	for _, hook := range app.Hooks(w.config) {
		if !hook.Usable() {
			fmt.Fprintf(w.Err, "passhook: hooks.%s is left out; passhook check says what is wrong with it\n", hook.Name)
			delete(w.config.Hooks, hook.Name)
		}
	}
}

// leaveConfig writes a config by which other verbs reach this server.
func (w *workshop) leaveConfig() error {
	c := w.config
	text := fmt.Sprintf("# Made by passhook dev at each start, for the verbs that work beside it.\n"+
		"url: %s\nlisten: %s\ndata: .\nsecret: file:secret\nmail: {from: %q, smtp: %q}\nstripe: {webhook_secrets: [%s], api_keys: [%s], api_url: %q, mode: test}\n",
		c.URL, c.Listen, c.Mail.From, c.Mail.SMTP, c.Stripe.WebhookSecrets[0], c.Stripe.APIKeys[0], c.Stripe.APIURL)
	if !w.ownProject {
		text += "templates: example/templates\n"
	}
	return os.WriteFile(filepath.Join(w.dir, config.DefaultFile), []byte(text), 0o600)
}

func (w *workshop) close() {
	var errs []error
	if w.api != nil {
		errs = append(errs, w.api.Close())
	}
	if w.slack != nil {
		errs = append(errs, w.slack.Close())
	}
	if w.smtp != nil {
		errs = append(errs, w.smtp.Close())
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(w.Err, "passhook:", err)
	}
}

// devSender is the project's own sender where it has one.
func devSender(m *mailer.Config) string {
	if m != nil && len(mailer.Config{From: m.From, SMTP: "smtps://localhost"}.Check()) == 0 {
		return m.From
	}
	return "passhook dev <tickets@example.com>"
}

func random(n int) (string, error) {
	b := make([]byte, n)
	_, err := rand.Read(b)
	return hex.EncodeToString(b), err
}

// copyFS writes one folder of an embedded file system to disk, over what an
// earlier run has left.
func copyFS(dir string, fsys fs.FS, root string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	sub, err := fs.Sub(fsys, root)
	if err != nil {
		return err
	}
	return os.CopyFS(dir, sub)
}
