package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/webhooks"
	"github.com/passhook/passhook/store"
)

// webhook sends a sample to an endpoint, past the server. One that was disabled
// and takes it is enabled again.
func (t triggerCmd) webhook(ctx context.Context, c terminal, name string) error {
	if t.From != "" || t.To != "" || t.URL != "" {
		return wrongUse("--from, --to and --url are for events that come in; the endpoint stands in the config")
	}
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Webhooks, config.Store}})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(cfg.Webhooks, func(e webhooks.Endpoint) bool { return e.Name == name })
	if i < 0 {
		return wrongUse(noWebhook(cfg, name))
	}
	sender, err := app.NewSender(cfg.Webhooks[i], time.Now)
	if err != nil {
		return err
	}
	kind := integrations.MessageIssued
	if types := cfg.Webhooks[i].Types(); len(types) > 0 {
		kind = types[0]
	}
	start := time.Now()
	if err := sender.Send(ctx, bot.SampleMessage(kind, start)); err != nil {
		return fmt.Errorf("webhook %s: %w, after %d ms", name, err, time.Since(start).Milliseconds())
	}
	fmt.Fprintf(c.Out, "webhook %s took a sample of %s in %d ms\n", name, kind, time.Since(start).Milliseconds())
	return c.enable(ctx, cfg, name)
}

func noWebhook(cfg *config.Config, name string) string {
	var names []string
	for _, e := range cfg.Webhooks {
		names = append(names, e.Name)
	}
	if len(names) == 0 {
		return "there is no webhook in the config; add one under webhooks"
	}
	return fmt.Sprintf("there is no webhook %s in the config; there is %s", name, strings.Join(names, ", "))
}

// enable lets an endpoint that works get messages again.
func (c terminal) enable(ctx context.Context, cfg *config.Config, name string) error {
	sc := app.StoreConfig(cfg, c.logger())
	if sc.URL == "" && !exists(sc.Path) {
		return nil // no server has run yet
	}
	s, err := store.OpenBeside(ctx, sc)
	if err != nil {
		return err
	}
	defer s.Close()
	why, err := s.Disabled(ctx, name)
	if err != nil || why == "" {
		return err
	}
	fmt.Fprintf(c.Err, "it was disabled (%s) and is enabled again\n", why)
	return s.Enable(ctx, name)
}
