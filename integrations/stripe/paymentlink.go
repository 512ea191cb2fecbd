package stripe

import "context"

// PaymentLink is an active payment link.
// https://docs.stripe.com/api/payment-link/object
type PaymentLink struct {
	ID string `json:"id"`
	// URL is where buyers begin.
	URL   string `json:"url"`
	After struct {
		Redirect struct {
			URL string `json:"url"`
		} `json:"redirect"`
	} `json:"after_completion"`
}

// PaymentLinks are the active ones.
func (c *Client) PaymentLinks(ctx context.Context, live bool) ([]PaymentLink, error) {
	return list[PaymentLink](ctx, c, live, "/v1/payment_links", values{"active": {"true"}})
}

// Redirect lets a payment link send its buyers to url after they have paid.
// Stripe fills in {CHECKOUT_SESSION_ID}.
func (c *Client) Redirect(ctx context.Context, live bool, link, url string) error {
	return c.post(ctx, live, path("/v1/payment_links/", link), values{
		"after_completion[type]": {"redirect"}, "after_completion[redirect][url]": {url},
	}, &PaymentLink{})
}
