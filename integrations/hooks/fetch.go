package hooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/passhook/passhook/integrations"
)

// fetch reads what is at an address. Its errors follow the rule of Never, After,
// Unavailable and all others.
type fetch func(ctx context.Context, address string, header http.Header) ([]byte, error)

// onHost refuses addresses that lead elsewhere: an event must not choose whom
// this machine asks, or who is told the token.
func onHost(address, host string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host != host || u.User != nil {
		return fmt.Errorf("the event's object is not at https://%s", host)
	}
	return nil
}

// guard asks public hosts only, wherever an address leads.
var guard = integrations.NewGuard()

// get is a fetch. A token that is refused is the operator's to mend.
func get(ctx context.Context, address string, header http.Header) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, integrations.Never(errors.New("the event's object has no address"))
	}
	b, _, err := guard.Get(ctx, address, integrations.GetOptions{Hosts: []string{u.Hostname()}, Header: header})
	var status *integrations.StatusError
	switch {
	case errors.As(err, &status) && (status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden):
		return nil, integrations.Blocked(fmt.Errorf("%s: %w; is the token right?", u.Host, status))
	case err != nil && !integrations.IsNever(err) && integrations.RetryAfter(err) == 0:
		return nil, integrations.Unavailable(err)
	}
	return b, err
}
