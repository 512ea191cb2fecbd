package stripe

import (
	"context"
	"encoding/json"
	"time"
)

// Permission is something a restricted key must be able to read.
type Permission struct {
	// Name is what Stripe's dashboard calls it.
	Name string
	// path is a cheap read that needs it.
	path string
}

// permissions are what Permissions names.
var permissions = []Permission{
	{"Checkout Sessions", "/v1/checkout/sessions"}, {"Products", "/v1/products"}, {"Prices", "/v1/prices"},
	{"Customers", "/v1/customers"}, {"Subscriptions", "/v1/subscriptions"}, {"Invoices", "/v1/invoices"},
	{"Charges and Refunds", "/v1/charges"}, {"Disputes", "/v1/disputes"}, {"Events", "/v1/events"},
}

// Lacks tries one cheap read for each permission that the key of a mode needs.
// It gives what was refused, with Stripe's own words. An error is that nothing
// can be said: no network, or a key that Stripe does not know.
func (c *Client) Lacks(ctx context.Context, live bool) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range permissions {
		var ignored json.RawMessage
		err := c.get(ctx, live, "", p.path, values{"limit": {"1"}}, &ignored)
		words, no := Refused(err)
		switch {
		case no:
			out[p.Name] = words
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}

// ListedEvent is an event in Stripe's list of the last 30 days.
type ListedEvent struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Created int64  `json:"created"` // Unix seconds
	// Pending is how many endpoints have not taken it yet.
	Pending int `json:"pending_webhooks"`
}

// Time is when it happened.
func (e ListedEvent) Time() time.Time { return time.Unix(e.Created, 0) }

// LastEvents are the newest events of the types that passhook needs, the newest
// first, at most 100.
func (r Reader) LastEvents(ctx context.Context, since time.Time) ([]ListedEvent, error) {
	return r.page(ctx, r.query(since))
}

// Undelivered are those of them that an endpoint has not taken.
// https://docs.stripe.com/api/events/list
func (r Reader) Undelivered(ctx context.Context, since time.Time) ([]ListedEvent, error) {
	query := r.query(since)
	query["delivery_success"] = []string{"false"}
	return r.page(ctx, query)
}

func (r Reader) page(ctx context.Context, query values) ([]ListedEvent, error) {
	query["limit"] = []string{"100"}
	var page struct {
		Data []ListedEvent `json:"data"`
	}
	err := r.client.get(ctx, r.Live, r.Account, "/v1/events", query, &page)
	return page.Data, err
}
