package standins

import "strings"

// slackType is the "type" of a block, an element or a text.
func slackType(o map[string]any) string {
	kind, _ := o["type"].(string)
	return kind
}

// slackText is the text of a text object, or empty.
func slackText(o any) string {
	m, _ := o.(map[string]any)
	text, _ := m["text"].(string)
	return text
}

// slackBlocks are blocks as they came in JSON.
func slackBlocks(raw any) []SlackBlock {
	list, _ := raw.([]any)
	var out []SlackBlock
	for _, item := range list {
		if b, ok := item.(map[string]any); ok {
			out = append(out, b)
		}
	}
	if out == nil {
		out, _ = raw.([]SlackBlock)
	}
	return out
}

// slackElements are the elements of a block, wherever it has them: in its
// elements, beside its text, in its input. A carousel has cards: see slackLeaves.
func slackElements(b SlackBlock) []map[string]any {
	var out []map[string]any
	for _, name := range []string{"element", "accessory"} {
		if e, ok := b[name].(map[string]any); ok {
			out = append(out, e)
		}
	}
	if slackType(b) != "carousel" {
		out = append(out, slackBlocks(b["elements"])...)
	}
	return append(out, slackBlocks(b["actions"])...)
}

// slackLeaves are blocks with the cards of carousels in their place: a card has
// its own block_id.
func slackLeaves(blocks []SlackBlock) []SlackBlock {
	var out []SlackBlock
	for _, b := range blocks {
		if slackType(b) == "carousel" {
			out = append(out, slackBlocks(b["elements"])...)
		} else {
			out = append(out, b)
		}
	}
	return out
}

// slackInput is an element that keeps what is entered, in its block.
type slackInput struct {
	block, action, kind string
	element, in         map[string]any
}

// slackFields are the elements whose state a view has: those of input blocks,
// and others that hold a choice. Buttons hold none.
func slackFields(blocks []SlackBlock) []slackInput {
	var out []slackInput
	for _, b := range blocks {
		for _, e := range slackElements(b) {
			kind := slackType(e)
			if !slackElementTypes[kind].interactive || kind == "button" || kind == "overflow" || kind == "workflow_button" {
				continue
			}
			block, _ := b["block_id"].(string)
			action, _ := e["action_id"].(string)
			out = append(out, slackInput{block: block, action: action, kind: kind, element: e, in: b})
		}
	}
	return out
}

// slackStates is the member of the state that an element's value is in.
var slackStates = map[string]string{
	"plain_text_input": "value", "email_text_input": "value", "url_text_input": "value", "number_input": "value",
	"static_select": "selected_option", "external_select": "selected_option", "radio_buttons": "selected_option", "overflow": "selected_option",
	"multi_static_select": "selected_options", "multi_external_select": "selected_options", "checkboxes": "selected_options",
	"users_select": "selected_user", "multi_users_select": "selected_users",
	"conversations_select": "selected_conversation", "multi_conversations_select": "selected_conversations",
	"channels_select": "selected_channel", "multi_channels_select": "selected_channels",
	"datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
}

// initial is the state of an element that nobody has touched.
func (f slackInput) initial() any {
	member := slackStates[f.kind]
	name := strings.Replace(member, "selected_", "initial_", 1)
	if member == "value" {
		name = "initial_value"
	}
	value := f.element[name]
	if value == nil && member == "selected_options" {
		value = []any{}
	}
	return map[string]any{"type": f.kind, member: value}
}
