package standins_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

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

func TestSlackOpensGroupDMs(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	open := func(users ...string) (string, error) {
		c, _, _, err := w.api.OpenConversation(&slack.OpenConversationParameters{Users: users, ReturnIM: true})
		if err != nil {
			return "", err
		}
		return c.ID, nil
	}
	first, err := open(anna, ben)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := open(ben, anna); err != nil || again != first {
		t.Error(again, err)
	}
	if one, err := open(anna); err != nil || one == first || one != w.DM(anna) {
		t.Error(one, err)
	}
	if _, err := open(); code(err) != "users_list_not_supplied" {
		t.Error(err)
	}
	if _, err := open("1", "2", "3", "4", "5", "6", "7", "8", "9"); code(err) != "too_many_users" {
		t.Error(err)
	}
	resumed, _, _, err := w.api.OpenConversation(&slack.OpenConversationParameters{ChannelID: first})
	if err != nil || resumed.ID != first {
		t.Error(err)
	}
	if _, _, _, err := w.api.OpenConversation(&slack.OpenConversationParameters{ChannelID: general}); code(err) != "method_not_supported_for_channel_type" {
		t.Error(err)
	}
	w.SetScopes("im:write")
	if _, err := open(anna, cleo); code(err) != "missing_scope" {
		t.Error(err)
	}
}

func TestSlackWorkspaceGrows(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.AddUser(standins.SlackUser{ID: "U0EMIL0001", Name: "emil", Email: "emil@example.com"})
	w.AddGroup(standins.SlackGroup{ID: "S0BOXOFF01", Members: []string{"U0EMIL0001"}})
	w.AddChannel(standins.SlackChannel{ID: "C0NEW00001", Name: "new", Members: []string{"U0EMIL0001"}})
	if u, err := w.api.GetUserByEmail("emil@example.com"); err != nil || u.ID != "U0EMIL0001" {
		t.Error(err)
	}
	if members, err := w.api.GetUserGroupMembers("S0BOXOFF01"); err != nil || len(members) != 1 {
		t.Error(members, err)
	}
	if err := w.Say("U0EMIL0001", "C0NEW00001", "hello"); err != nil || len(w.Messages("C0NEW00001")) != 1 {
		t.Error(err)
	}
	if err := w.Say("U0NOBODY01", "C0NEW00001", "hello"); err == nil {
		t.Error("nobody says something")
	}
}
