package app

import (
	"cmp"
	"runtime/debug"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/webhooks"
)

// NewSender makes what posts messages to an endpoint.
func NewSender(e webhooks.Endpoint, now func() time.Time) (*webhooks.Sender, error) {
	return webhooks.New(e, webhooks.Options{Now: now, UserAgent: "passhook/" + version()})
}

// version is the program's as Go knows it; a build of one's own has none.
func version() string {
	var is string
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "(devel)" {
		is = info.Main.Version
	}
	return cmp.Or(is, "dev")
}

// notifiers are the endpoints of the config, by name.
func notifiers(c *config.Config, now func() time.Time) (map[string]integrations.Notifier, error) {
	out := map[string]integrations.Notifier{}
	for _, e := range c.Webhooks {
		s, err := NewSender(e, now)
		if err != nil {
			return nil, err
		}
		out[e.Name] = s
	}
	return out, nil
}
