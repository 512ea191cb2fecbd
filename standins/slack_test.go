package standins_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

// Ids of SampleWorkspace.
const (
	anna, ben, cleo, dora      = "U0ANNA0001", "U0BEN00001", "U0CLEO0001", "U0DORA0001"
	general, random, boxOffice = "C0GENERAL1", "C0RANDOM01", "C0BOXOFF01"
	crew, secret, oldShow      = "G0CREW0001", "G0SECRET01", "C0OLDSHOW1"
)

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)} }

// workspace is a running stand-in with its clock, and slack-go's client of it.
type workspace struct {
	*standins.Slack
	*clock
	api *slack.Client
}

func startSlack(t *testing.T, opts standins.SlackOptions) *workspace {
	t.Helper()
	c := newClock()
	opts.Now = c.now
	s := standins.NewSlack(opts)
	if err := s.Listen(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &workspace{s, c, slack.New(s.BotToken(), slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(s.AppToken()))}
}

// app is an app at Slack: what it got, and what it answers.
func (w *workspace) app(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	w.SetApp(standins.SlackApp{
		Commands: server.URL + "/slack/commands", Interactivity: server.URL + "/slack/interactions",
		Options: server.URL + "/slack/options", Events: server.URL + "/slack/events",
	})
}

// verified is true where Slack signed the request, a minute ago at most.
func verified(w *workspace, r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	sent, bad := strconv.ParseInt(r.Header.Get("X-Slack-Request-Timestamp"), 10, 64)
	at := time.Unix(sent, 0)
	return err == nil && bad == nil && w.now().Sub(at).Abs() <= time.Minute &&
		r.Header.Get("X-Slack-Signature") == standins.SignSlack(body, w.SigningSecret(), at)
}

func code(err error) string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.Err
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", text, false, false), nil, nil)
}

func TestSlackAuthTestSaysWhoTheBotIs(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	who, err := w.api.AuthTest()
	if err != nil || who.TeamID != "T0HALLONE1" || who.UserID != "U0PASSBOT1" || who.BotID != "B0PASSBOT1" || who.User != "passhook" {
		t.Errorf("%+v %v", who, err)
	}
}

func TestSlackRefusesTokens(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	for token, want := range map[string]string{"": "not_authed", "xoxb-other": "invalid_auth", w.AppToken(): "not_allowed_token_type"} {
		if _, err := slack.New(token, slack.OptionAPIURL(w.APIURL())).AuthTest(); code(err) != want {
			t.Errorf("%q: %v, want %s", token, err, want)
		}
	}
	w.Revoke()
	if _, err := w.api.AuthTest(); code(err) != "token_revoked" {
		t.Error(err)
	}
}

func TestSlackNamesTheMissingScope(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{Scopes: []string{"commands"}})
	_, _, err := w.api.PostMessage(general, slack.MsgOptionText("hello", false))
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "missing_scope" || refused.Needed != "chat:write" || refused.Provided != "commands" {
		t.Errorf("%+v", err)
	}
}

func TestSlackSignaturesAreWhatSlackGoVerifies(t *testing.T) {
	s := standins.NewSlack(standins.SlackOptions{})
	err := errors.New("no request came")
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var verifier slack.SecretsVerifier
		if verifier, err = slack.NewSecretsVerifier(r.Header, s.SigningSecret()); err != nil {
			return
		}
		if _, err = io.Copy(&verifier, r.Body); err == nil {
			err = verifier.Ensure()
		}
	}))
	defer server.Close()
	s.SetApp(standins.SlackApp{Commands: server.URL})
	if _, wrong := s.Command(context.Background(), anna, general, "/pass", "visitor"); wrong != nil || err != nil {
		t.Error(wrong, err)
	}
}

func TestSlackCommandIsAnswered(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var got slack.SlashCommand
	w.app(t, func(rw http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = slack.SlashCommandParse(r); err != nil {
			t.Error(err)
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"text":"On its way."}`))
	})
	reply, err := w.Command(context.Background(), anna, crew, "/pass", "visitor")
	if err != nil || reply.Failure != "" || reply.Message == nil || reply.Message.Text != "On its way." || reply.Message.EphemeralTo != anna {
		t.Errorf("%+v %v", reply, err)
	}
	if got.Text != "visitor" || got.ChannelID != crew || got.ChannelName != "privategroup" || got.UserID != anna || got.TeamID != "T0HALLONE1" || got.IsEnterpriseInstall {
		t.Errorf("%+v", got)
	}
	if len(w.Ephemeral(anna)) != 1 || len(w.Messages(crew)) != 0 {
		t.Error(w.AllMessages())
	}
}

func TestSlackCommandAnsweredTooLate(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(rw http.ResponseWriter, _ *http.Request) {
		w.advance(3001 * time.Millisecond)
		_, _ = rw.Write([]byte("On its way."))
	})
	reply, err := w.Command(context.Background(), anna, general, "/pass", "visitor")
	if err != nil || reply.Failure != standins.SlackTimeout || reply.Message != nil || len(w.Ephemeral(anna)) != 0 {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackCommandAnsweredInTheChannelShowsTheCommand(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"response_type":"in_channel","text":"Done."}`))
	})
	if _, err := w.Command(context.Background(), anna, general, "/pass", "visitor"); err != nil {
		t.Fatal(err)
	}
	messages := w.Messages(general)
	if len(messages) != 2 || messages[0].User != anna || messages[0].Text != "/pass visitor" || messages[1].Text != "Done." {
		t.Errorf("%+v", messages)
	}
}

func TestSlackResponseURLFiveTimesInHalfAnHour(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	respond := func(url string) error {
		_, _, err := w.api.PostMessage("", slack.MsgOptionText("later", false), slack.MsgOptionResponseURL(url, "ephemeral"))
		return err
	}
	reply, err := w.Command(context.Background(), anna, secret, "/pass", "")
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := respond(reply.ResponseURL); err != nil {
			t.Fatal(err)
		}
	}
	if err := respond(reply.ResponseURL); err == nil || len(w.Ephemeral(anna)) != 5 {
		t.Errorf("%v, %d answers", err, len(w.Ephemeral(anna)))
	}
	reply, err = w.Command(context.Background(), anna, secret, "/pass", "")
	if err != nil {
		t.Fatal(err)
	}
	w.advance(30*time.Minute + time.Second)
	if err := respond(reply.ResponseURL); err == nil {
		t.Error("it still answers after half an hour")
	}
}

func TestSlackRepeatsAndForgesRequests(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(rw http.ResponseWriter, r *http.Request) {
		if !verified(w, r) {
			rw.WriteHeader(http.StatusUnauthorized)
		}
	})
	reply, err := w.Command(context.Background(), anna, general, "/pass", "")
	if err != nil || reply.Status != 200 {
		t.Fatal(reply.Status, err)
	}
	if again := w.Repeat(context.Background(), reply.Request); again.Status != 200 {
		t.Error(again.Status)
	}
	for name, change := range map[string]func(*standins.SlackRequest){"wrong": standins.WrongSignature, "old": w.SignedAt(w.now().Add(-6 * time.Minute))} {
		if forged := w.Repeat(context.Background(), reply.Request, change); forged.Status != 401 || forged.Failure != standins.SlackDispatch {
			t.Errorf("%s: %+v", name, forged)
		}
	}
	if check := w.SSLCheck(context.Background()); check.Status != 200 {
		t.Error(check.Status)
	}
}

// post calls a method with JSON, past slack-go.
func post(t *testing.T, w *workspace, method, args string) string {
	t.Helper()
	return raw(t, w, method, "application/json; charset=utf-8", args)
}

func raw(t *testing.T, w *workspace, method, contentType, body string) string {
	t.Helper()
	r, err := http.NewRequest("POST", w.APIURL()+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Authorization", "Bearer "+w.BotToken())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestSlackReadsFormsAndJSON(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	tests := []struct{ method, contentType, body, want string }{
		{"chat.postMessage", "application/x-www-form-urlencoded", "channel=" + general + "&text=a", `"ok":true`},
		{"chat.postMessage", "application/json", `{"channel":"` + general + `","text":"a"}`, `"ok":true`},
		{"chat.postMessage", "application/json", `{"channel":`, "invalid_json"},
		{"chat.postMessage", "application/json", `[]`, "json_not_object"},
		{"chat.postMessage", "text/plain", "channel=" + general, "invalid_post_type"},
		{"chat.postMessage", "", "channel=" + general, "missing_post_type"},
		{"chat.postMessage", "application/json; charset=klingon", "{}", "invalid_charset"},
		{"chat.postMessage", "application/json", `{"text":"a"}`, "missing required field: channel"},
		{"chat.postMessage", "application/json", `{"channel":"#general","text":"a","blocks":"nonsense"}`, "invalid_blocks_format"},
		{"users.info", "application/json", `{"user":"` + anna + `"}`, "invalid_arguments"},
		{"chat.shout", "application/json", `{}`, "unknown_method"},
	}
	for _, tt := range tests {
		if got := raw(t, w, tt.method, tt.contentType, tt.body); !strings.Contains(got, tt.want) {
			t.Errorf("%s %s %s: %s, want %s", tt.method, tt.contentType, tt.body, got, tt.want)
		}
	}
}

func TestSlackFailsAsTold(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	for want, f := range map[string]*standins.Fault{
		"fatal_error": {Status: 200, Code: "fatal_error"}, "503": {Status: 503, Message: "down"}, "EOF": {Status: 0}, "rate limit": {Status: 429, Code: "ratelimited", RetryAfter: "30"},
	} {
		w.Fail(func(*http.Request) *standins.Fault { return f })
		if _, err := w.api.AuthTest(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	w.Fail(nil)
	if _, err := w.api.AuthTest(); err != nil || len(w.Calls()) != 5 {
		t.Error(err, len(w.Calls()))
	}
}
