package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/passhook/passhook/integrations"
)

// Client reads from Stripe's API with the key that fits an event's mode.
type Client struct {
	config  Config
	backend stripego.Backend
}

// NewClient makes a client that is safe for concurrent use. The config has
// passed Check.
func NewClient(c Config) *Client {
	api := c.APIURL
	if api == "" {
		api = DefaultAPIURL
	}
	return &Client{config: c, backend: stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{
		URL:               &api,
		HTTPClient:        &http.Client{Timeout: 15 * time.Second},
		LeveledLogger:     &stripego.LeveledLogger{Level: stripego.LevelNull},
		MaxNetworkRetries: stripego.Int64(1),
		EnableTelemetry:   stripego.Bool(false),
	})}
}

// raw is any answer, kept as it came: stripe-go's structs would drop the fields
// that are newer than they are.
type raw struct {
	stripego.APIResource
	json.RawMessage
}

// UnmarshalJSON keeps the bytes.
func (r *raw) UnmarshalJSON(b []byte) error { return r.RawMessage.UnmarshalJSON(b) }

// get reads one resource. account is a connected account, or empty.
func (c *Client) get(ctx context.Context, live bool, account, path string, query *form.Values, into any) error {
	key := c.config.key(live)
	if key == "" {
		return integrations.Never(fmt.Errorf("stripe.api_keys has no key for livemode %t; add one and replay the event", live))
	}
	params := &stripego.Params{Context: ctx}
	if account != "" {
		params.SetStripeAccount(account)
	}
	var r raw
	if err := c.backend.CallRaw(http.MethodGet, path, key, query, params, &r); err != nil {
		return explain(err)
	}
	if err := json.Unmarshal(r.RawMessage, into); err != nil {
		return fmt.Errorf("stripe's answer to %s is not what its API documents: %w", path, err)
	}
	return nil
}

// Session reads a Checkout Session as an event about it would carry it.
func (c *Client) Session(ctx context.Context, live bool, account, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, live, account, "/v1/checkout/sessions/"+url.PathEscape(id), &form.Values{}, &out)
	return out, err
}

// lineItems lists all line items of a session, page by page, products expanded.
func (c *Client) lineItems(ctx context.Context, live bool, account, session string) ([]map[string]any, error) {
	var all []map[string]any
	after := ""
	for {
		query := &form.Values{}
		query.Add("limit", "100")
		query.Add("expand[]", "data.price.product")
		if after != "" {
			query.Add("starting_after", after)
		}
		var page struct {
			HasMore bool             `json:"has_more"`
			Data    []map[string]any `json:"data"`
		}
		if err := c.get(ctx, live, account, "/v1/checkout/sessions/"+url.PathEscape(session)+"/line_items", query, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if !page.HasMore {
			return all, nil
		}
		next, _ := page.Data[len(page.Data)-1]["id"].(string)
		if next == "" || next == after {
			return nil, errors.New("stripe's list of line items does not end")
		}
		after = next
	}
}

// explain says what an API error means for the event: a wrong request stays
// wrong, everything else may pass.
func explain(err error) error {
	var se *stripego.Error
	if !errors.As(err, &se) {
		return fmt.Errorf("stripe's API could not be reached: %w", err)
	}
	said := fmt.Errorf("stripe's API said %d: %s", se.HTTPStatusCode, se.Msg)
	switch se.HTTPStatusCode {
	case http.StatusNotFound:
		return integrations.Never(fmt.Errorf("%w (do stripe.api_keys belong to the account that sent the event?)", said))
	case http.StatusBadRequest:
		return integrations.Never(said)
	case http.StatusTooManyRequests:
		return integrations.After(10*time.Second, said)
	case http.StatusUnauthorized, http.StatusForbidden:
		return integrations.After(time.Minute, fmt.Errorf("%w (check stripe.api_keys; a restricted key needs read access to Checkout Sessions, Products and Prices)", said))
	}
	return said
}

// Sample reads a session together with all its line items, as a sample event
// carries them.
func (c *Client) Sample(ctx context.Context, live bool, id string) (map[string]any, error) {
	b, err := c.Session(ctx, live, "", id)
	if err != nil {
		return nil, err
	}
	var session map[string]any
	if err := json.Unmarshal(b, &session); err != nil {
		return nil, fmt.Errorf("the session %s: %w", id, err)
	}
	items, err := c.lineItems(ctx, live, "", id)
	if err != nil {
		return nil, err
	}
	session["line_items"] = map[string]any{"object": "list", "has_more": false, "data": items}
	return session, nil
}
