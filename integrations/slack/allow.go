package slack

import (
	"maps"
	"slices"
)

// person is somebody in Slack, and where they are.
type person struct{ team, user, channel string }

// by is how the person stands in the data of events.
func (p person) by() string { return SourceName + " " + p.user }

// may reports whether a person may do something with a template's passes here.
func (h *Handler) may(p person, template string) bool {
	for _, who := range h.config.Templates[template].Allow {
		switch {
		case who == Everyone, who == p.user, who == p.channel:
			return true
		case who[0] == 'S' && h.groups.has(who, p.user):
			return true
		}
	}
	return false
}

// templates are the names of those that a person may issue here.
func (h *Handler) templates(p person) []string {
	known := h.Engine.Program().Templates()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(h.config.Templates)), func(name string) bool {
		return known[name] == nil || !h.may(p, name)
	})
}
