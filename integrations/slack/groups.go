package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// GroupsEvery is how often the members of user groups are read. A request does
// not wait for that.
const GroupsEvery = time.Minute

// forgetGroups is how long members stay such when they can no longer be read.
const forgetGroups = 30 * time.Minute

// groups are the members of the user groups that the config names.
type groups struct {
	client *Client
	ids    []string
	now    func() time.Time

	mu      sync.Mutex
	members map[string]members
}

type members struct {
	users []string
	read  time.Time
}

func newGroups(c Config, client *Client, now func() time.Time) *groups {
	g := &groups{client: client, now: now, members: map[string]members{}}
	g.ids = c.groups()
	return g
}

// HasGroups reports whether the config names user groups.
func (c Config) HasGroups() bool { return len(c.groups()) > 0 }

// groups are the user groups that the config names.
func (c Config) groups() []string {
	var out []string
	for _, t := range c.Templates {
		for _, who := range t.Allow {
			if strings.HasPrefix(who, "S") && !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	slices.Sort(out)
	return out
}

// has reports whether a user is a member.
func (g *groups) has(group, user string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.members[group]
	return slices.Contains(m.users, user) && g.now().Sub(m.read) < forgetGroups
}

// refresh reads the members of all groups.
func (g *groups) refresh(ctx context.Context) error {
	for _, id := range g.ids {
		users, err := g.client.api.GetUserGroupMembersContext(ctx, id)
		if err != nil {
			return fmt.Errorf("user group %s: %w", id, sorted(err))
		}
		g.mu.Lock()
		g.members[id] = members{users, g.now()}
		g.mu.Unlock()
	}
	return nil
}
