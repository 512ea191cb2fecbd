// Package integrations holds what all outside services share: the event that
// comes in, how it is taken in and its signature checked, the delivery that goes
// out, and the interfaces through which the engine reaches the services. Each
// service has a folder below it.
package integrations

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/passhook/passhook/passes"
)

// Event is one verified thing that happened outside.
type Event struct {
	// ID is ours, given by the store; it sorts by time of arrival.
	ID string
	// Source is the integration that verified it: "stripe".
	Source string
	// Type is the source's own name of what happened, with the source before it:
	// "stripe.checkout.session.completed".
	Type string
	// Aliases are further names that rules match: "stripe.checkout.paid".
	Aliases []string
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
	// Refs are the ids, given by the source, by which later events find the
	// passes of this one.
	Refs []string
	// References are ids that a buyer or a sender could choose. People find
	// passes by them; events never do.
	References []string
	// Data is the source's object, JSON.
	Data json.RawMessage
	// Headers are those of the request that rules may read, by lower-case name;
	// nil where the source has none for them.
	Headers map[string]string
	// Wanted is true where the source has something to do with the event even if
	// no rule is on it.
	Wanted bool
	// Rule, when set, is the only rule that sees the event: a backfill issues by
	// one rule alone.
	Rule string
	// Ignore says why the event is recorded but not worked on; empty: it is.
	Ignore string
	// Redirect, when set, gets every delivery of this event instead of the
	// recipients that rules name.
	Redirect Recipient
}

// Names are all names of what happened that a rule may be on.
func (e Event) Names() []string { return append([]string{e.Type}, e.Aliases...) }

// Is reports whether name is the event's type or one of its aliases.
func (e Event) Is(name string) bool { return e.Type == name || slices.Contains(e.Aliases, name) }

// Completed is an event with all that its source knows of it.
type Completed struct {
	Event
	// Effects are what it does to passes that are there already, or will be,
	// without any rule of its own.
	Effects []Effect
	// VoidOn are the reasons that void its passes where a rule does not say;
	// nil is DefaultVoidOn.
	VoidOn []string
	// Attention is what the operator must look at; empty: nothing.
	Attention string
	// Orders are passes that the event asks for itself, without a rule.
	Orders []Order
	// Answers are for whoever asked for it, once it is done.
	Answers []Answer
}

// Answer is what somebody is told who asked for something.
type Answer struct {
	To Recipient
	// Text is what came of it, in the words of the channel; empty: the passes that
	// the event issued.
	Text string
}

// Order asks for one pass without a rule.
type Order struct {
	// Name tells it from the event's other orders, and stands in what makes the
	// pass unique.
	Name string
	// Template is the template's name and Inputs are what it takes.
	Template string
	Inputs   map[string]any
	// To are those who get it; none: nobody is sent anything.
	To []Recipient
}

// Recipient is somebody who gets a pass over a channel.
type Recipient struct {
	Channel string `json:"channel"`
	Address string `json:"address"`
}

// Reasons for which a pass is void. Rules name those of Reasons in void_on; what
// a person or a rule voids is void whatever the rule says.
const (
	ReasonRefund          = "refund"
	ReasonDispute         = "dispute"
	ReasonSubscriptionEnd = "subscription_end"
	ReasonOperator        = "operator"
)

// Reasons are those that void_on may name.
func Reasons() []string { return []string{ReasonRefund, ReasonDispute, ReasonSubscriptionEnd} }

// DefaultVoidOn is what voids a pass that was bought.
var DefaultVoidOn = []string{ReasonRefund, ReasonDispute}

// Effect is what an event does to the passes that share one of its refs,
// whichever rule issued them.
type Effect struct {
	// Reason is why a pass is void. Where it is one of Reasons it takes effect on
	// passes whose rule's void_on names it.
	Reason string
	// Lift takes the reason away again: a refund that failed, a dispute that was
	// won.
	Lift bool
	// Inputs, where it is set, is a JSON object that is merged into the passes'
	// inputs; then there is no Reason.
	Inputs json.RawMessage
	// Refs are ids of the source, by which the passes are found.
	Refs []string
	// Serial is the serial number of the one pass it is about. It counts only in
	// events that passhook itself makes.
	Serial string
	// Push wakes the phones that have the pass of Serial, or all passes of
	// Template, though nothing of them has changed. It counts only in events that
	// passhook itself makes; then there is no Reason.
	Push     bool
	Template string
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

// Source is an integration that events come from.
type Source interface {
	// Types are the event types that it knows by name, with samples. The caller
	// changes none of them.
	Types() (map[string]TypeInfo, error)
	// Decode reads an event's body that is known to be the source's: from a file,
	// or of a sample. Its errors say what is wrong with the body.
	Decode(body []byte) (Event, error)
	// Complete asks, outside the request and outside any transaction, for what
	// the event itself does not carry, such as a checkout's line items. Errors
	// follow the rule of Never, After, Unavailable and all others.
	Complete(ctx context.Context, e Event) (Completed, error)
}

// Channels: of mail addresses, and of people and channels in Slack.
const (
	ChannelEmail = "email"
	ChannelSlack = "slack"
)

// Package is one signed pass as a recipient sees it.
type Package struct {
	Serial string
	// Title is the pass's name for people: "Concert at Hall One".
	Title string
	// Filename is ASCII and ends in ".pkpass".
	Filename string
	// Bytes is the size of the signed package.
	Bytes int64
	// Sign makes and signs it. Only a channel that carries it asks for that. nil:
	// there is none to be had.
	Sign func() (*passes.Package, error)
	// Link is the address of the pass's page.
	Link string
	// Fields are what the front of the pass says, in its order.
	Fields []Field
	// Voided is true where the pass is no longer valid.
	Voided bool
}

// Field is one line of a pass's front.
type Field struct{ Label, Value string }

// Delivery is the passes of one order for one recipient over one channel.
type Delivery struct {
	// ID is stable over every attempt; the mail's Message-ID is made from it.
	ID string
	// Recipient is somebody as the channel writes it: a mail address.
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
	// Confirm is called just before the point after which the other side may
	// take the delivery; its error ends the attempt with nothing sent. nil: no
	// question is asked.
	Confirm func(ctx context.Context) error
	// Sent is told where the other side has put the delivery, if the channel can
	// change it there later. nil: nobody wants to know.
	Sent func(place string)
}

// Issued is what an event has issued, for whoever asked for it.
type Issued struct {
	Packages []Package
	// To are those who are sent the passes.
	To []Recipient
}

// Answerer is a Channel in which people ask for something.
type Answerer interface {
	// Answer tells whoever asked what came of it: a text, or where that is empty
	// what was issued.
	Answer(ctx context.Context, to, text string, issued Issued) error
}

// Asked is a Source of what people ask for.
type Asked interface {
	// Asker is who asked; ok is false where nobody did who could be told.
	Asker(e Event) (to Recipient, ok bool)
}

// Updater is a Channel that can change what it has delivered.
type Updater interface {
	// Update brings a delivery up to date at the place that Deliver has told.
	Update(ctx context.Context, place string, d Delivery) error
}

// Notice is a short text for the operator: no links that open passes, no
// barcodes.
type Notice struct {
	// ID tells notices apart: equal ids are the same notice, sent again.
	ID string
	// Subject is one line.
	Subject, Text string
}

// Pusher wakes phones. Errors follow the rule of Gone, Never, After, Unavailable,
// Blocked and all others.
type Pusher interface {
	// Push asks the phone of a token to look for changed passes of a type.
	Push(ctx context.Context, passType, token string) error
}

// Channel delivers. Errors follow the rule of Never, After, Unavailable and all
// others.
type Channel interface {
	// Check says what is wrong with a recipient, for the person who wrote it;
	// nil: it can be one.
	Check(recipient string) error
	// Deliver returns nil when the other side took the delivery.
	Deliver(ctx context.Context, d Delivery) error
	// Notice sends a notice to the operator.
	Notice(ctx context.Context, to string, n Notice) error
}
