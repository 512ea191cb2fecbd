package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/integrations"
)

// chargeCaptured is how a Checkout Session is paid whose capture_method is
// manual: it is complete and unpaid while the money is only held, and no event
// about the session says when it was taken. Complete finds out whether there is
// a session.
// https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
func chargeCaptured(e *integrations.Completed, o object) {
	if id(o.PaymentIntent) != "" {
		e.Aliases = append(e.Aliases, TypePaid)
	}
}

// completeCaptured puts the Checkout Session in the charge's place; nil where
// the charge paid for none.
func (c *Client) completeCaptured(ctx context.Context, e *integrations.Completed, o object) (map[string]any, error) {
	captured := e.Is(TypePaid) && !isSample(e.Event)
	if e.Aliases = nil; !captured {
		return nil, nil
	}
	found, err := c.firstInList(ctx, e.Event, "/v1/checkout/sessions", values{"payment_intent": {id(o.PaymentIntent)}})
	if err != nil || found == nil {
		return nil, err
	}
	b, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	var sold object
	if err := jsonv2.Unmarshal(b, &sold, checked); err != nil {
		return nil, integrations.Never(fmt.Errorf("the checkout session of %s: %w", e.Object, err))
	}
	if sold.PaymentStatus == "unpaid" {
		return nil, integrations.After(time.Minute, fmt.Errorf("the payment %s is captured, but stripe still says that its checkout session %s is unpaid", id(o.PaymentIntent), sold.ID))
	}
	if sessionPaid(e, sold); !e.Is(TypePaid) {
		return nil, nil
	}
	e.Object, e.Refs, e.References, e.VoidOn = sold.ID, union(sold.refs(), e.Refs), sold.references(), sold.voidOn()
	session, err := decodeMap(b)
	if err != nil {
		return nil, err
	}
	return session, c.completeSession(ctx, e.Event, session)
}
