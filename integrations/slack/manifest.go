package slack

// Manifest is what a Slack app is made from.
// https://docs.slack.dev/reference/app-manifest
type Manifest struct {
	Display  display  `json:"display_information"`
	Features features `json:"features"`
	OAuth    oauth    `json:"oauth_config"`
	Settings settings `json:"settings"`
}

type display struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

type features struct {
	Home     home           `json:"app_home"`
	Bot      botUser        `json:"bot_user"`
	Commands []slashCommand `json:"slash_commands,omitempty"`
}

// home has the conversation with each person, to which passes are sent.
type home struct {
	Home     bool `json:"home_tab_enabled"`
	Messages bool `json:"messages_tab_enabled"`
	ReadOnly bool `json:"messages_tab_read_only_enabled"`
}

type botUser struct {
	Name   string `json:"display_name"`
	Online bool   `json:"always_online"`
}

type slashCommand struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint"`
	// Escape has people and channels come with their ids.
	Escape bool `json:"should_escape"`
}

type oauth struct {
	Scopes scopes `json:"scopes"`
}

type scopes struct {
	Bot []string `json:"bot"`
}

type settings struct {
	Interactivity interactivity `json:"interactivity"`
	Org           bool          `json:"org_deploy_enabled"`
	Socket        bool          `json:"socket_mode_enabled"`
	Rotation      bool          `json:"token_rotation_enabled"`
}

type interactivity struct {
	Enabled bool   `json:"is_enabled"`
	URL     string `json:"request_url,omitempty"`
	Options string `json:"message_menu_options_url,omitempty"`
}

// Scopes are those that the app needs and no more. addresses is true where
// somebody in Slack is named by a mail address.
func (c Config) Scopes(addresses bool) []string {
	out := []string{"chat:write"}
	if len(c.Templates) > 0 {
		out = append(out, "commands")
	}
	if c.HasGroups() {
		out = append(out, "usergroups:read")
	}
	if addresses {
		out = append(out, "users:read", "users:read.email")
	}
	return out
}

// Manifest is that of the app which the config describes. address is our public
// one, without a slash at the end; socket is true for Socket Mode, which needs
// none. There are no events in it: Slack would ask the address for them before
// there is an app.
func (c Config) Manifest(address string, socket, addresses bool) Manifest {
	if len(c.Templates) == 0 { // they come once there is an app
		c.Templates = map[string]Template{"": {}}
	}
	m := Manifest{
		Display:  display{Name: "passhook", Description: "Apple Wallet passes from Slack"},
		Features: features{Home: home{Messages: true, ReadOnly: true}, Bot: botUser{Name: "passhook", Online: true}},
		OAuth:    oauth{Scopes: scopes{Bot: c.Scopes(addresses)}},
		Settings: settings{Interactivity: interactivity{Enabled: true}, Socket: socket},
	}
	command := slashCommand{Command: c.command(), Description: "Make a pass for Apple Wallet", Hint: "TEMPLATE name=value … [to: @someone] | list | find WHAT | help", Escape: true}
	if !socket {
		command.URL = address + CommandsPath
		m.Settings.Interactivity.URL, m.Settings.Interactivity.Options = address+InteractionsPath, address+OptionsPath
	}
	m.Features.Commands = []slashCommand{command}
	return m
}
