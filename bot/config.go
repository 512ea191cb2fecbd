package bot

import "go.yaml.in/yaml/v4"

// What a rule does.
const (
	ActionIssue  = "issue"
	ActionUpdate = "update"
	ActionVoid   = "void"
	ActionUpsert = "upsert"
)

var actions = []string{ActionIssue, ActionUpdate, ActionVoid, ActionUpsert}

// Rule is one entry of the rules section of passhook.yaml: which events issue,
// update or void passes, from which template, with which inputs, delivered to
// whom.
type Rule struct {
	// Name is permanent: it is part of what makes a pass unique.
	Name string `yaml:"name" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]*$,description=Permanent: it is part of what makes a pass unique."`
	// On names event types; * matches any run of characters.
	On   OneOrMany `yaml:"on" jsonschema:"description=Event type or list of them; * matches."`
	When string    `yaml:"when,omitempty" jsonschema:"description=Bare expression asked for each unit; default true."`
	// Action is issue where it is empty. Update and void reach the passes that
	// share a ref with the event, or have the Key; upsert issues the passes of a
	// Key, or updates them where they are there.
	Action string `yaml:"action,omitempty" jsonschema:"enum=issue,enum=update,enum=void,enum=upsert,description=What the rule does; default issue. update merges its inputs into the passes that share a ref with the event and void ends them. upsert issues the pass of a key or updates it where it is there."`
	// Key is the outside's own id of what a pass stands for, such as a booking.
	Key Text `yaml:"key,omitempty" jsonschema:"description=The id by which the outside knows what the pass stands for: ${{ data.booking }}. upsert needs it; update and void reach the passes of that key."`
	// ForEach and Repeat default to what the source says of the event type;
	// an explicit null means once for the event.
	ForEach  Optional       `yaml:"for_each,omitempty" jsonschema:"description=Bare expression for a list; item is its element. null: once for the event. Default for stripe.checkout.paid: data.line_items"`
	Repeat   Optional       `yaml:"repeat,omitempty" jsonschema:"description=Bare expression for a number of passes; unit counts from 1. Default for stripe.checkout.paid: item.quantity"`
	Template string         `yaml:"template,omitempty" jsonschema:"description=Name of a template; may be an expression in ${{ }}. With update and void: only passes of this template."`
	With     map[string]any `yaml:"with,omitempty" jsonschema:"description=The template's inputs; values may hold ${{ }}."`
	// VoidOn, where it is nil, is what the event's source says of the event.
	VoidOn  []string          `yaml:"void_on,omitempty" jsonschema:"enum=refund,enum=dispute,enum=subscription_end,description=What voids the rule's passes. Default: refund and dispute; for subscriptions subscription_end. An empty list: nothing."`
	Deliver []map[string]Text `yaml:"deliver,omitempty" jsonschema:"description=Channels and recipients: - email: ${{ data.customer_details.email }}"`
	// Notify are those who are told that passes were issued.
	Notify []map[string]Text `yaml:"notify,omitempty" jsonschema:"description=Channels and people that are told what was issued\\, without links or barcodes: - slack: \"#box-office\""`
	Sample string            `yaml:"sample,omitempty" jsonschema:"description=A JSON file with an event's data; names are checked against it."`
}

// Text is a string that may hold ${{ }}.
type Text string

// OneOrMany is a list that may be written as a single value.
type OneOrMany []string

// UnmarshalYAML accepts a scalar or a list.
func (o *OneOrMany) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*o = OneOrMany{n.Value}
		return nil
	}
	return n.Decode((*[]string)(o))
}

// Optional is an expression that may be absent, null or given.
type Optional struct {
	// Set is false where the key is absent; with Set, an empty Value is null.
	Set   bool
	Value string
}

// UnmarshalYAML tells null from absent.
func (o *Optional) UnmarshalYAML(n *yaml.Node) error {
	o.Set = true
	if n.Tag == "!!null" {
		return nil
	}
	return n.Decode(&o.Value)
}
