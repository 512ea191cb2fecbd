package standins_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject("plain_text", text, false, false)
}

func option(value string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(value, plain(strings.ToUpper(value)), nil)
}

func TestSlackButtonOfAMessage(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var got slack.InteractionCallback
	w.app(t, func(_ http.ResponseWriter, r *http.Request) { got, _ = slack.InteractionCallbackParse(r) })
	link := slack.NewButtonBlockElement("open", "", plain("Open")).WithURL("https://tickets.example.com/p/x")
	void := slack.NewButtonBlockElement("void", "pass 1", plain("Void"))
	if _, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(section("A pass"), slack.NewActionBlock("", link, void))); err != nil {
		t.Fatal(err)
	}
	m := w.Messages(general)[0]
	reply, err := w.Press(context.Background(), ben, m, "void")
	if err != nil || reply.Failure != "" || reply.Opened != "" {
		t.Errorf("%+v %v", reply, err)
	}
	action := got.ActionCallback.BlockActions[0]
	if got.User.ID != ben || got.Channel.ID != general || got.Message.Timestamp != m.TS || action.Value != "pass 1" || action.BlockID == "" || got.ResponseURL != reply.ResponseURL {
		t.Errorf("%+v", got)
	}
	if reply, err := w.Press(context.Background(), ben, m, "Open"); err != nil || reply.Opened != "https://tickets.example.com/p/x" || got.ActionCallback.BlockActions[0].ActionID != "open" {
		t.Errorf("%+v %v", reply, err)
	}
	if _, _, err := w.api.PostMessage("", slack.MsgOptionText("Voided.", false), slack.MsgOptionReplaceOriginal(reply.ResponseURL)); err != nil {
		t.Fatal(err)
	}
	if m := w.Messages(general)[0]; m.Text != "Voided." || len(m.Blocks) != 0 || len(m.History) != 1 {
		t.Errorf("%+v", m)
	}
	if _, _, err := w.api.PostMessage("", slack.MsgOptionDeleteOriginal(reply.ResponseURL)); err != nil || len(w.Messages(general)) != 0 {
		t.Error(err, w.Messages(general))
	}
}

func TestSlackButtonWithoutAHandler(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	link := slack.NewButtonBlockElement("open", "", plain("Open")).WithURL("https://tickets.example.com/p/x")
	if _, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(slack.NewActionBlock("", link))); err != nil {
		t.Fatal(err)
	}
	reply, err := w.Press(context.Background(), ben, w.Messages(general)[0], "open")
	if err != nil || reply.Failure != standins.SlackDispatch || reply.Opened == "" {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackEphemeralStaysEphemeral(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	button := slack.NewButtonBlockElement("send", "", plain("Send"))
	if _, err := w.api.PostEphemeral(general, anna, slack.MsgOptionBlocks(slack.NewActionBlock("", button))); err != nil {
		t.Fatal(err)
	}
	m := w.Ephemeral(anna)[0]
	if _, err := w.Press(context.Background(), ben, m, "send"); err == nil {
		t.Error("ben presses what only anna sees")
	}
	reply, err := w.Press(context.Background(), anna, m, "send")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.api.PostMessage("", slack.MsgOptionText("Sent.", false), slack.MsgOptionReplaceOriginal(reply.ResponseURL), slack.MsgOptionResponseURL(reply.ResponseURL, "in_channel"))
	if err != nil || len(w.Messages(general)) != 0 {
		t.Error(err, w.Messages(general))
	}
	if m := w.Ephemeral(anna)[0]; m.Text != "Sent." {
		t.Errorf("%+v", m)
	}
	if _, _, err := w.api.DeleteMessage(general, m.TS); code(err) != "message_not_found" {
		t.Error(err)
	}
}

func TestSlackEscapesMentions(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var text string
	w.app(t, func(_ http.ResponseWriter, r *http.Request) { text = r.PostFormValue("text") })
	w.Slack.SetApp(withEscape(w))
	if _, err := w.Command(context.Background(), anna, general, "/pass", "visitor @ben #crew #general <b> @nobody"); err != nil {
		t.Fatal(err)
	}
	if want := "visitor <@" + ben + "> <#" + crew + "|> <#" + general + "|general> &lt;b&gt; @nobody"; text != want {
		t.Errorf("got %s", text)
	}
}

func withEscape(w *workspace) standins.SlackApp {
	app := w.App()
	app.Escape = true
	return app
}

func TestSlackSendsAnEventUntilItIsTaken(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var retries []string
	w.app(t, func(rw http.ResponseWriter, r *http.Request) {
		retries = append(retries, r.Header.Get("X-Slack-Retry-Num")+r.Header.Get("X-Slack-Retry-Reason"))
		switch len(retries) {
		case 1:
			rw.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			w.advance(4 * time.Second)
		}
	})
	replies := w.Event(context.Background(), map[string]any{"type": "app_home_opened", "user": anna})
	if len(replies) != 3 || strings.Join(retries, " ") != " 1http_error 2http_timeout" {
		t.Errorf("%+v %q", replies, retries)
	}
}

func TestSlackCommandHasNothingToReplace(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	reply, err := w.Command(context.Background(), anna, general, "/pass", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Working on it.", "Done."} {
		if _, _, err := w.api.PostMessage("", slack.MsgOptionText(text, false), slack.MsgOptionReplaceOriginal(reply.ResponseURL)); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.Ephemeral(anna)) != 2 {
		t.Errorf("%+v", w.Ephemeral(anna))
	}
}

func TestSlackNewMessageFromAButton(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	if _, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(slack.NewActionBlock("", slack.NewButtonBlockElement("more", "", plain("More"))))); err != nil {
		t.Fatal(err)
	}
	reply, err := w.Press(context.Background(), ben, w.Messages(general)[0], "more")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(reply.ResponseURL, "application/json", strings.NewReader(`{"text":"More.","replace_original":false}`))
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
	if m := w.Ephemeral(ben); len(m) != 1 || m[0].Text != "More." || len(w.Messages(general)) != 1 {
		t.Errorf("%+v", w.AllMessages())
	}
}

func TestSlackShowsJSONThatIsNotCalledSo(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"text":"Done."}`)) })
	if reply, err := w.Command(context.Background(), anna, general, "/pass", ""); err != nil || reply.Message.Text != `{"text":"Done."}` {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackRemembersWhatIsChosenInAMessage(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var got slack.InteractionCallback
	w.app(t, func(_ http.ResponseWriter, r *http.Request) { got, _ = slack.InteractionCallbackParse(r) })
	choice := slack.NewOptionsSelectBlockElement("static_select", plain("Which"), "which", option("visitor"), option("member"))
	if _, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(slack.NewActionBlock("a", choice, slack.NewButtonBlockElement("send", "", plain("Send"))))); err != nil {
		t.Fatal(err)
	}
	m := w.Messages(general)[0]
	if _, err := w.ChooseInMessage(context.Background(), ben, m, "which", "member"); err != nil || got.ActionCallback.BlockActions[0].SelectedOption.Value != "member" {
		t.Fatal(err)
	}
	if _, err := w.Press(context.Background(), ben, m, "send"); err != nil || got.BlockActionState.Values["a"]["which"].SelectedOption.Value != "member" {
		t.Errorf("%+v %v", got.BlockActionState, err)
	}
	if _, err := w.Press(context.Background(), anna, m, "send"); err != nil || got.BlockActionState.Values["a"]["which"].SelectedOption.Value != "" {
		t.Errorf("anna sees what ben chose: %+v %v", got.BlockActionState, err)
	}
}

func TestSlackManyCommandsAtOnce(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{Rates: standins.SlackRates{None: true}})
	w.app(t, func(_ http.ResponseWriter, r *http.Request) {
		command, err := slack.SlashCommandParse(r)
		if err != nil {
			t.Error(err)
		}
		if _, err := w.api.OpenView(command.TriggerID, modal()); err != nil {
			t.Error(err)
		}
		if _, _, err := w.api.PostMessage(general, slack.MsgOptionText(command.Text, false)); err != nil {
			t.Error(err)
		}
	})
	done := make(chan error)
	users := []string{anna, ben, cleo}
	for i := range 30 {
		go func() {
			_, err := w.Command(context.Background(), users[i%3], general, "/pass", "visitor")
			done <- err
		}()
	}
	for range 30 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	messages := w.Messages(general)
	for i := 1; i < len(messages); i++ {
		if messages[i].TS <= messages[i-1].TS {
			t.Errorf("%s comes after %s", messages[i].TS, messages[i-1].TS)
		}
	}
	if len(messages) != 30 || len(w.Views(anna)) != 1 {
		t.Errorf("%d messages, %d views", len(messages), len(w.Views(anna)))
	}
}

func TestSlackResponseURLRefusesNonsense(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	reply, err := w.Command(context.Background(), anna, general, "/pass", "")
	if err != nil {
		t.Fatal(err)
	}
	send := func(url, body string) int {
		resp, err := http.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for body, want := range map[string]int{
		"nonsense": 400, `{}`: 400, `{"blocks":[{"type":"marquee"}]}`: 400,
		`{"text":"in the thread","response_type":"in_channel","replace_original":false,"thread_ts":"1.000001"}`: 200,
	} {
		if got := send(reply.ResponseURL, body); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
	if got := send(reply.ResponseURL+"0", `{"text":"a"}`); got != 404 {
		t.Errorf("another address: %d", got)
	}
	if m := w.Messages(general); len(m) != 1 || m[0].ThreadTS != "1.000001" {
		t.Errorf("%+v", m)
	}
	w.Fail(func(r *http.Request) *standins.Fault { return &standins.Fault{Status: 503} })
	if got := send(reply.ResponseURL, `{"text":"a"}`); got != 503 {
		t.Errorf("scripted: %d", got)
	}
}

func TestSlackVerifiesTheEventsURL(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	answers := true
	w.app(t, func(rw http.ResponseWriter, r *http.Request) {
		var body struct{ Type, Challenge string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Type != "url_verification" {
			t.Error(err, body)
		}
		if answers {
			_, _ = rw.Write([]byte(body.Challenge))
		}
	})
	if !w.VerifyURL(context.Background()) {
		t.Error("the answer is not taken")
	}
	answers = false
	if w.VerifyURL(context.Background()) {
		t.Error("no answer is taken")
	}
}

func TestSlackRefusesWhatNobodyCanDo(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	ctx := context.Background()
	if _, err := w.Command(ctx, "U0NOBODY01", general, "/pass", ""); err == nil {
		t.Error("nobody types a command")
	}
	if _, err := w.Press(ctx, anna, standins.SlackMessage{Channel: general, TS: "1.000001"}, "x"); err == nil {
		t.Error("a message that is not there is pressed")
	}
	if _, err := w.Submit(ctx, anna, standins.SlackView{ID: "V1"}, nil); err == nil {
		t.Error("a view that is not there is submitted")
	}
	if _, err := w.Suggest(ctx, anna, standins.SlackView{ID: "V1"}, "", "a", "abc"); err == nil {
		t.Error("a view that is not there asks")
	}
}
