// Package app puts a project together and runs it: parts, each with its routes,
// its work and its end.
package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/bot/phones"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/console"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/api"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/slack"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/wallet"
	"github.com/passhook/passhook/wallet/apns"
)

// Options is what an App needs beside its project.
type Options struct {
	Now func() time.Time
	Log *slog.Logger
	// Signing reads the signing section anew, for certificates that were
	// renewed; nil: they stay as they are, and nobody is told of their end.
	Signing func() ([]certificates.Config, error)
	// Routes are further ones, which only dev has.
	Routes []Route
	// Roots are trusted for Apple's push service in place of the machine's; nil:
	// those. For dev and for tests.
	Roots *x509.CertPool
	// Reachable are addresses that pictures may be fetched from although they are
	// not public: for dev and for tests.
	Reachable []netip.AddrPort
}

// App is a running passhook, wired.
type App struct {
	Options
	Config *config.Config
	Store  *store.Store
	Engine *bot.Engine
	// slackClient is nil without a slack section.
	slackClient *slack.Client

	parts  []Part
	router http.Handler
	// stopping are called when no more requests are taken: who waits for an answer
	// gets one.
	stopping []func()
}

// New opens the store and wires all parts. Run closes them; without it, Close does.
func New(ctx context.Context, c *config.Config, p *Project, o Options) (*App, error) {
	secrets, err := bot.NewSecrets(c.Secret)
	if err != nil {
		return nil, err
	}
	a := &App{Options: o, Config: c}
	if err := a.open(ctx, p, secrets); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// NewMailer makes the channel of mail addresses, as the config's mail section says.
func NewMailer(c *config.Config) (*mailer.Mailer, error) {
	return mailer.New(*c.Mail, mailer.Options{Idle: bot.DeliverySlots})
}

// open makes the parts, lower ones first.
func (a *App) open(ctx context.Context, p *Project, secrets bot.Secrets) (err error) {
	c := a.Config
	var operator []integrations.Recipient
	channels := map[string]integrations.Channel{}
	if c.Mail != nil {
		m, err := NewMailer(c)
		if err != nil {
			return fmt.Errorf("mail: %w", err)
		}
		channels[integrations.ChannelEmail] = m
		a.parts = append(a.parts, Part{Name: "mail", Close: m.Close})
		if c.Operator.Email != "" {
			operator = append(operator, integrations.Recipient{Channel: integrations.ChannelEmail, Address: c.Operator.Email})
		}
	}
	if c.Slack != nil {
		a.slackClient = slack.NewClient(*c.Slack)
		channels[integrations.ChannelSlack] = slack.NewMessenger(a.slackClient, c.URL, a.Now)
		if c.Operator.Slack != "" {
			operator = append(operator, integrations.Recipient{Channel: integrations.ChannelSlack, Address: c.Operator.Slack})
		}
	}
	if a.Store, err = store.Open(ctx, StoreConfig(c, a.Log)); err != nil {
		return err
	}
	a.parts = append(a.parts, Part{Name: "events and deliveries", Close: a.Store.Close, Unfinished: func() string { return a.Engine.Unfinished() }, Run: func(ctx context.Context) error { return a.Engine.Run(ctx) }})
	inUse, err := a.Store.Secrets(ctx)
	if err == nil {
		err = secrets.Check(inUse)
	}
	if err != nil {
		return err
	}
	notifiers, err := notifiers(c, a.Now)
	if err != nil {
		return err
	}
	var push apns.Config
	if c.Push != nil {
		push = *c.Push
	}
	renderer := bot.NewRenderer(p.Program, secrets, c.URL, a.Now)
	renderer.Files = a.Store.Files
	a.Engine = bot.New(bot.Config{
		Store: a.Store, Renderer: renderer, Sources: sources(c), Operator: operator,
		Channels: channels, Notifiers: notifiers, Pusher: apns.New(push, p.Keyring, a.Roots, a.Now), Log: a.Log,
	})
	return a.services(p.Keyring)
}

// services adds the parts that stand on the engine.
func (a *App) services(keyring *certificates.Keyring) error {
	visible := orders.New(a.Engine, a.Config.Locale)
	h := handlers{}
	var err error
	if h.wallet, err = wallet.New(visible, a.Config.Location, a.Log); err != nil {
		return err
	}
	if h.console, err = console.New(visible, a.Log); err != nil {
		return err
	}
	all := phones.New(a.Engine)
	h.phones = wallet.NewService(all, visible, a.Log)
	a.parts = append(a.parts, Part{Name: "phones", Run: a.every("phones that are behind could not be woken again", phones.Again, nil, all.WakeAgain)})
	in := integrations.NewIntake(a.Config.Proxies, a.Now, a.Log)
	if all := Hooks(a.Config); len(all) > 0 {
		if h.hooks, err = hooks.NewHandler(all, in, visible, a.Now, a.Log); err != nil {
			return err
		}
		a.stopping = append(a.stopping, h.hooks.Stop)
	}
	if c := a.Config.Stripe; c != nil {
		reconciler := stripe.NewReconciler(*c, a.Store, a.Engine.Accept, a.Config.Location, a.Now, a.Log)
		if h.stripe, err = stripe.NewWebhook(*c, in, reconciler, a.Log); err != nil {
			return err
		}
		a.parts = append(a.parts, Part{Name: "stripe", Run: a.every("stripe: events that never arrive could not be fetched", stripe.ReconcileEvery, reconciler.Wake(), reconciler.Look)})
	}
	if c := a.Config.Slack; c != nil {
		if h.slack, err = a.slack(*c); err != nil {
			return err
		}
	}
	if c := a.Config.API; c != nil {
		if h.api, err = api.New(*c, api.Options{Engine: a.Engine, Guard: integrations.NewGuard(a.Reachable...), Clients: a.Config.Proxies, URL: a.Config.URL, Log: a.Log}); err != nil {
			return err
		}
	}
	if len(a.Engine.Operator) > 0 {
		a.parts = append(a.parts, Part{Name: "notices", Run: a.every("the operator could not be told", time.Minute, nil, a.Engine.NotifyOperator)})
	}
	if a.Signing != nil {
		a.parts = append(a.parts, a.certificates(keyring)...)
	}
	a.router = a.newRouter(h)
	return nil
}

// Close lets go of what New opened, in the opposite order.
func (a *App) Close() error {
	var errs []error
	for _, p := range slices.Backward(a.parts) {
		if p.Close != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}
