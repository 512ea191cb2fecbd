package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Access asks Slack whether the config's tokens are good and have their scopes,
// and what it is told of the user groups. The error has all that is wrong.
func (c Config) Access(ctx context.Context, addresses bool) error {
	client := NewClient(c)
	who, err := client.api.AuthTestContext(ctx)
	if err != nil {
		return fmt.Errorf("bot_token: %w", sorted(err))
	}
	var errs []error
	if header := who.Header.Get("X-OAuth-Scopes"); header != "" {
		has := strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ' ' })
		missing := slices.DeleteFunc(c.Scopes(addresses), func(scope string) bool { return slices.Contains(has, scope) })
		if len(missing) > 0 {
			errs = append(errs, fmt.Errorf("bot_token: the app lacks the scope %s; make it anew from passhook slack manifest, or add it under OAuth & Permissions, and install the app again", strings.Join(missing, ", ")))
		}
	}
	if c.AppToken != "" {
		if _, _, err := client.api.StartSocketModeContext(ctx); err != nil {
			errs = append(errs, fmt.Errorf("app_token: %w", sorted(err)))
		}
	}
	for _, id := range c.groups() {
		if _, err := client.api.GetUserGroupMembersContext(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("user group %s: %w", id, sorted(err)))
		}
	}
	return errors.Join(errs...)
}
