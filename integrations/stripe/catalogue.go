package stripe

import "context"

// Price is an active price of an active product.
type Price struct {
	ID string `json:"id"`
	// Recurring is set where it is a subscription's.
	Recurring *struct {
		Interval string `json:"interval"`
	} `json:"recurring"`
	Product Product `json:"product"`
}

// Product is what is sold.
type Product struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
}

// Prices are those that something can be bought at now.
// https://docs.stripe.com/api/prices/list
func (c *Client) Prices(ctx context.Context, live bool) ([]Price, error) {
	all, err := list[Price](ctx, c, live, "/v1/prices", values{"active": {"true"}, "expand[]": {"data.product"}})
	var out []Price
	for _, p := range all {
		if p.Product.Active {
			out = append(out, p)
		}
	}
	return out, err
}
