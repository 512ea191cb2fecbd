package slack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

const overSocket = "  app_token: xapp-stand-in\n  templates: {visitor: {allow: [everyone]}}\n"

func TestSocketModeNeedsNoAddress(t *testing.T) {
	s := serve(t, options{slack: overSocket})
	s.until(t, "it is connected", func() bool { return s.slack.Connections() == 1 })
	r := s.types(t, anna, office, "visitor holder=Ada to: @cleo")
	has(t, content(*r.Message), "Visit of Ada", "Make void")
	s.types(t, anna, office, "")
	v := s.view(t, anna)
	submitted, err := s.slack.Submit(t.Context(), anna, v, map[string]any{block(t, v, "in.holder"): "Grace"})
	must(t, err)
	if submitted.Failure != "" || len(submitted.Errors) > 0 {
		t.Fatalf("%+v", submitted)
	}
	has(t, content(s.to(t, anna, 2)), "Visit of Grace")
	if got := send(t, signed(t, secret, s.url+"/slack/commands", formType, s.form(ben, office, "help").Encode(), time.Now())); got.code != 404 {
		t.Errorf("%d", got.code)
	}
}

func TestALostSocketIsOpenedAgain(t *testing.T) {
	s := serve(t, options{slack: overSocket})
	answers := func() bool {
		r, err := s.slack.Command(t.Context(), anna, office, "/pass", "help")
		must(t, err)
		return r.Failure == ""
	}
	for _, lose := range []func(){func() {}, s.slack.Drop, func() { s.slack.Disconnect("refresh_requested") }, func() { s.slack.Disconnect("warning") }} {
		lose()
		until(t, "commands are answered", answers)
	}
}

func TestWhatASocketDoesNotTakeIsShortened(t *testing.T) {
	s := serve(t, options{slack: overSocket, address: "https://tickets.example.com"})
	s.until(t, "it is connected", func() bool { return s.slack.Connections() == 1 })
	for n := range 10 {
		s.types(t, anna, office, fmt.Sprintf(`visitor holder="%d %s" guests=2`, n, strings.Repeat("<", 300)))
	}
	r := s.types(t, anna, office, "find <<<<")
	if r.Message == nil || len(r.Body) < 10_000 {
		t.Fatalf("%d bytes: %+v", len(r.Body), r.Message)
	}
	has(t, content(*r.Message), "10 passes", "&lt;&lt;")
}

func TestATokenThatSlackRefusesStopsNothingElse(t *testing.T) {
	s := serve(t, options{slack: overSocket + "  signing_secrets: [" + secret + "]\n", standIn: standins.SlackOptions{AppToken: "xapp-another"}})
	until(t, "it is told", func() bool {
		return strings.Contains(s.log.String(), "slack.bot_token") || strings.Contains(s.log.String(), "Socket Mode")
	})
	has(t, s.slash(t, ben, office, "help").text(t), "/pass list")
}
