package standins_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

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

func TestSlackFetchesPictures(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{Fetch: func(url string) error {
		if strings.Contains(url, "localhost") {
			return errors.New("not public")
		}
		return nil
	}})
	for url, want := range map[string]string{"https://tickets.example.com/p/x.png": "", "http://localhost/p/x.png": "invalid_blocks"} {
		if _, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(slack.NewImageBlock(url, "A pass", "", nil))); code(err) != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestSlackUpdateKeepsBlocksThatAreNotSent(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	_, ts, err := w.api.PostMessage(general, slack.MsgOptionBlocks(section("one")))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := w.api.UpdateMessage(general, ts, slack.MsgOptionText("two", false)); err != nil {
		t.Fatal(err)
	}
	if m := w.Messages(general)[0]; m.Text != "two" || len(m.Blocks) != 1 {
		t.Errorf("%+v", m)
	}
	if _, _, _, err := w.api.UpdateMessage(general, ts, slack.MsgOptionText("three", false), slack.MsgOptionBlocks()); err != nil {
		t.Fatal(err)
	}
	if m := w.Messages(general)[0]; m.Text != "three" || len(m.Blocks) != 0 {
		t.Errorf("%+v", m)
	}
}

func TestSlackRefusesAShareWithoutOtherLimits(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{Rates: standins.SlackRates{None: true}})
	w.Refuse(1, time.Second)
	var limited *slack.RateLimitedError
	if _, err := w.api.AuthTest(); !errors.As(err, &limited) {
		t.Error(err)
	}
}
