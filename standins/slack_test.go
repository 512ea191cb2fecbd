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

func TestSlackPostsAndKeepsHistory(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	channel, ts, err := w.api.PostMessage(general, slack.MsgOptionBlocks(section("*one*")), slack.MsgOptionText("one", false), slack.MsgOptionDisableLinkUnfurl())
	if err != nil || channel != general {
		t.Fatal(channel, err)
	}
	if _, _, _, err = w.api.UpdateMessage(channel, ts, slack.MsgOptionText("two", false)); err != nil {
		t.Fatal(err)
	}
	messages := w.Messages(general)
	if len(messages) != 1 || messages[0].Text != "two" || len(messages[0].History) != 1 || messages[0].History[0].Blocks[0]["type"] != "section" {
		t.Errorf("%+v", messages)
	}
	if u := messages[0].UnfurlLinks; u == nil || *u {
		t.Errorf("unfurl_links is %v", u)
	}
	if _, _, err = w.api.DeleteMessage(channel, ts); err != nil || len(w.Messages(general)) != 0 {
		t.Error(err)
	}
	if _, _, err = w.api.DeleteMessage(channel, ts); code(err) != "message_not_found" {
		t.Error(err)
	}
}

func TestSlackPostsToAUser(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	channel, _, err := w.api.PostMessage(anna, slack.MsgOptionText("hello", false))
	if err != nil || channel != w.DM(anna) || len(w.Messages(channel)) != 1 {
		t.Errorf("%s %v", channel, err)
	}
	opened, _, already, err := w.api.OpenConversation(&slack.OpenConversationParameters{Users: []string{anna}})
	if err != nil || opened.ID != channel || !already {
		t.Errorf("%+v %v", opened, err)
	}
}

func TestSlackRefusesPosts(t *testing.T) {
	long := slack.MsgOptionText(strings.Repeat("a", 4001), false)
	w := startSlack(t, standins.SlackOptions{Scopes: []string{"chat:write", "im:write"}})
	_, ts, err := w.api.PostMessage(general, slack.MsgOptionText("hello", false))
	if err != nil {
		t.Fatal(err)
	}
	hello := slack.MsgOptionText("hello", false)
	tests := []struct {
		want string
		call func() error
	}{
		{"channel_not_found", func() error { _, _, err := w.api.PostMessage("C0NOWHERE1", hello); return err }},
		{"channel_not_found", func() error { _, _, err := w.api.PostMessage(secret, hello); return err }},
		{"channel_not_found", func() error { _, _, err := w.api.PostMessage(dora, hello); return err }},
		{"not_in_channel", func() error { _, _, err := w.api.PostMessage(random, hello); return err }},
		{"is_archived", func() error { _, _, err := w.api.PostMessage(oldShow, hello); return err }},
		{"no_text", func() error { _, _, err := w.api.PostMessage(general); return err }},
		{"msg_too_long", func() error { _, _, _, err := w.api.UpdateMessage(general, ts, long); return err }},
		{"message_not_found", func() error { _, _, _, err := w.api.UpdateMessage(general, "1.000000", hello); return err }},
		{"channel_not_found", func() error { _, _, _, err := w.api.UpdateMessage(anna, ts, hello); return err }},
		{"user_not_in_channel", func() error { _, err := w.api.PostEphemeral(boxOffice, cleo, hello); return err }},
		{"invalid_arguments", func() error { _, err := w.api.PostEphemeral(general, "", hello); return err }},
		{"user_not_found", func() error {
			_, _, _, err := w.api.OpenConversation(&slack.OpenConversationParameters{Users: []string{"U0NOBODY01"}})
			return err
		}},
		{"user_disabled", func() error {
			_, _, _, err := w.api.OpenConversation(&slack.OpenConversationParameters{Users: []string{dora}})
			return err
		}},
	}
	for _, tt := range tests {
		if err := tt.call(); code(err) != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

func TestSlackSaysWhichBlockIsInvalid(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	_, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(section("fine"), section(strings.Repeat("x", 3001))))
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "invalid_blocks" || len(refused.ResponseMetadata.Messages) != 1 ||
		refused.ResponseMetadata.Messages[0] != "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]" {
		t.Errorf("%+v", err)
	}
}

func TestSlackLimitsPostsOfAChannel(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{Rates: standins.SlackRates{PostBurst: 2}})
	post := func(channel string) error {
		_, _, err := w.api.PostMessage(channel, slack.MsgOptionText("hello", false))
		return err
	}
	var limited *slack.RateLimitedError
	for range 2 {
		if err := post(general); err != nil {
			t.Fatal(err)
		}
	}
	if err := post(general); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Fatal(err)
	}
	if err := post(boxOffice); err != nil {
		t.Errorf("another channel: %v", err)
	}
	if !errors.As(post(general), &limited) || w.EarlyCalls() != 1 {
		t.Errorf("%v, %d early", limited, w.EarlyCalls())
	}
	w.advance(time.Second)
	if err := post(general); err != nil || w.EarlyCalls() != 1 {
		t.Error(err, w.EarlyCalls())
	}
}

func TestSlackRefusesAShareOfCalls(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.Refuse(0.25, 30*time.Second)
	refused := 0
	for range 8 {
		_, err := w.api.AuthTest()
		var limited *slack.RateLimitedError
		if errors.As(err, &limited) {
			refused++
			w.advance(limited.RetryAfter)
		}
	}
	if refused != 2 || w.EarlyCalls() != 0 {
		t.Errorf("%d refused, %d early", refused, w.EarlyCalls())
	}
}

func TestSlackFindsPeople(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	if u, err := w.api.GetUserByEmail("ANNA@example.com"); err != nil || u.ID != anna || u.TZ != "Europe/Berlin" || u.TZOffset != 3600 {
		t.Errorf("%+v %v", u, err)
	}
	for _, email := range []string{"dora@example.com", "nobody@example.com"} {
		if _, err := w.api.GetUserByEmail(email); code(err) != "users_not_found" {
			t.Errorf("%s: %v", email, err)
		}
	}
	if u, err := w.api.GetUserInfo(dora); err != nil || !u.Deleted {
		t.Errorf("%+v %v", u, err)
	}
	if _, err := w.api.GetUserInfo("U0NOBODY01"); code(err) != "user_not_found" {
		t.Error(err)
	}
	if members, err := w.api.GetUserGroupMembers("S0BOXOFF01"); err != nil || len(members) != 2 {
		t.Error(members, err)
	}
	if _, err := w.api.GetUserGroupMembers("S0NOBODY01"); code(err) != "no_such_subteam" {
		t.Error(err)
	}
}

func TestSlackHidesAddressesWithoutTheirScope(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{Scopes: []string{"users:read"}})
	if u, err := w.api.GetUserInfo(anna); err != nil || u.Profile.Email != "" {
		t.Errorf("%+v %v", u, err)
	}
	if _, err := w.api.GetUserByEmail("anna@example.com"); code(err) != "missing_scope" {
		t.Error(err)
	}
}

func TestSlackListsChannelsByCursor(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var ids []string
	params := &slack.GetConversationsParameters{Limit: 2, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"}}
	for {
		page, next, err := w.api.GetConversations(params)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			ids = append(ids, c.ID)
		}
		if params.Cursor = next; next == "" {
			break
		}
	}
	if got := strings.Join(ids, " "); got != general+" "+boxOffice+" "+random+" "+crew {
		t.Error(got)
	}
	params.Cursor = "made up"
	if _, _, err := w.api.GetConversations(params); code(err) != "invalid_cursor" {
		t.Error(err)
	}
	if c, err := w.api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: crew}); err != nil || c.Name != "crew" || !c.IsPrivate {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := w.api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: secret}); code(err) != "channel_not_found" {
		t.Error(err)
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

func TestSlackTriggerOpensOneModalWithin3Seconds(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	trigger := func() string {
		reply, err := w.Command(context.Background(), anna, general, "/pass", "")
		if err != nil {
			t.Fatal(err)
		}
		return reply.TriggerID
	}
	first := trigger()
	if _, err := w.api.OpenView(first, modal()); err != nil {
		t.Fatal(err)
	}
	if v, ok := w.View(anna); !ok || v.Title != "New pass" || v.Values["holder"]["value"] == nil {
		t.Errorf("%+v", v)
	}
	if _, err := w.api.OpenView(first, modal()); code(err) != "exchanged_trigger_id" {
		t.Error(err)
	}
	late := trigger()
	w.advance(3001 * time.Millisecond)
	if _, err := w.api.OpenView(late, modal()); code(err) != "expired_trigger_id" {
		t.Error(err)
	}
	if _, err := w.api.OpenView("1.2.3", modal()); code(err) != "invalid_trigger_id" {
		t.Error(err)
	}
}

func modal() slack.ModalViewRequest {
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	input := slack.NewPlainTextInputBlockElement(nil, "value")
	return slack.ModalViewRequest{
		Type: "modal", Title: plain("New pass"), Submit: plain("Issue"), Close: plain("Cancel"), CallbackID: "issue", PrivateMetadata: "visitor",
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock("holder", plain("Holder"), nil, input)}},
	}
}

func TestSlackUpdatesAView(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	reply, err := w.Command(context.Background(), anna, general, "/pass", "")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := w.api.OpenView(reply.TriggerID, modal())
	if err != nil {
		t.Fatal(err)
	}
	changed := modal()
	changed.Title.Text = "Changed"
	if _, err := w.api.UpdateView(changed, "", "other", opened.ID); code(err) != "hash_conflict" {
		t.Error(err)
	}
	if _, err := w.api.UpdateView(changed, "", "", "V0NOWHERE1"); code(err) != "not_found" {
		t.Error(err)
	}
	if _, err := w.api.UpdateView(changed, "", opened.Hash, opened.ID); err != nil {
		t.Error(err)
	}
	if v, _ := w.View(anna); v.Title != "Changed" || len(v.History) != 1 {
		t.Errorf("%+v", v)
	}
	changed.Title.Text = strings.Repeat("x", 25)
	if _, err := w.api.UpdateView(changed, "", "", opened.ID); code(err) != "invalid_arguments" {
		t.Error(err)
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
