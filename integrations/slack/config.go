package slack

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

const (
	// DefaultAPIURL is where Slack's Web API lives.
	DefaultAPIURL = "https://slack.com/api/"
	// DefaultCommand is the slash command where the config does not say.
	DefaultCommand = "/pass"
)

// Everyone stands for all people of the workspace under allow.
const Everyone = "everyone"

// Config is the slack section of passhook.yaml.
type Config struct {
	SigningSecrets []string `yaml:"signing_secrets,omitempty" jsonschema:"description=Signing secrets of the Slack app; any of them may have signed. Needed unless app_token is set."`
	BotToken       string   `yaml:"bot_token" jsonschema:"description=The app's bot token, xoxb-…"`
	// AppToken, where it is set, has events come over a socket that we open.
	AppToken string `yaml:"app_token,omitempty" jsonschema:"description=An app-level token, xapp-…, with connections:write. Where it is set, Slack is reached over Socket Mode, without a public address."`
	APIURL   string `yaml:"api_url,omitempty" jsonschema:"description=Default: https://slack.com/api/"`
	Command  string `yaml:"command,omitempty" jsonschema:"description=The slash command. Default: /pass"`
	// Templates are those that may be issued, found, voided and resent from
	// Slack.
	Templates map[string]Template `yaml:"templates,omitempty" jsonschema:"description=What may be issued from Slack, by the names of templates, and by whom. What is not named here may not."`
}

// Template says who may do something with passes of a template.
type Template struct {
	Allow []string `yaml:"allow" jsonschema:"description=everyone, or ids of users (U…), user groups (S…) and channels (C…)."`
}

// command is the slash command as people type it.
func (c Config) command() string {
	if c.Command == "" {
		return DefaultCommand
	}
	return c.Command
}

// apiURL ends in a slash.
func (c Config) apiURL() string {
	if c.APIURL == "" {
		return DefaultAPIURL
	}
	return strings.TrimSuffix(c.APIURL, "/") + "/"
}

// Check says what is wrong with the section. Paths start inside it.
func (c Config) Check() problems.List {
	out := c.checkSecrets()
	switch {
	case c.BotToken == "":
		out = append(out, problems.At("bot_token", "is missing; add the app's bot token, xoxb-…, which stands under OAuth & Permissions once the app is installed"))
	case !strings.HasPrefix(c.BotToken, "xoxb-"):
		out = append(out, problems.At("bot_token", "is no bot token; that one starts with xoxb- and stands under OAuth & Permissions"))
	}
	if c.AppToken != "" && !strings.HasPrefix(c.AppToken, "xapp-") {
		out = append(out, problems.At("app_token", "is no app-level token; that one starts with xapp- and is made under Basic Information"))
	}
	if c.APIURL != "" {
		switch u, err := url.Parse(c.APIURL); {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "":
			out = append(out, problems.At("api_url", "is not an address; write https://host/api/, or leave it out for %s", DefaultAPIURL))
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			out = append(out, problems.At("api_url", "must begin with https://, because the tokens go there; http:// is for loopback addresses only"))
		}
	}
	if !commandName.MatchString(c.command()) {
		out = append(out, problems.At("command", "is no slash command; write it as /pass, with a to z, 0 to 9, - and _, at most 32 characters"))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Templates)) {
		out = append(out, c.Templates[name].check().Under("templates."+name)...)
	}
	return out
}

var commandName = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)

func (c Config) checkSecrets() problems.List {
	var out problems.List
	if len(c.SigningSecrets) == 0 && c.AppToken == "" {
		out = append(out, problems.At("signing_secrets", "is missing; add the signing secret that stands under Basic Information of the app, or app_token for Socket Mode"))
	}
	for i, s := range c.SigningSecrets {
		at := fmt.Sprintf("signing_secrets[%d]", i)
		switch {
		case strings.TrimSpace(s) == "":
			out = append(out, problems.At(at, "is empty, so anybody could sign requests; add the signing secret that stands under Basic Information of the app"))
		case strings.TrimSpace(s) != s:
			out = append(out, problems.At(at, "has white space around it; remove it"))
		case strings.HasPrefix(s, "xoxb-") || strings.HasPrefix(s, "xapp-"):
			out = append(out, problems.At(at, "is a token, not a signing secret; that one stands under Basic Information of the app"))
		}
	}
	return out
}

var allowedID = regexp.MustCompile(`^[UWSCG][A-Z0-9]{4,}$`)

func (t Template) check() problems.List {
	var out problems.List
	if len(t.Allow) == 0 {
		out = append(out, problems.At("allow", "is missing; write who may issue the template: [everyone], or ids of users, user groups and channels"))
	}
	for i, who := range t.Allow {
		if who != Everyone && !allowedID.MatchString(who) {
			out = append(out, problems.At(fmt.Sprintf("allow[%d]", i), "%s is no id; write everyone, or the id of a user (U…), a user group (S…) or a channel (C…), which Slack shows under Copy ID", who))
		}
	}
	return out
}

// CheckTemplates says which of the section's templates are none.
func (c Config) CheckTemplates(templates map[string]*passes.Template) problems.List {
	var out problems.List
	names := slices.Collect(maps.Keys(templates))
	for _, name := range slices.Sorted(maps.Keys(c.Templates)) {
		at := "templates." + name
		t := templates[name]
		if t == nil {
			near := problems.Nearest(name, names)
			if near != "" {
				near = "; did you mean " + near + "?"
			}
			out = append(out, problems.At(at, "there is no template of that name%s", near))
			continue
		}
		for _, in := range t.Inputs {
			if in.Required && in.Default == nil && fieldOf(in) == nil {
				out = append(out, problems.At(at, "its input %s is of type %s, which nobody can enter in Slack; make it optional", in.Name, in.Type))
			}
		}
	}
	return out
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}
