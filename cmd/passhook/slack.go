package main

import (
	"strings"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/slack"
)

type slackCmd struct {
	Manifest slackManifestCmd `cmd:"" help:"Print the manifest that the Slack app is made from."`
}

type slackManifestCmd struct {
	Socket bool `help:"For Socket Mode, without a public address. Default: where slack.app_token is set."`
}

// Run prints the manifest as JSON, which Slack takes as it is. Tokens and secrets
// come later: there is no app yet.
func (s slackManifestCmd) Run(c terminal) error {
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Rules}})
	if err != nil {
		return err
	}
	var settings slack.Config
	if cfg.Slack != nil {
		settings = *cfg.Slack
	}
	socket := s.Socket || settings.AppToken != ""
	if !socket && !strings.HasPrefix(cfg.URL, "https://") {
		return wrongUse("Slack posts to https:// addresses only; write the public one into url, or use --socket, which needs none")
	}
	return c.json(settings.Manifest(strings.TrimRight(cfg.URL, "/"), socket, namesAddresses(cfg)))
}

// namesAddresses reports whether somebody in Slack may be named by a mail
// address: an expression may be one.
func namesAddresses(cfg *config.Config) bool {
	lists := [][]map[string]bot.Text{{{integrations.ChannelSlack: bot.Text(cfg.Operator.Slack)}}}
	for _, r := range cfg.Rules {
		lists = append(lists, r.Deliver, r.Notify)
	}
	for _, lines := range lists {
		for _, line := range lines {
			if to := string(line[integrations.ChannelSlack]); strings.Contains(to, "@") || strings.Contains(to, "${{") {
				return true
			}
		}
	}
	return false
}
