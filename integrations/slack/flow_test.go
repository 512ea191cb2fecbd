package slack_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// until waits for what happens in Slack.
func (s *server) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.slack.Wait(ctx, done); err != nil {
		all := ""
		for _, m := range s.slack.AllMessages() {
			all += "\n" + m.Channel + " " + m.EphemeralTo + " " + content(m)
		}
		t.Fatalf("it never came to this: %s\n%s\n%s", what, all, &s.log)
	}
}

// content is what a message shows.
func content(m standins.SlackMessage) string {
	blocks := make([]any, len(m.Blocks))
	for i, b := range m.Blocks {
		blocks[i] = b
	}
	return m.Text + "\n" + shown(blocks)
}

// to is the n-th message in a channel, or for a person alone where that is a
// user.
func (s *server) to(t testing.TB, where string, n int) standins.SlackMessage {
	t.Helper()
	list := func() []standins.SlackMessage {
		if strings.HasPrefix(where, "U") {
			return s.slack.Ephemeral(where)
		}
		return s.slack.Messages(where)
	}
	s.until(t, "a message to "+where, func() bool { return len(list()) >= n })
	m := list()[n-1]
	if m.EphemeralTo == "" && (m.UnfurlLinks == nil || *m.UnfurlLinks || m.UnfurlMedia == nil || *m.UnfurlMedia) {
		t.Errorf("Slack fetches links of %s", content(m))
	}
	return m
}

// dm is the conversation of the bot with a person.
func (s *server) dm(t testing.TB, user string) string {
	t.Helper()
	s.until(t, "a conversation with "+user, func() bool { return s.slack.DM(user) != "" })
	return s.slack.DM(user)
}

// types types a command.
func (s *server) types(t testing.TB, user, channel, text string) standins.SlackReply {
	t.Helper()
	r, err := s.slack.Command(t.Context(), user, channel, "/pass", text)
	must(t, err)
	if r.Failure != "" || r.Took > 3*time.Second {
		t.Fatalf("%s: %s after %s: %d %s\n%s", text, r.Failure, r.Took, r.Status, r.Body, &s.log)
	}
	return r
}

func (s *server) view(t testing.TB, user string) standins.SlackView {
	t.Helper()
	v, ok := s.slack.View(user)
	if !ok {
		t.Fatalf("%s has no form open\n%s", user, &s.log)
	}
	return v
}

// block is the id of a block of the view that begins so.
func block(t testing.TB, v standins.SlackView, prefix string) string {
	t.Helper()
	for _, b := range v.Blocks {
		if id, _ := b["block_id"].(string); strings.HasPrefix(id, prefix) {
			return id
		}
	}
	t.Fatalf("there is no block %s in %v", prefix, v.Blocks)
	return ""
}

func TestAFormIssuesAPass(t *testing.T) {
	s := serve(t, options{})
	s.types(t, anna, office, "")
	v := s.view(t, anna)
	if len(v.Blocks) != 1 {
		t.Errorf("%v", v.Blocks)
	}
	_, err := s.slack.Choose(t.Context(), anna, v, "template", "template", "visitor")
	must(t, err)
	v = s.view(t, anna)
	r, err := s.slack.Submit(t.Context(), anna, v, map[string]any{
		block(t, v, "in.holder"): "Ada Lovelace", block(t, v, "in.starts"): 1798743600, block(t, v, "in.day"): "2026-12-31",
		block(t, v, "in.floor"): "1", block(t, v, "in.guests"): "2", block(t, v, "in.mail"): "ada@example.com",
	})
	must(t, err)
	if r.Failure != "" || len(r.Errors) > 0 || r.Unsent {
		t.Fatalf("%+v", r)
	}
	if _, open := s.slack.View(anna); open {
		t.Error("the form is still open")
	}
	m := s.to(t, anna, 1)
	has(t, content(m), "Visit of Ada Lovelace", "Add to Apple Wallet", s.url+"/p/", "second &amp; third", "-Make void")
	all := s.passes(t)
	if len(all) != 1 || m.Channel != office {
		t.Fatalf("%d passes, answered in %s", len(all), m.Channel)
	}
	has(t, string(all[0].Inputs), `"starts":"2026-12-31T`, `+01:00"`, `"day":"2026-12-31"`, `"guests":2`, `"floor":"second \u0026 third"`)
	again := s.slack.Repeat(t.Context(), r.Request)
	if again.Status != 200 || len(s.passes(t)) != 1 {
		t.Errorf("%d, %d passes", again.Status, len(s.passes(t)))
	}
}

func TestNextShowsTheFieldsWhereChoosingDidNot(t *testing.T) {
	s := serve(t, options{standIn: standins.SlackOptions{}})
	s.types(t, anna, office, "")
	s.slack.Fail(failing("views.update", "internal_error"))
	_, err := s.slack.Choose(t.Context(), anna, s.view(t, anna), "template", "template", "concert")
	must(t, err)
	r, err := s.slack.Submit(t.Context(), anna, s.view(t, anna), nil)
	must(t, err)
	if r.Failure != "" || len(r.Errors) > 0 {
		t.Fatalf("%+v", r)
	}
	block(t, s.view(t, anna), "in.holder")
}

func TestMistakesStandAtTheirFields(t *testing.T) {
	s := serve(t, options{slack: "  signing_secrets: [" + secret + "]\n  templates: {visitor: {allow: [everyone]}}\n"})
	s.types(t, ben, office, "")
	v := s.view(t, ben) // of one template there is nothing to choose
	holder := block(t, v, "in.holder")
	r, err := s.slack.Submit(t.Context(), ben, v, map[string]any{holder: strings.Repeat("ä", 3000), block(t, v, "in.mail"): "ada@example.com", "to.email": "grace@localhost"})
	must(t, err)
	if len(r.Errors) != 0 {
		t.Errorf("%+v", r.Errors)
	}
	s.types(t, ben, office, "")
	v = s.view(t, ben)
	r, err = s.slack.Submit(t.Context(), ben, v, map[string]any{block(t, v, "in.mail"): "ada@example.com"})
	must(t, err)
	if !r.Unsent || r.Errors[holder] == "" {
		t.Errorf("%+v", r)
	}
}

func TestAPersonGetsThePassAndTheIssuerKeepsTheButtons(t *testing.T) {
	s := serve(t, options{address: "https://tickets.example.com"})
	r := s.types(t, anna, office, "visitor holder=Ada to: @cleo to: #box-office to:ada@example.com")
	mine := content(*r.Message)
	has(t, mine, "Visit of Ada", "<@"+cleo+">", "<#"+office+">", "ada@example.com", "Show its QR code", "Make void", "Send again", "-Add to Apple Wallet")
	dm := s.dm(t, cleo)
	has(t, content(s.to(t, dm, 1)), "Visit of Ada", "Add to Apple Wallet", "https://tickets.example.com/p/", ".png", "-Make void")
	has(t, content(s.to(t, office, 1)), "Visit of Ada", "Add to Apple Wallet", "-Make void")
	must(t, s.smtp.Wait(t.Context(), 1))

	for _, button := range []string{"qr"} {
		p, err := s.slack.Press(t.Context(), anna, *r.Message, button)
		must(t, err)
		if p.Failure != "" || !strings.HasPrefix(p.Opened, "https://tickets.example.com/p/") {
			t.Errorf("%s: %+v", button, p)
		}
	}
	p, err := s.slack.Press(t.Context(), anna, *r.Message, "resend")
	must(t, err)
	if p.Failure != "" {
		t.Errorf("%+v", p)
	}
	has(t, content(s.to(t, anna, 2)), "on its way again")

	p, err = s.slack.Press(t.Context(), anna, *r.Message, "void")
	must(t, err)
	if p.Failure != "" {
		t.Errorf("%+v", p)
	}
	has(t, content(s.to(t, anna, 3)), "is void")
	for _, where := range []string{dm, office} {
		s.until(t, "the message says so", func() bool { return strings.Contains(content(s.slack.Messages(where)[0]), "no longer valid") })
		has(t, content(s.slack.Messages(where)[0]), "-Add to Apple Wallet", "-.png")
	}
	s.slack.Repeat(t.Context(), p.Request)
	events, err := s.store.FindEvents(t.Context(), store.Filter{})
	must(t, err)
	if len(events) != 3 {
		t.Errorf("%d events", len(events))
	}
	for _, ev := range events {
		has(t, string(ev.Data), `"by":"slack `+anna+`"`)
	}
}

func TestWithoutAMailServerThereIsNoMail(t *testing.T) {
	s := serve(t, options{noMail: true})
	has(t, content(*s.types(t, anna, office, "visitor holder=Ada to: ada@example.com").Message), "sends nothing by email")
	s.types(t, anna, office, "")
	_, err := s.slack.Choose(t.Context(), anna, s.view(t, anna), "template", "template", "visitor")
	must(t, err)
	for _, b := range s.view(t, anna).Blocks {
		if b["block_id"] == "to.email" {
			t.Error("the form asks for a mail address")
		}
	}
	if n := len(s.passes(t)); n != 0 {
		t.Errorf("%d passes", n)
	}
}

func TestTheIssuerIsToldWhatCannotBeSent(t *testing.T) {
	s := serve(t, options{})
	s.types(t, anna, office, "visitor holder=Ada to:#old-show")
	has(t, content(s.to(t, s.dm(t, anna), 1)), "could not be sent", "archived")
}

func TestWhatSlackTakesNoMoreComesAsAMessage(t *testing.T) {
	s := serve(t, options{})
	opened := s.types(t, anna, office, "")
	_, err := s.slack.Choose(t.Context(), anna, s.view(t, anna), "template", "template", "visitor")
	must(t, err)
	v := s.view(t, anna)
	for range 5 {
		resp, err := http.Post(opened.ResponseURL, "application/json", strings.NewReader(`{"text": "x"}`))
		must(t, err)
		must(t, resp.Body.Close())
	}
	_, err = s.slack.Submit(t.Context(), anna, v, map[string]any{block(t, v, "in.holder"): "Ada"})
	must(t, err)
	has(t, content(s.to(t, s.dm(t, anna), 1)), "Visit of Ada", "Add to Apple Wallet")
}

func TestMembersOfAUserGroupMayIssue(t *testing.T) {
	s := serve(t, options{slack: "  signing_secrets: [" + secret + "]\n  templates: {visitor: {allow: [S0BOXOFF01]}}\n"})
	s.until(t, "the group is read", func() bool { return len(s.slack.Calls()) > 0 })
	until(t, "ben may", func() bool { return strings.Contains(s.slash(t, ben, office, "list").body, "/pass visitor") })
	has(t, s.slash(t, cleo, office, "list").text(t), "You may not issue passes here")
}

// failing has Slack answer a method with an error, and others as ever.
func failing(method, code string) func(*http.Request) *standins.Fault {
	return func(r *http.Request) *standins.Fault {
		if !strings.HasSuffix(r.URL.Path, "/"+method) {
			return nil
		}
		return &standins.Fault{Status: http.StatusOK, Code: code}
	}
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it never came to this: " + what)
		}
	}
}
