// Package integrations holds what all outside services share: the event that
// comes in, the delivery that goes out, and the one-method interfaces through
// which the engine reaches the services. Each service has a folder below it.
package integrations

import (
	"context"
	"encoding/json"
	"time"

	"github.com/passhook/passhook/passes"
)

// Event is one verified thing that happened outside.
type Event struct {
	// ID is ours, given by the store; it sorts by time of arrival.
	ID string
	// Source is the integration that verified it: "stripe".
	Source string
	// Types are the names that rules match, the source's own name first, then
	// aliases: "stripe.checkout.session.completed", "stripe.checkout.paid".
	Types []string
	// ExternalID is the source's id of the event, unique within Source: "evt_…".
	ExternalID string
	// Account is the source's account the event belongs to; empty for our own.
	Account string
	// Object is the id of what the event is about: "cs_…". Two events about one
	// object issue its passes once.
	Object string
	// Live is false for test-mode events.
	Live bool
	// Time is when it happened, by the source's clock.
	Time time.Time
	// Refs are the outside ids by which later events find the passes of this one.
	Refs []string
	// Data is the source's object, JSON.
	Data json.RawMessage
	// Effects are what it does to passes that are there already, or will be,
	// without any rule of its own.
	Effects []Effect
	// VoidOn are the reasons that void its passes where a rule does not say;
	// nil is DefaultVoidOn.
	VoidOn []string
	// Attention is what the operator must look at; empty: nothing.
	Attention string
	// Rule, when set, is the only rule that sees the event: a backfill issues by
	// one rule alone.
	Rule string
	// Ignore says why the event is recorded but not worked on; empty: it is.
	Ignore string
	// Redirect, when set, is the mail address that gets every delivery of this
	// event instead of the recipients that rules name.
	Redirect string
}

// Reasons for which passes are void, and which rules name in void_on.
const (
	ReasonRefund          = "refund"
	ReasonDispute         = "dispute"
	ReasonSubscriptionEnd = "subscription_end"
)

// DefaultVoidOn is what voids a pass that was bought.
var DefaultVoidOn = []string{ReasonRefund, ReasonDispute}

// Effect is what an event does to the passes that share one of its refs,
// whichever rule issued them.
type Effect struct {
	// Reason is why a pass is void. It takes effect where the rule's void_on
	// names it.
	Reason string
	// Lift takes the reason away again: a refund that failed, a dispute that was
	// won.
	Lift bool
	// Inputs, where it is set, is a JSON object that is merged into the passes'
	// inputs; then there is no Reason.
	Inputs json.RawMessage
	// Refs are what the passes are found by: outside ids, or serial numbers.
	Refs []string
}

// TypeInfo is what a source knows about one of its event types.
type TypeInfo struct {
	// Samples are realistic data objects of this type. Names in expressions are
	// checked against all of them together. None: nothing is checked.
	Samples []any
	// ForEach and Repeat are the defaults of a rule's for_each and repeat, as
	// bare expressions; empty: once for the event, and 1.
	ForEach, Repeat string
}

// Source is asked, outside the request and outside any transaction, for what
// an event itself does not carry, such as a checkout's line items.
type Source interface {
	// Complete returns the event with Data filled up and Object and Refs
	// final. Errors follow the rule of Never, After and all others.
	Complete(ctx context.Context, e Event) (Event, error)
}

// MaxAttached is how many packages a delivery carries. A larger one has links
// alone: mail servers refuse what is too long.
const MaxAttached = 10

// Package is one signed pass as a recipient sees it.
type Package struct {
	Serial string
	// Title is the pass's name for people: "Concert at Hall One".
	Title string
	// Filename is ASCII and ends in ".pkpass".
	Filename string
	// Content is the signed package; nil where a delivery has more than
	// MaxAttached.
	Content *passes.Package
	// Link is the address of the pass's page.
	Link string
	// Fields are what the front of the pass says, in its order.
	Fields []Field
}

// Field is one line of a pass's front.
type Field struct{ Label, Value string }

// Delivery is the passes of one order for one recipient over one channel.
type Delivery struct {
	// ID is stable over every attempt; the mail's Message-ID is made from it.
	ID string
	// Recipient is a mail address for the email channel.
	Recipient string
	// Subject and Intro come from the template; empty: the channel's default.
	Subject, Intro string
	// Created is when the delivery was decided; a repeated mail carries the
	// same date.
	Created  time.Time
	Packages []Package
	// Link is the address of the page with all of them; empty: there is none.
	Link string
	// Editable is true where the page lets the recipient change something, such
	// as the holders' names.
	Editable bool
}

// Channel delivers. Deliver returns nil when the other side took it; errors
// follow the rule of Never, After and all others.
type Channel interface {
	Deliver(ctx context.Context, d Delivery) error
}
