package app

import (
	"net/http"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/slack"
)

// slack makes the handler of what Slack sends, and its parts.
func (a *App) slack(c slack.Config) (*slack.Handler, error) {
	h, err := slack.New(c, slack.Options{
		Engine: a.Engine, Client: a.slackClient, Intake: integrations.NewIntake(a.Config.Proxies, a.Now, a.Log), Zone: a.Config.Location, Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	if c.HasGroups() {
		a.parts = append(a.parts, Part{Name: "slack's user groups", Run: a.every("slack: members of user groups could not be read", slack.GroupsEvery, nil, h.RefreshGroups)})
	}
	if c.AppToken != "" {
		a.parts = append(a.parts, Part{Name: "slack's socket", Run: a.every("slack: nothing comes over Socket Mode", slack.SocketRetry, nil, h.Listen)})
	}
	return h, nil
}

// slackRoutes are those that Slack posts to. Its intake has a limit of its own.
func slackRoutes(h *slack.Handler) []Route {
	var out []Route
	for path, handler := range map[string]http.HandlerFunc{
		slack.CommandsPath: h.Commands, slack.InteractionsPath: h.Interactions, slack.OptionsPath: h.Suggestions, slack.EventsPath: h.Events,
	} {
		out = append(out, Route{write, path, handler, false})
	}
	return out
}
