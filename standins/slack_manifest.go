package standins

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// slackManifest are the parts of an app manifest that are checked.
// https://docs.slack.dev/reference/app-manifest
type slackManifest struct {
	Display *struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Long        string `json:"long_description"`
		Color       string `json:"background_color"`
	} `json:"display_information"`
	Features struct {
		Bot *struct {
			Name string `json:"display_name"`
		} `json:"bot_user"`
		Commands []struct {
			Command     string `json:"command"`
			URL         string `json:"url"`
			Description string `json:"description"`
			Hint        string `json:"usage_hint"`
		} `json:"slash_commands"`
	} `json:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `json:"bot"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings struct {
		Socket        bool `json:"socket_mode_enabled"`
		Interactivity struct {
			Enabled bool   `json:"is_enabled"`
			URL     string `json:"request_url"`
			Options string `json:"message_menu_options_url"`
		} `json:"interactivity"`
		Events struct {
			URL string   `json:"request_url"`
			Bot []string `json:"bot_events"`
		} `json:"event_subscriptions"`
	} `json:"settings"`
}

var (
	slackColor = regexp.MustCompile(`^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)
	slackScope = regexp.MustCompile(`^[a-z]+(-[a-z]+)*([.:][a-z]+(\.[a-z]+)*)*$`)
)

// CheckManifest is what Slack would refuse of an app manifest in JSON.
func CheckManifest(manifest []byte) []SlackProblem {
	var m slackManifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return []SlackProblem{{Message: "must be a valid JSON object"}}
	}
	c := &slackChecker{}
	m.checkNames(c)
	m.checkCommands(c)
	m.checkSettings(c)
	return c.problems
}

func (m slackManifest) checkNames(c *slackChecker) {
	if m.Display == nil || m.Display.Name == "" {
		c.add("/display_information", "missing required field: name")
	} else {
		c.atMost("/display_information/name", m.Display.Name, 35)
		c.atMost("/display_information/description", m.Display.Description, 140)
		c.atMost("/display_information/long_description", m.Display.Long, 4000)
		if m.Display.Color != "" && !slackColor.MatchString(m.Display.Color) {
			c.add("/display_information/background_color", "must be a color as #RGB or #RRGGBB")
		}
	}
	bot := m.Features.Bot
	if bot != nil {
		c.atMost("/features/bot_user/display_name", bot.Name, 80)
	}
	for i, scope := range m.OAuth.Scopes.Bot {
		if !slackScope.MatchString(scope) {
			c.add("/oauth_config/scopes/bot/"+strconv.Itoa(i), "not a scope: %s", scope)
		}
	}
	if len(m.OAuth.Scopes.Bot) > 0 && bot == nil {
		c.add("/oauth_config/scopes/bot", "bot scopes need a bot user")
	}
}

func (m slackManifest) checkCommands(c *slackChecker) {
	if len(m.Features.Commands) > 50 {
		c.add("/features/slash_commands", "no more than 50 items allowed")
	}
	for i, command := range m.Features.Commands {
		at := "/features/slash_commands/" + strconv.Itoa(i)
		if !strings.HasPrefix(command.Command, "/") || strings.ContainsAny(command.Command, " \t") {
			c.add(at+"/command", "must begin with / and have no spaces")
		}
		if command.Description == "" {
			c.add(at, "missing required field: description")
		}
		c.atMost(at+"/command", command.Command, 32)
		c.atMost(at+"/description", command.Description, 2000)
		c.atMost(at+"/usage_hint", command.Hint, 1000)
		m.checkURL(c, at+"/url", command.URL)
	}
}

func (m slackManifest) checkSettings(c *slackChecker) {
	in := m.Settings.Interactivity
	if in.Enabled {
		m.checkURL(c, "/settings/interactivity/request_url", in.URL)
	}
	if in.Options != "" {
		m.checkURL(c, "/settings/interactivity/message_menu_options_url", in.Options)
	}
	if len(m.Settings.Events.Bot) > 0 || m.Settings.Events.URL != "" {
		m.checkURL(c, "/settings/event_subscriptions/request_url", m.Settings.Events.URL)
	}
}

// checkURL takes no address only with Socket Mode, and no other than https.
func (m slackManifest) checkURL(c *slackChecker, at, address string) {
	if address == "" {
		if !m.Settings.Socket {
			c.add(at, "needs a Request URL or Socket Mode")
		}
		return
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
		c.add(at, "must be a full https URL")
	}
}

func (c *slackChecker) atMost(at, text string, limit int) {
	if utf8.RuneCountInString(text) > limit {
		c.add(at, "must be less than %d characters", limit+1)
	}
}

// validateManifest takes any token here; Slack wants a configuration token.
// https://docs.slack.dev/reference/methods/apps.manifest.validate
func (s *Slack) validateManifest(c *slackCall) slackAnswer {
	errs := []any{}
	for _, p := range CheckManifest([]byte(c.args["manifest"])) {
		errs = append(errs, map[string]any{"message": p.Message, "pointer": p.Pointer})
	}
	if len(errs) == 0 {
		return slackOK(map[string]any{"errors": errs})
	}
	a := slackError("invalid_manifest")
	a["errors"] = errs
	return a
}
