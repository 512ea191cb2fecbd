package stripe

import (
	"context"
	"slices"
)

// Below the public address, WebhookPath is where Stripe posts events to, and
// SuccessPath where Checkout sends the buyer.
const (
	WebhookPath = "/webhooks/stripe"
	SuccessPath = "/stripe/success"
)

// Endpoint is a webhook endpoint as Stripe knows it.
// https://docs.stripe.com/api/webhook_endpoints/object
type Endpoint struct {
	ID string `json:"id"`
	// URL is where Stripe posts events to.
	URL string `json:"url"`
	// Status is enabled or disabled.
	Status string `json:"status"`
	// APIVersion is that of its events; empty is the account's own.
	APIVersion string `json:"api_version"`
	// Events are the types that it gets; "*" is all.
	Events []string `json:"enabled_events"`
	Live   bool     `json:"livemode"`
	// Secret signs its events. Stripe tells it once, when the endpoint is made.
	Secret string `json:"secret,omitempty"`
}

// everyEvent stands for all types.
const everyEvent = "*"

// Missing are the events that passhook needs and the endpoint does not get.
func (e Endpoint) Missing() []string {
	if slices.Contains(e.Events, everyEvent) {
		return nil
	}
	return without(WebhookEvents(), e.Events)
}

// Superfluous are the events that the endpoint gets and passhook needs not.
func (e Endpoint) Superfluous() []string { return without(e.Events, WebhookEvents()) }

// without are the elements of all that some does not have.
func without(all, some []string) []string {
	var out []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			out = append(out, s)
		}
	}
	return out
}

// Endpoints are those that post to url, the oldest first.
func (c *Client) Endpoints(ctx context.Context, live bool, url string) ([]Endpoint, error) {
	all, err := list[Endpoint](ctx, c, live, "/v1/webhook_endpoints", values{})
	if err != nil {
		return nil, err
	}
	var out []Endpoint
	for _, e := range slices.Backward(all) {
		if e.URL == url {
			out = append(out, e)
		}
	}
	return out, nil
}

// MakeEndpoint makes an endpoint with just the events that are needed. It names
// no API version, so that its events have the account's own: all are understood.
func (c *Client) MakeEndpoint(ctx context.Context, live bool, url string) (Endpoint, error) {
	var made Endpoint
	err := c.post(ctx, live, "/v1/webhook_endpoints", values{
		"url": {url}, "enabled_events[]": WebhookEvents(), "description": {"passhook"},
	}, &made)
	return made, err
}

// UpdateEndpoint enables an endpoint and gives it just the events that are
// needed.
func (c *Client) UpdateEndpoint(ctx context.Context, e Endpoint) error {
	return c.post(ctx, e.Live, path("/v1/webhook_endpoints/", e.ID), values{"enabled_events[]": WebhookEvents(), "disabled": {"false"}}, &Endpoint{})
}
