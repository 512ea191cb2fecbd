package standins

import (
	"slices"
	"strings"
)

// SlackWorkspace is the data of a workspace.
type SlackWorkspace struct {
	TeamID, TeamName, Domain string
	// BotUser is the id of the app's bot, one of Users; BotID is its B….
	BotUser, BotID string
	Users          []SlackUser
	Groups         []SlackGroup
	Channels       []SlackChannel
}

// SlackUser is a person or a bot. https://docs.slack.dev/reference/objects/user-object
type SlackUser struct {
	ID, Name, RealName, Email, TZ, Locale string
	IsBot, IsAdmin, Deleted               bool
	// Restricted is a guest.
	Restricted bool
}

// SlackGroup is a user group. https://docs.slack.dev/reference/objects/usergroup-object
type SlackGroup struct {
	ID, Handle, Name string
	Members          []string
	Disabled         bool
}

// SlackChannel is a conversation: a public or private channel, or a DM.
// https://docs.slack.dev/reference/objects/conversation-object
type SlackChannel struct {
	// ID begins with C, with G where the channel is private and old, with D
	// for a DM.
	ID, Name          string
	Private, Archived bool
	Members           []string
	// User is the other one in a DM of the bot; several make a group DM.
	User string
	// Group is a DM of several.
	Group bool
}

// SampleWorkspace is a small theatre: an admin (anna), two members (ben, cleo),
// a guest (gina), somebody who left (dora), a user group of anna and ben, and
// channels that the bot is and is not in.
func SampleWorkspace() SlackWorkspace {
	return SlackWorkspace{
		TeamID: "T0HALLONE1", TeamName: "Hall One", Domain: "hall-one", BotUser: "U0PASSBOT1", BotID: "B0PASSBOT1",
		Users: []SlackUser{
			{ID: "U0ANNA0001", Name: "anna", RealName: "Anna Ampel", Email: "anna@example.com", TZ: "Europe/Berlin", Locale: "de-DE", IsAdmin: true},
			{ID: "U0BEN00001", Name: "ben", RealName: "Ben Bühne", Email: "ben@example.com", TZ: "Europe/Berlin", Locale: "de-DE"},
			{ID: "U0CLEO0001", Name: "cleo", RealName: "Cleo <Chorus>", Email: "cleo@example.com", TZ: "America/New_York", Locale: "en-US"},
			{ID: "U0GINA0001", Name: "gina", RealName: "Gina Guest", Email: "gina@example.com", TZ: "Europe/London", Locale: "en-GB", Restricted: true},
			{ID: "U0DORA0001", Name: "dora", RealName: "Dora Departed", Email: "dora@example.com", TZ: "Europe/Berlin", Locale: "de-DE", Deleted: true},
			{ID: "U0PASSBOT1", Name: "passhook", RealName: "passhook", TZ: "America/Los_Angeles", Locale: "en-US", IsBot: true},
		},
		Groups: []SlackGroup{
			{ID: "S0BOXOFF01", Handle: "box-office", Name: "Box office", Members: []string{"U0ANNA0001", "U0BEN00001"}},
			{ID: "S0OLDCREW1", Handle: "old-crew", Name: "Old crew", Members: []string{"U0DORA0001"}, Disabled: true},
		},
		Channels: []SlackChannel{
			{ID: "C0GENERAL1", Name: "general", Members: []string{"U0ANNA0001", "U0BEN00001", "U0CLEO0001", "U0GINA0001", "U0PASSBOT1"}},
			{ID: "C0BOXOFF01", Name: "box-office", Members: []string{"U0ANNA0001", "U0BEN00001", "U0PASSBOT1"}},
			{ID: "C0RANDOM01", Name: "random", Members: []string{"U0ANNA0001", "U0BEN00001", "U0CLEO0001"}},
			{ID: "G0CREW0001", Name: "crew", Private: true, Members: []string{"U0ANNA0001", "U0PASSBOT1"}},
			{ID: "G0SECRET01", Name: "secret", Private: true, Members: []string{"U0ANNA0001"}},
			{ID: "C0OLDSHOW1", Name: "old-show", Archived: true, Members: []string{"U0ANNA0001", "U0PASSBOT1"}},
		},
	}
}

// AddUser adds a user, or replaces the one with its id.
func (s *Slack) AddUser(u SlackUser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = slices.DeleteFunc(s.users, func(o SlackUser) bool { return o.ID == u.ID })
	s.users = append(s.users, u)
	s.touch()
}

// AddGroup adds a user group, or replaces the one with its id.
func (s *Slack) AddGroup(g SlackGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = slices.DeleteFunc(s.groups, func(o SlackGroup) bool { return o.ID == g.ID })
	s.groups = append(s.groups, g)
	s.touch()
}

// AddChannel adds a conversation, or replaces the one with its id.
func (s *Slack) AddChannel(c SlackChannel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels = slices.DeleteFunc(s.channels, func(o SlackChannel) bool { return o.ID == c.ID })
	s.channels = append(s.channels, c)
	s.touch()
}

// Users are the people and bots of the workspace.
func (s *Slack) Users() []SlackUser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.users)
}

// Channels are the conversations of the workspace, DMs of the bot last.
func (s *Slack) Channels() []SlackChannel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.channels)
}

// DM is the id of the DM of the bot and a user, or empty where none is open.
func (s *Slack) DM(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if c.User == user && !c.Group {
			return c.ID
		}
	}
	return ""
}

// user finds by id. The caller holds the lock, as of all that follow.
func (s *Slack) user(id string) (SlackUser, bool) {
	i := slices.IndexFunc(s.users, func(u SlackUser) bool { return u.ID == id })
	if i < 0 || id == "" {
		return SlackUser{}, false
	}
	return s.users[i], true
}

// channel finds by id, or by name with or without "#".
func (s *Slack) channel(idOrName string) (SlackChannel, bool) {
	name := strings.TrimPrefix(idOrName, "#")
	i := slices.IndexFunc(s.channels, func(c SlackChannel) bool {
		return c.ID == idOrName || c.Name != "" && c.Name == name && !c.Private
	})
	if i < 0 || idOrName == "" {
		return SlackChannel{}, false
	}
	return s.channels[i], true
}

// botIsIn is true where the bot is a member.
func (s *Slack) botIsIn(c SlackChannel) bool {
	return slices.Contains(c.Members, s.opts.Workspace.BotUser)
}

// visible is true where the bot may know of a conversation at all.
func (s *Slack) visible(c SlackChannel) bool {
	return s.botIsIn(c) || !c.Private && c.User == "" && !c.Group && !strings.HasPrefix(c.ID, "D")
}

// openDM finds or makes the bot's DM with users.
func (s *Slack) openDM(users []string) (c SlackChannel, existed bool) {
	members := append(slices.Clone(users), s.opts.Workspace.BotUser)
	slices.Sort(members)
	for _, c := range s.channels {
		if c.User == "" && !c.Group {
			continue
		}
		have := slices.Sorted(slices.Values(c.Members))
		if slices.Equal(have, members) {
			return c, true
		}
	}
	c = SlackChannel{ID: s.id("D"), Members: members, User: users[0]}
	if len(users) > 1 {
		c = SlackChannel{ID: s.id("C"), Name: "mpdm-" + strings.ToLower(strings.Join(users, "--")), Members: members, Private: true, Group: true}
	}
	s.channels = append(s.channels, c)
	s.touch()
	return c, false
}
