package standins_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

// opens has anna open a modal by a command; the app answers interactions with
// what answer gives.
func opens(t *testing.T, w *workspace, view slack.ModalViewRequest, answer func(slack.InteractionCallback) any) standins.SlackView {
	t.Helper()
	w.app(t, func(rw http.ResponseWriter, r *http.Request) {
		if !verified(w, mustClone(r)) {
			t.Error("the signature is wrong")
		}
		if r.URL.Path == "/slack/commands" {
			command, err := slack.SlashCommandParse(r)
			if err != nil {
				t.Error(err)
			}
			if _, err := w.api.OpenView(command.TriggerID, view); err != nil {
				t.Errorf("%+v", err)
			}
			return
		}
		callback, err := slack.InteractionCallbackParse(r)
		if err != nil {
			t.Error(err)
		}
		if a := answer(callback); a != nil {
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(a)
		}
	})
	if reply, err := w.Command(context.Background(), anna, general, "/pass", ""); err != nil || reply.Failure != "" {
		t.Fatalf("%+v %v", reply, err)
	}
	v, ok := w.View(anna)
	if !ok {
		t.Fatal("no view is open")
	}
	return v
}

// mustClone gives both the same body.
func mustClone(r *http.Request) *http.Request {
	body := readAll(r)
	c := r.Clone(r.Context())
	c.Body, r.Body = body(), body()
	return c
}

func TestSlackSubmissionWithErrorsKeepsTheView(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var got slack.InteractionCallback
	v := opens(t, w, modal(), func(c slack.InteractionCallback) any {
		got = c
		return slack.NewErrorsViewSubmissionResponse(map[string]string{"holder": "Nobody is called that."})
	})
	reply, err := w.Submit(context.Background(), anna, v, map[string]any{"holder": "Ann"})
	if err != nil || reply.Errors["holder"] != "Nobody is called that." {
		t.Errorf("%+v %v", reply, err)
	}
	if got.Type != slack.InteractionTypeViewSubmission || got.View.CallbackID != "issue" || got.View.PrivateMetadata != "visitor" ||
		got.View.State.Values["holder"]["value"].Value != "Ann" || got.User.ID != anna {
		t.Errorf("%+v", got)
	}
	if v, ok := w.View(anna); !ok || v.Errors["holder"] == "" || v.Values["holder"]["value"].(map[string]any)["value"] != "Ann" {
		t.Errorf("%+v", v)
	}
}

func TestSlackSubmissionClosesTheView(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	v := opens(t, w, modal(), func(slack.InteractionCallback) any { return nil })
	if reply, err := w.Submit(context.Background(), anna, v, map[string]any{"holder": "Ann"}); err != nil || reply.Failure != "" {
		t.Errorf("%+v %v", reply, err)
	}
	if views := w.Views(anna); len(views) != 0 {
		t.Errorf("%+v", views)
	}
}

func TestSlackHoldsBackWhatIsIncomplete(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	email := slack.NewInputBlock("mail", plain("Mail"), nil, &slack.EmailTextInputBlockElement{Type: "email_text_input", ActionID: "v"})
	email.Optional = true
	view := modal()
	view.Blocks.BlockSet = append(view.Blocks.BlockSet, email)
	v := opens(t, w, view, func(slack.InteractionCallback) any { t.Error("it was sent"); return nil })
	reply, err := w.Submit(context.Background(), anna, v, map[string]any{"mail": "not one"})
	if err != nil || !reply.Unsent || reply.Errors["holder"] == "" || reply.Errors["mail"] == "" {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackSubmissionUpdatesPushesAndClears(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	answers := []any{}
	next := modal()
	next.Title = plain("Next")
	v := opens(t, w, modal(), func(slack.InteractionCallback) any {
		a := answers[0]
		answers = answers[1:]
		return a
	})
	submit := func(want string, views int, answer any) {
		t.Helper()
		answers = append(answers, answer)
		reply, err := w.Submit(context.Background(), anna, v, map[string]any{"holder": "Ann"})
		if err != nil || reply.Failure != "" {
			t.Fatalf("%+v %v", reply, err)
		}
		open := w.Views(anna)
		if len(open) != views {
			t.Fatalf("%d views, want %d", len(open), views)
		}
		if views > 0 {
			if v = open[views-1]; v.Title != want {
				t.Errorf("got %q, want %q", v.Title, want)
			}
		}
	}
	submit("Next", 1, slack.NewUpdateViewSubmissionResponse(&next))
	submit("New pass", 2, slack.NewPushViewSubmissionResponse(ptr(modal())))
	submit("New pass", 3, slack.NewPushViewSubmissionResponse(ptr(modal())))
	answers = append(answers, slack.NewPushViewSubmissionResponse(ptr(modal())))
	if reply, _ := w.Submit(context.Background(), anna, v, map[string]any{"holder": "Ann"}); reply.Failure != standins.SlackTrouble {
		t.Errorf("a fourth view: %+v", reply)
	}
	submit("", 0, slack.NewClearViewSubmissionResponse())
}

func ptr[T any](v T) *T { return &v }

func TestSlackSubmissionOfNonsenseIsTrouble(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	long := modal()
	long.Title = plain(strings.Repeat("x", 25))
	for name, answer := range map[string]any{
		"unknown block": slack.NewErrorsViewSubmissionResponse(map[string]string{"nowhere": "x"}), "invalid view": slack.NewUpdateViewSubmissionResponse(&long),
		"unknown action": map[string]any{"response_action": "dance"},
	} {
		v := opens(t, w, modal(), func(slack.InteractionCallback) any { return answer })
		if reply, err := w.Submit(context.Background(), anna, v, map[string]any{"holder": "Ann"}); err != nil || reply.Failure != standins.SlackTrouble {
			t.Errorf("%s: %+v %v", name, reply, err)
		}
	}
}

func TestSlackChoosingInAViewDispatchesActions(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	choice := slack.NewOptionsSelectBlockElement("static_select", plain("Which"), "template", option("visitor"), option("member"))
	view := modal()
	view.Blocks.BlockSet = append([]slack.Block{slack.NewActionBlock("which", choice)}, view.Blocks.BlockSet...)
	var got slack.InteractionCallback
	v := opens(t, w, view, func(c slack.InteractionCallback) any {
		got = c
		changed := view
		changed.Title = plain("Member")
		if _, err := w.api.UpdateView(changed, "", c.View.Hash, c.View.ID); err != nil {
			t.Error(err)
		}
		return nil
	})
	if _, err := w.Choose(context.Background(), anna, v, "holder", "value", "Ann"); err != nil {
		t.Fatal(err)
	}
	reply, err := w.Choose(context.Background(), anna, v, "which", "template", "member")
	if err != nil || reply.Failure != "" || reply.Status != 200 {
		t.Errorf("%+v %v", reply, err)
	}
	if len(got.ActionCallback.BlockActions) != 1 || got.ActionCallback.BlockActions[0].SelectedOption.Value != "member" || got.Container.ViewID != v.ID {
		t.Errorf("%+v", got)
	}
	v, _ = w.View(anna)
	if v.Title != "Member" || v.Values["holder"]["value"].(map[string]any)["value"] != "Ann" {
		t.Errorf("an update with the same ids loses what was entered: %+v", v)
	}
	if _, err := w.Choose(context.Background(), anna, v, "which", "template", "nonsense"); err == nil {
		t.Error("an option that is not there can be chosen")
	}
}

func TestSlackPushFromAView(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	view := modal()
	view.Blocks.BlockSet = append(view.Blocks.BlockSet, slack.NewActionBlock("more", slack.NewButtonBlockElement("again", "", plain("Again"))))
	v := opens(t, w, view, func(c slack.InteractionCallback) any {
		if _, err := w.api.PushView(c.TriggerID, modal()); err != nil {
			t.Error(err)
		}
		return nil
	})
	if _, err := w.Choose(context.Background(), anna, v, "", "again", nil); err != nil {
		t.Fatal(err)
	}
	views := w.Views(anna)
	if len(views) != 2 || views[1].Root != views[0].ID || views[1].Previous != views[0].ID {
		t.Errorf("%+v", views)
	}
	if _, err := w.Submit(context.Background(), anna, v, nil); err == nil {
		t.Error("a view below can be submitted")
	}
	if _, err := w.CloseView(context.Background(), anna, views[1], true); err != nil || len(w.Views(anna)) != 0 {
		t.Error(err)
	}
}

func TestSlackSuggestionsOfAnExternalSelect(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	who := slack.NewOptionsSelectBlockElement("external_select", plain("Who"), "person")
	view := modal()
	view.Blocks.BlockSet = []slack.Block{slack.NewInputBlock("who", plain("Who"), nil, who)}
	var asked slack.InteractionCallback
	v := opens(t, w, view, func(c slack.InteractionCallback) any {
		if c.Type != slack.InteractionTypeBlockSuggestion {
			return nil
		}
		asked = c
		return slack.OptionsResponse{Options: []*slack.OptionBlockObject{option("ann"), option("anton")}}
	})
	if reply, err := w.Suggest(context.Background(), anna, v, "who", "person", "an"); err != nil || !reply.Unsent {
		t.Errorf("two characters are enough: %+v %v", reply, err)
	}
	reply, err := w.Suggest(context.Background(), anna, v, "who", "person", "ann")
	if err != nil || len(reply.Options) != 2 || asked.Value != "ann" || asked.ActionID != "person" {
		t.Errorf("%+v %v %+v", reply, err, asked)
	}
	if reply, err := w.Submit(context.Background(), anna, v, map[string]any{"who": "anton"}); err != nil || reply.Failure != "" {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackModalBeginsWithItsChannel(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	where := slack.NewOptionsSelectBlockElement("conversations_select", plain("Where"), "where")
	where.DefaultToCurrentConversation, where.ResponseURLEnabled = true, true
	view := modal()
	view.Blocks.BlockSet = []slack.Block{slack.NewInputBlock("where", plain("Where"), nil, where)}
	var got slack.InteractionCallback
	v := opens(t, w, view, func(c slack.InteractionCallback) any { got = c; return nil })
	if _, err := w.Submit(context.Background(), anna, v, nil); err != nil || len(got.ResponseURLs) != 1 || got.ResponseURLs[0].ChannelID != general {
		t.Fatalf("%v %+v", err, got.ResponseURLs)
	}
	if _, _, err := w.api.PostMessage("", slack.MsgOptionText("Hello.", false), slack.MsgOptionResponseURL(got.ResponseURLs[0].ResponseURL, "in_channel")); err != nil || len(w.Messages(general)) != 1 {
		t.Error(err, w.Messages(general))
	}
}

func TestSlackEntersEveryKindOfInput(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	input := func(id string, e slack.BlockElement) slack.Block { return slack.NewInputBlock(id, plain(id), nil, e) }
	number := slack.NewNumberInputBlockElement(nil, "a", false)
	number.MinValue, number.MaxValue = "1", "4"
	text := slack.NewPlainTextInputBlockElement(nil, "a")
	text.MinLength, text.MaxLength = 2, 5
	view := modal()
	view.Blocks.BlockSet = []slack.Block{
		input("text", text), input("mail", slack.NewEmailTextInputBlockElement(nil, "a")), input("link", slack.NewURLTextInputBlockElement(nil, "a")),
		input("number", number), input("date", slack.NewDatePickerBlockElement("a")), input("time", slack.NewTimePickerBlockElement("a")),
		input("moment", slack.NewDateTimePickerBlockElement("a")), input("one", slack.NewRadioButtonsBlockElement("a", option("x"), option("y"))),
		input("some", slack.NewCheckboxGroupsBlockElement("a", option("x"), option("y"))), input("user", slack.NewOptionsSelectBlockElement("users_select", nil, "a")),
		input("users", slack.NewOptionsMultiSelectBlockElement("multi_users_select", nil, "a")),
		input("many", slack.NewOptionsMultiSelectBlockElement("multi_static_select", nil, "a", option("x"), option("y"))),
	}
	var got slack.InteractionCallback
	v := opens(t, w, view, func(c slack.InteractionCallback) any { got = c; return nil })
	values := map[string]any{
		"text": "x", "mail": "no", "link": "no", "number": "5", "date": "2026-12-24", "time": "19:30", "moment": int64(1796155200), "one": "X", "some": []string{"x", "Y"},
		"user": ben, "users": []string{ben, cleo}, "many": []string{},
	}
	reply, err := w.Submit(context.Background(), anna, v, values)
	if err != nil || !reply.Unsent || len(reply.Errors) != 5 {
		t.Fatalf("%+v %v", reply, err)
	}
	for block, value := range map[string]any{"text": "xyz", "mail": "a@example.com", "link": "https://a.example", "number": "4", "many": "y"} {
		values[block] = value
	}
	if reply, err = w.Submit(context.Background(), anna, v, values); err != nil || reply.Unsent || reply.Failure != "" {
		t.Fatalf("%+v %v", reply, err)
	}
	state := func(block string) slack.BlockAction { return got.View.State.Values[block]["a"] }
	if state("text").Value != "xyz" || state("number").Value != "4" || state("date").SelectedDate != "2026-12-24" || state("time").SelectedTime != "19:30" ||
		state("moment").SelectedDateTime != 1796155200 || state("one").SelectedOption.Value != "x" || len(state("some").SelectedOptions) != 2 ||
		state("user").SelectedUser != ben || len(state("users").SelectedUsers) != 2 || state("many").SelectedOptions[0].Value != "y" {
		t.Errorf("%+v", got.View.State.Values)
	}
}

func TestSlackTellsWhenAViewIsClosed(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	view := modal()
	view.NotifyOnClose = true
	var got slack.InteractionCallback
	v := opens(t, w, view, func(c slack.InteractionCallback) any { got = c; return nil })
	if _, err := w.CloseView(context.Background(), anna, v, false); err != nil || got.Type != slack.InteractionTypeViewClosed || got.IsCleared {
		t.Errorf("%v %+v", err, got)
	}
	if _, err := w.Submit(context.Background(), anna, v, nil); err == nil {
		t.Error("a closed view can be submitted")
	}
}
