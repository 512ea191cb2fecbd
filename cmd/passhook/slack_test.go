package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/standins"
)

// slackWorld has a Slack app in its config, of these lines beside its token.
func slackWorld(t *testing.T, lines string) (*world, *standins.Slack) {
	t.Helper()
	w := newWorld(t, "")
	s := standins.NewSlack(standins.SlackOptions{})
	if err := s.Listen(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.write(t, "passhook.yaml", strings.ReplaceAll(worldConfig(w.smtp.Addr(), w.api, ""), "stripe: {", "slack:\n  bot_token: xoxb-stand-in\n  api_url: "+s.APIURL()+"\n"+lines+"stripe: {"))
	return w, s
}

// manifest is what passhook slack manifest prints, in which Slack finds nothing
// wrong.
func manifest(t *testing.T, w *world, flags ...string) (text string, scopes []string) {
	t.Helper()
	cmd := w.command(append([]string{"slack", "manifest"}, flags...)...)
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if wrong := standins.CheckManifest(b); len(wrong) > 0 {
		t.Errorf("%v in %s", wrong, b)
	}
	var m struct {
		OAuth struct {
			Scopes struct{ Bot []string }
		} `json:"oauth_config"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	slices.Sort(m.OAuth.Scopes.Bot)
	return string(b), m.OAuth.Scopes.Bot
}

func TestTheManifestAsksForWhatTheConfigNeeds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, lines, scopes string
		flags, has          []string
	}{
		{"before there is an app", "  signing_secrets: [\"${NOT_YET}\"]\n", "chat:write commands", nil,
			[]string{`"https://tickets.example.com/slack/commands"`, `"https://tickets.example.com/slack/interactions"`, `"should_escape": true`, `"messages_tab_enabled": true`}},
		{"user groups", "  command: /ticket\n  templates: {concert: {allow: [S0BOXOFF01]}}\n", "chat:write commands usergroups:read", nil, []string{`"/ticket"`}},
		{"mail addresses", "operator: {slack: ada@example.com}\n", "chat:write commands users:read users:read.email", nil, nil},
		{"Socket Mode", "  app_token: xapp-1\n", "chat:write commands", nil, []string{`"socket_mode_enabled": true`}},
		{"Socket Mode to come", "", "chat:write commands", []string{"--socket"}, []string{`"socket_mode_enabled": true`}},
	} {
		w, _ := slackWorld(t, tc.lines)
		text, scopes := manifest(t, w, tc.flags...)
		if got := strings.Join(scopes, " "); got != tc.scopes {
			t.Errorf("%s: %s", tc.name, got)
		}
		for _, want := range tc.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in %s", tc.name, want, text)
			}
		}
		if strings.Contains(tc.name, "Socket") == strings.Contains(text, "https://") {
			t.Errorf("%s: %s", tc.name, text)
		}
	}
}

func TestCheckOnlineAsksSlack(t *testing.T) {
	t.Parallel()
	w, s := slackWorld(t, "  signing_secrets: [stand-in-signing-secret]\n  app_token: xapp-stand-in\n  templates: {concert: {allow: [S0BOXOFF01]}}\n")
	if _, told, code := w.setUp(t); code != 0 {
		t.Fatal(told)
	}
	check := func(code int, want string) {
		t.Helper()
		if out, got := w.verb(t, "check", "--online"); got != code || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s", got, out)
		}
	}
	check(0, "ok\n")
	s.SetScopes("commands", "usergroups:read")
	check(1, "slack: bot_token: the app lacks the scope chat:write")
	s.SetScopes("commands", "chat:write")
	check(1, "slack: user group S0BOXOFF01: the app lacks a scope")
	s.Revoke()
	check(1, "slack: bot_token: the token was revoked")
	if n := len(s.AllMessages()); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

// dev has a Slack of its own: the project's tokens may not be there yet, and
// nothing reaches its workspace.
func TestDevPlaysSlack(t *testing.T) {
	t.Parallel()
	w, s := slackWorld(t, "  signing_secrets: [\"${NOT_YET}\"]\n  templates: {concert: {allow: [everyone]}}\n")
	if out, code := w.verb(t, "dev", "--once", "--port", "0"); code != 0 || !strings.Contains(out, "/dev/slack\n") {
		t.Errorf("exit %d: %s", code, out)
	}
	if n := len(s.Calls()); n != 0 {
		t.Errorf("%d calls of another Slack", n)
	}
}

func TestCheckKnowsTheTemplatesOfSlack(t *testing.T) {
	t.Parallel()
	w, _ := slackWorld(t, "  signing_secrets: [x]\n  templates: {conzert: {allow: [everyone]}}\n")
	if out, code := w.verb(t, "check"); code != 1 || !strings.Contains(out, "slack.templates.conzert: there is no template of that name; did you mean concert?") {
		t.Errorf("exit %d: %s", code, out)
	}
}
