package standins

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a user as the API shows it. Without users:read.email there is no
// address in it.
func (u SlackUser) object(team string, withEmail bool, now time.Time) map[string]any {
	profile := map[string]any{
		"real_name": u.RealName, "display_name": u.Name, "real_name_normalized": u.RealName, "display_name_normalized": u.Name, "team": team,
	}
	if withEmail && u.Email != "" {
		profile["email"] = u.Email
	}
	offset := 0
	if place, err := time.LoadLocation(u.TZ); err == nil {
		_, offset = now.In(place).Zone()
	}
	return map[string]any{
		"id": u.ID, "team_id": team, "name": u.Name, "deleted": u.Deleted, "real_name": u.RealName, "tz": u.TZ, "tz_label": u.TZ, "tz_offset": offset,
		"profile": profile, "is_admin": u.IsAdmin, "is_owner": false, "is_primary_owner": false, "is_restricted": u.Restricted,
		"is_ultra_restricted": false, "is_bot": u.IsBot, "is_app_user": false, "updated": 0,
	}
}

// https://docs.slack.dev/reference/methods/users.info
func (s *Slack) userInfo(c *slackCall) slackAnswer {
	u, ok := s.user(c.args["user"])
	if !ok {
		return slackError("user_not_found")
	}
	o := u.object(s.opts.Workspace.TeamID, s.has("users:read.email"), c.now)
	if c.bool("include_locale") {
		o["locale"] = u.Locale
	}
	return slackOK(map[string]any{"user": o})
}

// lookupByEmail finds no bots and nobody who left.
// https://docs.slack.dev/reference/methods/users.lookupByEmail
func (s *Slack) lookupByEmail(c *slackCall) slackAnswer {
	email := c.args["email"]
	i := slices.IndexFunc(s.users, func(u SlackUser) bool { return !u.Deleted && !u.IsBot && strings.EqualFold(u.Email, email) })
	if i < 0 {
		return slackError("users_not_found")
	}
	return slackOK(map[string]any{"user": s.users[i].object(s.opts.Workspace.TeamID, true, c.now)})
}

// https://docs.slack.dev/reference/methods/usergroups.users.list
func (s *Slack) groupMembers(c *slackCall) slackAnswer {
	i := slices.IndexFunc(s.groups, func(g SlackGroup) bool { return g.ID == c.args["usergroup"] })
	if i < 0 || s.groups[i].Disabled && !c.bool("include_disabled") {
		return slackError("no_such_subteam")
	}
	return slackOK(map[string]any{"users": append([]string{}, s.groups[i].Members...)})
}

// object is a conversation as the API shows it.
func (s *Slack) object(c SlackChannel) map[string]any {
	o := map[string]any{"id": c.ID, "created": 0, "is_archived": c.Archived, "is_org_shared": false, "context_team_id": s.opts.Workspace.TeamID}
	if c.User != "" {
		o["is_im"], o["user"], o["is_open"] = true, c.User, true
		return o
	}
	public := !c.Private && !c.Group
	o["name"], o["name_normalized"] = c.Name, c.Name
	o["is_channel"], o["is_group"], o["is_im"], o["is_mpim"] = public || !strings.HasPrefix(c.ID, "G"), strings.HasPrefix(c.ID, "G"), false, c.Group
	o["is_private"], o["is_member"], o["is_general"] = !public, s.botIsIn(c), c.Name == "general"
	o["is_shared"], o["is_ext_shared"] = false, false
	o["topic"], o["purpose"] = map[string]any{"value": "", "creator": "", "last_set": 0}, map[string]any{"value": "", "creator": "", "last_set": 0}
	return o
}

// slackTypeScopes are the scopes that read each type of conversation.
var slackTypeScopes = map[string]string{
	"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read",
}

// kind is a conversation's type.
func (c SlackChannel) kind() string {
	switch {
	case c.Group:
		return "mpim"
	case c.User != "":
		return "im"
	case c.Private:
		return "private_channel"
	}
	return "public_channel"
}

// https://docs.slack.dev/reference/methods/conversations.info
func (s *Slack) conversationInfo(c *slackCall) slackAnswer {
	channel, ok := s.channel(c.args["channel"])
	if !ok || channel.ID != c.args["channel"] || !s.visible(channel) {
		return slackError("channel_not_found")
	}
	if scope := slackTypeScopes[channel.kind()]; !s.has(scope) {
		return s.missingScope(scope)
	}
	o := s.object(channel)
	if c.bool("include_num_members") {
		o["num_members"] = len(channel.Members)
	}
	return slackOK(map[string]any{"channel": o})
}

// listConversations pages by cursor. https://docs.slack.dev/reference/methods/conversations.list
func (s *Slack) listConversations(c *slackCall) slackAnswer {
	types := strings.Split(c.args["types"], ",")
	if c.args["types"] == "" {
		types = []string{"public_channel"}
	}
	for i, kind := range types {
		types[i] = strings.TrimSpace(kind)
		if slackTypeScopes[types[i]] == "" {
			return slackError("invalid_types")
		}
		if scope := slackTypeScopes[types[i]]; !s.has(scope) {
			return s.missingScope(scope)
		}
	}
	limit := 100
	if text := c.args["limit"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return slackError("invalid_limit")
		}
		limit = n
	}
	var all []SlackChannel
	for _, channel := range s.channels {
		if slices.Contains(types, channel.kind()) && s.visible(channel) && !(channel.Archived && c.bool("exclude_archived")) {
			all = append(all, channel)
		}
	}
	at, ok := cursorAt(c.args["cursor"])
	if !ok || at > len(all) {
		return slackError("invalid_cursor")
	}
	end, next := min(at+limit, len(all)), ""
	if end < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("at:" + strconv.Itoa(end)))
	}
	page := []any{}
	for _, channel := range all[at:end] {
		o := s.object(channel)
		o["num_members"] = len(channel.Members)
		page = append(page, o)
	}
	return slackOK(map[string]any{"channels": page, "response_metadata": map[string]any{"next_cursor": next}})
}

func cursorAt(cursor string) (at int, ok bool) {
	if cursor == "" {
		return 0, true
	}
	raw, err := base64.StdEncoding.DecodeString(cursor)
	text, found := strings.CutPrefix(string(raw), "at:")
	at, bad := strconv.Atoi(text)
	return at, err == nil && found && bad == nil && at > 0
}

// openConversation answers the same DM however often it is opened.
// https://docs.slack.dev/reference/methods/conversations.open
func (s *Slack) openConversation(c *slackCall) slackAnswer {
	if id := c.args["channel"]; id != "" {
		channel, ok := s.channel(id)
		if !ok || !s.botIsIn(channel) {
			return slackError("channel_not_found")
		}
		if channel.User == "" && !channel.Group {
			return slackError("method_not_supported_for_channel_type")
		}
		return s.opened(c, channel, true)
	}
	var users []string
	for id := range strings.SplitSeq(c.args["users"], ",") {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(users, id) {
			users = append(users, id)
		}
	}
	switch {
	case len(users) == 0:
		return slackError("users_list_not_supplied")
	case len(users) > 8:
		return slackError("too_many_users")
	}
	for _, id := range users {
		u, ok := s.user(id)
		switch {
		case !ok || id == s.opts.Workspace.BotUser:
			return slackError("user_not_found")
		case u.Deleted:
			return slackError("user_disabled")
		}
	}
	if scope := "mpim:write"; len(users) > 1 && !s.has(scope) {
		return s.missingScope(scope)
	}
	if scope := "im:write"; len(users) == 1 && !s.has(scope) {
		return s.missingScope(scope)
	}
	channel, existed := s.openDM(users)
	return s.opened(c, channel, existed)
}

func (s *Slack) opened(c *slackCall, channel SlackChannel, existed bool) slackAnswer {
	o := map[string]any{"id": channel.ID}
	if c.bool("return_im") {
		o = s.object(channel)
	}
	a := slackOK(map[string]any{"channel": o})
	if existed {
		a["no_op"], a["already_open"] = true, true
	}
	return a
}
