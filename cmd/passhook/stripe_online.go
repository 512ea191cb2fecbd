package main

import (
	"context"
	"fmt"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/problems"
)

// online asks the outside services what no file can tell: whether Stripe knows
// the keys and the endpoint, and whether the mail server lets us in. Nothing is
// sent.
func online(ctx context.Context, cfg *config.Config) problems.List {
	var out problems.List
	if cfg.Stripe != nil {
		s := askStripe(ctx, cfg, time.Now(), nil)
		for _, text := range s.Problems {
			out = append(out, problems.Problem{Text: "stripe: " + text})
		}
		for _, text := range s.Notes {
			out = append(out, problems.Problem{Text: "stripe: " + text, Severity: problems.Warning})
		}
	}
	if cfg.Mail != nil {
		if err := mailOnline(ctx, *cfg.Mail); err != nil {
			out = append(out, problems.Problem{Text: fmt.Sprintf("mail: %v", err)})
		}
	}
	return out
}

// mailOnline logs in to the mail server and out again.
func mailOnline(ctx context.Context, c mailer.Config) error {
	m, err := mailer.New(c, mailer.Options{})
	if err != nil {
		return err
	}
	if err := m.CheckServer(ctx); err != nil {
		return err
	}
	return m.Close()
}
