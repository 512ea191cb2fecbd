package stripe

import (
	"bytes"
	"encoding/json"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// object is the little that is read of an event's object when it arrives, in
// every API version. The rest waits for Complete: a sender must not wait for
// more than it takes to know what happened. Members that a version may have
// otherwise are any: what Stripe changes must not turn its events away.
type object struct {
	ID                 string `json:"id"`
	Object             string `json:"object"`
	Mode               any    `json:"mode"`
	Status             any    `json:"status"`
	PaymentStatus      any    `json:"payment_status"`
	PaymentIntent      any    `json:"payment_intent"`
	Charge             any    `json:"charge"`
	Subscription       any    `json:"subscription"`
	Invoice            any    `json:"invoice"`
	Parent             any    `json:"parent"`
	ClientReferenceID  any    `json:"client_reference_id"`
	BillingReason      any    `json:"billing_reason"`
	Refunded           any    `json:"refunded"`
	Amount             any    `json:"amount"`
	AmountRefunded     any    `json:"amount_refunded"`
	Currency           any    `json:"currency"`
	Reason             any    `json:"reason"`
	FailureReason      any    `json:"failure_reason"`
	PreviousAttributes any    `json:"previous_attributes"`
}

// checked says that the bytes have been through a strict decoder already.
var checked = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// payment is by what a refund or a dispute finds its passes: the payment and
// its charge. Never the customer or an address: they may have paid twice.
func (o object) payment() []string {
	if o.Object == "charge" {
		return ids(o.PaymentIntent, o.ID)
	}
	return ids(o.PaymentIntent, o.Charge)
}

// subscription is the subscription's id, or empty. Since 2025-03-31.basil an
// invoice names it in parent.subscription_details.
func (o object) subscription() string {
	switch o.Object {
	case "subscription":
		return o.ID
	case "invoice":
		if s := id(at(o.Parent, "subscription_details", "subscription")); s != "" {
			return s
		}
	}
	return id(o.Subscription)
}

// refs are the ids by which refunds, disputes and renewals find the passes. No
// customer: that would reach everything they ever bought.
func (o object) refs() []string {
	return ids(o.ID, o.PaymentIntent, o.subscription(), o.Invoice, o.Charge)
}

// references are what a shop gave a checkout for itself. Whoever opens a Payment
// Link can set it in the address, to any text.
// https://docs.stripe.com/payment-links/url-parameters
func (o object) references() []string { return ids(o.ClientReferenceID) }

// voidOn is what voids passes of a subscription; nil for what is sold once. A
// refunded or disputed month ends no membership, the end of it does.
func (o object) voidOn() []string {
	if o.subscription() != "" || o.Mode == "subscription" {
		return []string{integrations.ReasonSubscriptionEnd}
	}
	return nil
}

// ids are those values that are ids, each once, in their order.
func ids(values ...any) []string {
	var out []string
	for _, v := range values {
		if s := id(v); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// union has what a list lacks of another behind it. The lists stay as they are.
func union(list, other []string) []string {
	out := slices.Clone(list)
	for _, s := range other {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// id is the id of a reference, which may be expanded; empty where there is none.
func id(v any) string {
	if m, ok := v.(map[string]any); ok {
		v = m["id"]
	}
	if s, ok := v.(string); ok && plainID.MatchString(s) {
		return s
	}
	return ""
}

// at is the member that the names lead to, or nil.
func at(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// number is a whole number of any decoder, or 0.
func number(v any) int64 {
	switch n := v.(type) {
	case float64:
		return int64(n)
	case int64:
		return n
	case int:
		return int64(n)
	case json.Number:
		i, _ := n.Int64()
		return i
	}
	return 0
}

// splice adds a member to an object that has members.
func splice(o json.RawMessage, name string, value json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	b.Grow(len(o) + len(name) + len(value) + 4)
	b.WriteString(`{"` + name + `":`)
	b.Write(value)
	b.WriteByte(',')
	b.Write(o[1:])
	return b.Bytes()
}

// decodeMap is a JSON object with its numbers as expressions have them; null
// for what is none.
func decodeMap(b json.RawMessage) (map[string]any, error) {
	v, err := expressions.DecodeJSON(b)
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	return m, nil
}
