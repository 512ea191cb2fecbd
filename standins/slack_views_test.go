package standins_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

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

func TestSlackRefusesViewsOverTheAPI(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	trigger := func() string {
		reply, err := w.Command(context.Background(), anna, general, "/pass", "")
		if err != nil {
			t.Fatal(err)
		}
		return reply.TriggerID
	}
	named := modal()
	named.ExternalID = "the-one"
	if _, err := w.api.OpenView(trigger(), named); err != nil {
		t.Fatal(err)
	}
	big := modal()
	for i := range 99 {
		big.Blocks.BlockSet = append(big.Blocks.BlockSet, section(strings.Repeat(strconv.Itoa(i%10), 3000)))
	}
	reply, err := w.Command(context.Background(), ben, general, "/pass", "")
	if err != nil {
		t.Fatal(err)
	}
	for want, call := range map[string]func() error{
		"duplicate_external_id": func() error { _, err := w.api.OpenView(reply.TriggerID, named); return err },
		"view_too_large":        func() error { _, err := w.api.OpenView(reply.TriggerID, big); return err },
		"not_found":             func() error { _, err := w.api.PushView(trigger(), modal()); return err },
		"invalid_trigger_id":    func() error { _, err := w.api.PushView("1.2.3", modal()); return err },
	} {
		if err := call(); code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := w.api.OpenView(reply.TriggerID, modal()); err != nil {
		t.Errorf("a refused view uses the trigger up: %v", err)
	}
	if _, err := w.api.UpdateView(modal(), "the-one", "", ""); err != nil {
		t.Error(err)
	}
}

func TestSlackOpeningAViewClosesTheModalBefore(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(http.ResponseWriter, *http.Request) {})
	for range 2 {
		reply, err := w.Command(context.Background(), anna, general, "/pass", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.api.OpenView(reply.TriggerID, modal()); err != nil {
			t.Fatal(err)
		}
	}
	if views := w.Views(anna); len(views) != 1 {
		t.Errorf("%+v", views)
	}
}
