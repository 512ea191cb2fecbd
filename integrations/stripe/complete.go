package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// SampleEventPrefix starts the ids of events that passhook makes itself to try
// a server out. They carry their line items, because Stripe knows nothing of
// their session.
const SampleEventPrefix = "evt_passhook_"

// Complete fills data.line_items of a Checkout Session with the complete plain
// list, item.product with the expanded product and item.metadata with the
// merged metadata; custom_fields becomes a map by key. Other objects are
// returned as they are.
func (c *Client) Complete(ctx context.Context, e integrations.Event) (integrations.Event, error) {
	decoded, err := expressions.DecodeJSON(e.Data)
	if err != nil {
		return e, integrations.Never(fmt.Errorf("the event's data: %w", err))
	}
	session, _ := decoded.(map[string]any)
	if session["object"] != "checkout.session" {
		return e, nil
	}
	items, err := c.itemsOf(ctx, e, session)
	if err != nil {
		return e, err
	}
	session["line_items"] = plainItems(items, session)
	session["custom_fields"] = fieldsByKey(session["custom_fields"])
	e.Data, err = json.Marshal(session)
	return e, err
}

func (c *Client) itemsOf(ctx context.Context, e integrations.Event, session map[string]any) ([]map[string]any, error) {
	if !strings.HasPrefix(e.ExternalID, SampleEventPrefix) {
		items, err := c.lineItems(ctx, e.Live, e.Account, e.Object)
		if err != nil {
			return nil, fmt.Errorf("the line items of %s: %w", e.Object, err)
		}
		if len(items) == 0 && session["mode"] != "setup" {
			return nil, integrations.Never(fmt.Errorf("stripe lists no line items for %s", e.Object))
		}
		return items, nil
	}
	list, _ := session["line_items"].(map[string]any)
	data, _ := list["data"].([]any)
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
// wins: line item, price, product, session.
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
