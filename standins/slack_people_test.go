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
