package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
)

// checkOnline asks the outside services what no file says: whether Stripe knows
// the keys and the endpoint, whether Slack knows the tokens, and whether the mail
// server lets us in. Nothing is sent.
func checkOnline(ctx context.Context, cfg *config.Config) problems.List {
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
	if cfg.Slack != nil {
		if err := cfg.Slack.Access(ctx, namesAddresses(cfg)); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				out = append(out, problems.Problem{Text: "slack: " + line})
			}
		}
	}
	if cfg.Mail == nil {
		return out
	}
	m, err := app.NewMailer(cfg)
	if err == nil {
		err = errors.Join(m.CheckServer(ctx), m.Close())
	}
	if err != nil {
		out = append(out, problems.Problem{Text: "mail: " + err.Error()})
	}
	return out
}
