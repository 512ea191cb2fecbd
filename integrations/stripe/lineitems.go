package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/passhook/passhook/integrations"
)

// itemsOf are the line items of a session, those that a sample carries or those
// that Stripe lists.
func (c *Client) itemsOf(ctx context.Context, e integrations.Event, session map[string]any) ([]map[string]any, error) {
	if !isSample(e) {
		items, err := c.lineItems(ctx, e.Live, e.Account, e.Object)
		if err != nil {
			return nil, fmt.Errorf("the line items of %s: %w", e.Object, err)
		}
		if len(items) == 0 && session["mode"] != "setup" {
			return nil, integrations.Never(fmt.Errorf("stripe lists no line items for %s", e.Object))
		}
		return items, nil
	}
	data, _ := at(session, "line_items", "data").([]any)
	var items []map[string]any
	for _, v := range data {
		if m, ok := v.(map[string]any); ok {
			items = append(items, m)
		}
	}
	if len(items) == 0 {
		return nil, integrations.Never(errors.New("the sample event carries no line items"))
	}
	return items, nil
}

// plainItems adds product and merged metadata to every item. The nearer thing
// wins: line item, price, product, session. Stripe copies a payment link's
// metadata into the session. A product that is deleted, or a price that is
// gone, leaves less to read and is no error.
func plainItems(items []map[string]any, session map[string]any) []any {
	out := make([]any, len(items))
	for i, item := range items {
		price, _ := item["price"].(map[string]any)
		product, ok := price["product"].(map[string]any)
		if !ok {
			product = map[string]any{"id": price["product"]}
		}
		merged := map[string]any{}
		for _, from := range []map[string]any{session, product, price, item} {
			m, _ := from["metadata"].(map[string]any)
			maps.Copy(merged, m)
		}
		plain := maps.Clone(item)
		plain["product"], plain["metadata"] = product, merged
		out[i] = plain
	}
	return out
}

// fieldsByKey turns Checkout's custom_fields into {key: value}.
// https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-custom_fields
func fieldsByKey(v any) map[string]any {
	out := map[string]any{}
	list, _ := v.([]any)
	for _, f := range list {
		field, _ := f.(map[string]any)
		key, _ := field["key"].(string)
		kind, _ := field["type"].(string)
		value, _ := field[kind].(map[string]any)
		if key != "" {
			out[key] = value["value"]
		}
	}
	return out
}

// Session reads a Checkout Session as an event about it would carry it.
func (c *Client) Session(ctx context.Context, live bool, account, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, live, account, path("/v1/checkout/sessions/", id), nil, &out)
	return out, err
}

// lineItems lists all line items of a session, products expanded.
func (c *Client) lineItems(ctx context.Context, live bool, account, session string) ([]map[string]any, error) {
	var all []map[string]any
	query := values{"expand[]": {"data.price.product"}}
	err := c.pages(ctx, live, account, path("/v1/checkout/sessions/", session)+"/line_items", query, "starting_after", func(page []json.RawMessage) error {
		for _, b := range page {
			item, err := decodeMap(b)
			if err != nil {
				return fmt.Errorf("stripe's line items: %w", err)
			}
			all = append(all, item)
		}
		return tooLong("of line items", len(all))
	})
	return all, err
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
