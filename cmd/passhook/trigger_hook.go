package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/hooks"
)

// isHookType reports whether a type of event is a hook's.
func isHookType(name string) bool { return strings.HasPrefix(name, "hooks.") }

// findHook is the hook whose type of event this is. What is wrong with it was
// said when the config was loaded.
func findHook(cfg *config.Config, event string) (*hooks.Hook, error) {
	var names []string
	for _, hook := range app.Hooks(cfg) {
		if strings.HasPrefix(event, hooks.SourceName(hook.Name)+".") {
			return hook, nil
		}
		names = append(names, hook.Name)
	}
	if len(names) == 0 {
		return nil, wrongUse(fmt.Sprintf("%s is of no hook: the config has none; add hooks", event))
	}
	return nil, wrongUse(fmt.Sprintf("%s is of no hook that the config has; it has %s", event, strings.Join(names, ", ")))
}

// hookSample is a request of that type: the preset's sample, or that of a rule.
func hookSample(cfg *config.Config, hook *hooks.Hook, event, to string, now time.Time) (hooks.Request, error) {
	kind := strings.TrimPrefix(event, hooks.SourceName(hook.Name)+".")
	// Ten digits, so that a number of them and a few more is exact.
	s := hooks.Sample{N: strconv.FormatInt(now.UnixMilli()%1e10, 10), Now: now, To: to}
	if slices.Contains(hook.Samples(), kind) {
		return hook.Sample(kind, s)
	}
	for _, rule := range cfg.Rules {
		on := slices.ContainsFunc(rule.On, func(pattern string) bool {
			ok, err := path.Match(pattern, event)
			return ok && err == nil
		})
		if !on || rule.Sample == "" {
			continue
		}
		b, err := os.ReadFile(rule.Sample)
		if err != nil {
			return hooks.Request{}, err
		}
		var recipients []string
		for _, line := range rule.Deliver {
			recipients = append(recipients, string(line[integrations.ChannelEmail]))
		}
		return hook.OwnSample(b, recipients, s)
	}
	if known := hook.Samples(); len(known) > 0 {
		return hooks.Request{}, wrongUse(fmt.Sprintf("there is no sample of %s; there is one of %s", event, hooks.SourceName(hook.Name)+"."+strings.Join(known, ", "+hooks.SourceName(hook.Name)+".")))
	}
	return hooks.Request{}, wrongUse(fmt.Sprintf("there is no sample of %s; name a JSON file with one as sample: in a rule that is on it", event))
}

// toHook sends a sample to a hook, signed as the config says.
func (s *sending) toHook(ctx context.Context) error {
	hook, err := findHook(s.cfg, s.Event)
	if err != nil {
		return err
	}
	r, err := hookSample(s.cfg, hook, s.Event, cmp.Or(s.To, s.cfg.Operator.Email), s.now)
	if err != nil {
		return err
	}
	address := cmp.Or(s.URL, "http://"+localAddress(s.cfg.Listen)) + "/hooks/" + hook.Name + r.Path
	s.id, err = postTo(ctx, address, r.Header, r.Body)
	return err
}
