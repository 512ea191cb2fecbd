package hooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

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

// client follows nobody.
var client = &http.Client{
	Timeout:       20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// get is a fetch.
func get(ctx context.Context, address string, header http.Header) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, integrations.Never(errors.New("the event's object has no address"))
	}
	r.Header = header
	resp, err := client.Do(r)
	if err != nil {
		return nil, integrations.Unavailable(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, integrations.MaxBody+1))
	switch {
	case err != nil:
		return nil, integrations.Unavailable(err)
	case resp.StatusCode == http.StatusTooManyRequests:
		return nil, integrations.After(time.Minute, errors.New("too many objects were fetched"))
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusNotFound:
		return nil, integrations.Never(fmt.Errorf("%s answered %s; is the token right?", r.URL.Host, resp.Status))
	case resp.StatusCode >= http.StatusInternalServerError:
		return nil, integrations.Unavailable(fmt.Errorf("%s answered %s", r.URL.Host, resp.Status))
	case resp.StatusCode != http.StatusOK:
		return nil, integrations.Never(fmt.Errorf("%s answered %s", r.URL.Host, resp.Status))
	case len(b) > integrations.MaxBody:
		return nil, integrations.Never(errors.New("what was fetched is larger than 1 MiB"))
	}
	return b, nil
}
