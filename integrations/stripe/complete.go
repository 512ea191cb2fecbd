package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/passhook/passhook/integrations"
)

// SampleEventPrefix starts the ids of events that passhook makes itself to try
// a server out. They carry their line items, because Stripe knows nothing of
// their session.
const SampleEventPrefix = "evt_passhook_"

func isSample(e integrations.Event) bool { return strings.HasPrefix(e.ExternalID, SampleEventPrefix) }

// Complete fetches what the event does not carry and makes Aliases, Refs,
// Effects and Attention final.
//
//   - Of a thin event: its object.
//   - Of a Checkout Session: data.line_items becomes the complete plain list,
//     item.product the expanded product, item.metadata the merged metadata;
//     custom_fields becomes a map by key; customer_details.email is found
//     elsewhere where Checkout did not ask for it; with a subscription come
//     period_start and period_end.
//   - Of a subscription's paid invoice: data becomes the Subscription, with
//     period_start, period_end and invoice.
//   - Of a refunded charge, a failed refund and a dispute: what else was paid
//     with it decides about Effects.
//   - Of a charge that was captured later: data becomes the Checkout Session
//     that it paid for, if there is one.
//
// Other objects are returned as they are. The config's mode counts as it is now:
// an event may be replayed under another than it came in under.
func (c *Client) Complete(ctx context.Context, event integrations.Event) (integrations.Completed, error) {
	if event.Type == typeUnreadable {
		var err error
		if event, err = c.readAgain(event); err != nil {
			return integrations.Completed{Event: event}, err
		}
	}
	e := integrations.Completed{Event: c.config.applyMode(event)}
	if e.Ignore != "" {
		return e, nil
	}
	return c.complete(ctx, e)
}

func (c *Client) complete(ctx context.Context, e integrations.Completed) (integrations.Completed, error) {
	data, err := decodeMap(e.Data)
	if err != nil {
		return e, integrations.Never(fmt.Errorf("the event's data: %w", err))
	}
	if data["object"] == thinObject {
		if err := c.fetch(ctx, &e.Event, data); err != nil {
			return e, err
		}
		if data, err = decodeMap(e.Data); err != nil {
			return e, integrations.Never(fmt.Errorf("stripe's answer: %w", err))
		}
	}
	o, err := understand(&e)
	if err != nil {
		return e, integrations.Never(err)
	}
	switch o.Object {
	case "checkout.session":
		err = c.completeSession(ctx, e.Event, data)
	case "charge":
		if ownType(e.Event) != "charge.captured" {
			return e, c.completeCharge(ctx, &e, o, data)
		}
		if data, err = c.completeCaptured(ctx, &e, o); data == nil {
			return e, err
		}
	case "refund":
		return e, c.completeRefund(ctx, &e, o)
	case "dispute":
		return e, c.completeDispute(ctx, &e, o)
	case "invoice":
		data, err = c.completeInvoice(ctx, &e, o, data)
	case "subscription":
		addPeriod(data, data, nil)
	default:
		return e, nil
	}
	if err != nil {
		return e, err
	}
	e.Data, err = json.Marshal(data)
	return e, err
}

// object reads one object of the event's account.
func (c *Client) object(ctx context.Context, e integrations.Event, path string) (map[string]any, error) {
	var b json.RawMessage
	if err := c.get(ctx, e.Live, e.Account, path, nil, &b); err != nil {
		return nil, err
	}
	m, err := decodeMap(b)
	if err != nil || m == nil {
		return nil, fmt.Errorf("stripe's answer to %s is no object", path)
	}
	return m, nil
}
