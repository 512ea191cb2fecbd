package stripe

import (
	"errors"
	"fmt"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/integrations"
)

// meaning is what events of one of Stripe's types mean for passes.
type meaning struct {
	// aliases and effects are what such an event may have.
	aliases []string
	effects bool
	// read adds those that this one has.
	read func(e *integrations.Completed, o object)
}

// meanings are the events that mean something by themselves. All others are for
// rules alone.
//
// Of a refund, charge.refunded voids: Stripe sends it for every refund of a
// charge as soon as the refund exists, also while the money is still on its way
// (status pending), and it says whether the whole charge is refunded. The
// refund.* events that come beside it say nothing new until one fails or is
// cancelled; then the buyer has no money and gets the pass back.
// charge.refund.updated is the old name of refund.updated.
var meanings = map[string]meaning{
	"checkout.session.completed":               {[]string{TypePaid}, false, sessionPaid},
	"checkout.session.async_payment_succeeded": {[]string{TypePaid}, false, sessionPaid},
	"charge.captured":                          {[]string{TypePaid}, false, chargeCaptured},
	"charge.refunded":                          {[]string{TypeRefunded}, true, chargeRefunded},
	"refund.created":                           {nil, true, refundChanged},
	"refund.updated":                           {nil, true, refundChanged},
	"refund.failed":                            {nil, true, refundChanged},
	"charge.refund.updated":                    {nil, true, refundChanged},
	"charge.dispute.created":                   {nil, true, disputeOpened},
	"charge.dispute.closed":                    {nil, true, disputeClosed},
	"charge.dispute.funds_reinstated":          {nil, true, disputeClosed},
	"invoice.paid":                             {[]string{TypeSubscriptionPaid}, false, invoicePaid},
	"invoice.payment_succeeded":                {[]string{TypeSubscriptionPaid}, false, invoicePaid},
	"customer.subscription.updated":            {[]string{TypeSubscriptionEnded}, true, subscriptionUpdated},
	"customer.subscription.deleted":            {[]string{TypeSubscriptionEnded}, true, subscriptionDeleted},
}

// WebhookEvents are the event types that an endpoint needs, and that are
// fetched when events were missed: at most 20, as the list of events allows.
// Not among them are twins (invoice.payment_succeeded, charge.refund.updated)
// and what a later event says again (charge.dispute.funds_reinstated).
func WebhookEvents() []string {
	return []string{
		"checkout.session.completed", "checkout.session.async_payment_succeeded",
		"checkout.session.async_payment_failed", "checkout.session.expired",
		"charge.captured", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
		"charge.dispute.created", "charge.dispute.closed",
		"invoice.paid", "customer.subscription.updated", "customer.subscription.deleted",
	}
}

// understand reads e.Data and sets what follows from it: Refs, Aliases, Wanted,
// Effects, VoidOn and Attention. It asks nobody. It is done when an event arrives,
// for what the store keeps, and again in Complete: a thin event has no data
// until then, and effects are not stored.
func understand(e *integrations.Completed) (object, error) {
	var o object
	if err := jsonv2.Unmarshal(e.Data, &o, checked); err != nil {
		return o, fmt.Errorf("the event's data.object: %w", err)
	}
	if o.Object == "checkout.session" && !plainID.MatchString(o.ID) {
		return o, errors.New("the checkout session has no usable id")
	}
	e.Aliases, e.Refs, e.References = nil, o.refs(), o.references()
	e.Effects, e.Attention, e.VoidOn = nil, "", o.voidOn()
	if m, ok := meanings[ownType(e.Event)]; ok {
		m.read(e, o)
	}
	e.Wanted = len(e.Effects) > 0 || e.Attention != ""
	return o, nil
}

// ownType is Stripe's name of the event's type.
func ownType(e integrations.Event) string { return strings.TrimPrefix(e.Type, "stripe.") }

// void and lift add an effect, if there is anything by which passes are found.
func void(e *integrations.Completed, reason string, refs []string) { addEffect(e, reason, false, refs) }
func lift(e *integrations.Completed, reason string, refs []string) { addEffect(e, reason, true, refs) }

func addEffect(e *integrations.Completed, reason string, lift bool, refs []string) {
	if len(refs) > 0 {
		e.Effects = append(e.Effects, integrations.Effect{Reason: reason, Lift: lift, Refs: refs})
	}
}

// dashboard is the address of a thing's page for the operator.
func dashboard(e integrations.Event, kind, id string) string {
	url := "https://dashboard.stripe.com/"
	if e.Account != "" {
		url += e.Account + "/"
	}
	if !e.Live {
		url += "test/"
	}
	return url + kind + "/" + id
}
