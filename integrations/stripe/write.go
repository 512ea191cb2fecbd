package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	stripego "github.com/stripe/stripe-go/v76"
)

// NewSetupClient is a client with one key that may write, which is asked for
// once and stored nowhere. Live is the key's mode; ok is false where it is no
// secret or restricted key.
func NewSetupClient(apiURL, key string) (c *Client, live, ok bool) {
	mode := keyMode(key)
	return NewClient(Config{APIKeys: []string{key}, APIURL: apiURL}), mode == ModeLive, mode != ""
}

// post creates or changes an object.
func (c *Client) post(ctx context.Context, live bool, path string, form values, into any) error {
	params := &stripego.Params{Context: ctx, Headers: http.Header{"Stripe-Version": {APIVersion}}}
	var r raw
	if err := c.backend.CallRaw(http.MethodPost, path, c.config.key(live), form.form(), params, &r); err != nil {
		return apiError(err)
	}
	if err := json.Unmarshal(r.RawMessage, into); err != nil {
		return fmt.Errorf("stripe's answer to %s is not what its API documents: %w", path, err)
	}
	return nil
}

// list reads all of a list.
func list[T any](ctx context.Context, c *Client, live bool, path string, query values) ([]T, error) {
	var out []T
	err := c.pages(ctx, live, "", path, query, "starting_after", func(page []json.RawMessage) error {
		for _, b := range page {
			var o T
			if err := json.Unmarshal(b, &o); err != nil {
				return fmt.Errorf("stripe's list %s: %w", path, err)
			}
			out = append(out, o)
		}
		return tooLong(path, len(out))
	})
	return out, err
}

// tooLong ends the reading of a list that is kept in memory.
func tooLong(path string, n int) error {
	if n > maxList {
		return fmt.Errorf("stripe's list %s has more than %d objects", path, maxList)
	}
	return nil
}
