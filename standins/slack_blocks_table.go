package standins

import "slices"

// slackKind is what a member must be.
type slackKind int

const (
	slackIsAnything slackKind = iota
	slackIsText               // a text object, plain_text or mrkdwn
	slackIsPlain              // a text object, plain_text
	slackIsString
	slackIsURL
	slackIsOneOf
	slackIsBool
	slackIsNumber
	slackIsList
	slackIsObject
	slackIsBlocks // checked apart
)

// slackField is a member of a block, an element or a composition object. min
// and max are characters of a text, items of a list, or bounds of a number.
type slackField struct {
	name     string
	kind     slackKind
	need     bool
	min, max int
	// of are the types that a member or the items of a list may have, or the
	// values of an enum.
	of []string
	// text is the limit of the items of a list of text objects.
	text int
}

// slackShape is what Slack takes of one type.
type slackShape struct {
	fields []slackField
	// oneOf: at least one of these must be there.
	oneOf   []string
	notBoth []string
	block   bool
	// only is the one surface of a block, where there is only one.
	only SlackSurface
	// open: members that are not listed are taken as they are. These are types
	// that passhook has no use for.
	open    bool
	untyped bool
	// interactive elements cause block_actions.
	interactive bool
}

var (
	slackSelects = []string{
		"static_select", "external_select", "users_select", "conversations_select", "channels_select",
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select",
	}
	slackChoices = append([]string{"checkboxes", "radio_buttons", "datepicker", "timepicker"}, slackSelects...)
	slackActions = append([]string{"button", "overflow", "datetimepicker", "workflow_button", "rich_text_input"}, slackChoices...)
	slackBeside  = append([]string{"button", "overflow", "image", "workflow_button"}, slackChoices...)
	slackInputs  = append([]string{
		"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input", "datetimepicker",
	}, slackChoices...)
)

var (
	slackActionID    = slackField{name: "action_id", kind: slackIsString, max: 255}
	slackConfirm     = slackField{name: "confirm", kind: slackIsObject, of: []string{"(confirm)"}}
	slackFocus       = slackField{name: "focus_on_load", kind: slackIsBool}
	slackPlaceholder = slackField{name: "placeholder", kind: slackIsPlain, max: 150}
	slackDispatch    = slackField{name: "dispatch_action_config", kind: slackIsAnything}
	slackAltText     = slackField{name: "alt_text", kind: slackIsString, need: true, max: 2000}
	slackImageURL    = slackField{name: "image_url", kind: slackIsURL, max: 3000}
	slackAnyFile     = slackField{name: "slack_file", kind: slackIsAnything}
)

// slackShapes are Slack's documented limits, block by block.
// https://docs.slack.dev/reference/block-kit
var slackShapes map[string]slackShape

// slackElementTypes are the shapes of elements.
var slackElementTypes map[string]slackShape

func init() {
	slackElementTypes = map[string]slackShape{}
	slackShapes = slackBlockShapes()
	for name, shape := range slackElementShapes() {
		shape.fields = append(shape.fields, slackActionID)
		slackElementTypes[name], slackShapes[name] = shape, shape
	}
	for name, shape := range slackCompositionShapes() {
		slackShapes[name] = shape
	}
	for _, name := range []string{"mrkdwn", "plain_text"} {
		slackShapes[name] = slackShape{open: true}
	}
}

// https://docs.slack.dev/reference/block-kit/blocks
func slackBlockShapes() map[string]slackShape {
	shapes := map[string]slackShape{
		"section": {fields: []slackField{
			{name: "text", kind: slackIsText, max: 3000}, {name: "fields", kind: slackIsList, max: 10, text: 2000},
			{name: "accessory", kind: slackIsObject, of: slackBeside}, {name: "expand", kind: slackIsBool},
		}, oneOf: []string{"text", "fields"}},
		"header":  {fields: []slackField{{name: "text", kind: slackIsPlain, need: true, max: 150}, {name: "level", kind: slackIsNumber, min: 1, max: 4}}},
		"divider": {},
		"image": {fields: []slackField{
			slackImageURL, slackAnyFile, slackAltText, {name: "title", kind: slackIsPlain, max: 2000},
		}, oneOf: []string{"image_url", "slack_file"}, notBoth: []string{"image_url", "slack_file"}},
		"context": {fields: []slackField{{name: "elements", kind: slackIsList, need: true, max: 10, of: []string{"image", "mrkdwn", "plain_text"}}}},
		"actions": {fields: []slackField{{name: "elements", kind: slackIsList, need: true, max: 25, of: slackActions}}},
		"input": {fields: []slackField{
			{name: "label", kind: slackIsPlain, need: true, max: 2000}, {name: "element", kind: slackIsObject, need: true, of: slackInputs},
			{name: "hint", kind: slackIsPlain, max: 2000}, {name: "optional", kind: slackIsBool}, {name: "dispatch_action", kind: slackIsBool},
		}},
		"markdown": {fields: []slackField{{name: "text", kind: slackIsString, need: true, min: 1, max: 12_000}}, only: SlackMessageSurface},
		"card": {fields: []slackField{
			{name: "hero_image", kind: slackIsObject, of: []string{"image"}}, {name: "icon", kind: slackIsObject, of: []string{"image"}},
			{name: "slack_icon", kind: slackIsAnything}, {name: "title", kind: slackIsText, max: 150}, {name: "subtitle", kind: slackIsText, max: 150},
			{name: "body", kind: slackIsText, max: 200}, {name: "subtext", kind: slackIsText, max: 200},
			{name: "actions", kind: slackIsList, max: 3, of: []string{"button"}},
		}, oneOf: []string{"hero_image", "title", "actions", "body"}, notBoth: []string{"icon", "slack_icon"}, only: SlackMessageSurface},
		"carousel": {fields: []slackField{{name: "elements", kind: slackIsList, need: true, max: 10, of: []string{"card"}}}, only: SlackMessageSurface},
		"alert": {fields: []slackField{
			{name: "text", kind: slackIsText, need: true, max: 200},
			{name: "level", kind: slackIsOneOf, of: []string{"default", "info", "warning", "error", "success"}},
		}, only: SlackModalSurface},
		"rich_text":       {fields: []slackField{{name: "elements", kind: slackIsList, need: true}}, open: true},
		"video":           {open: true},
		"table":           {fields: []slackField{{name: "rows", kind: slackIsList, need: true, max: 100}}, only: SlackMessageSurface, open: true},
		"context_actions": {fields: []slackField{{name: "elements", kind: slackIsList, need: true, max: 5}}, only: SlackMessageSurface, open: true},
		"container":       {only: SlackMessageSurface, open: true}, "data_table": {only: SlackMessageSurface, open: true},
		"data_visualization": {only: SlackMessageSurface, open: true}, "plan": {only: SlackMessageSurface, open: true}, "task_card": {only: SlackMessageSurface, open: true},
	}
	for name, shape := range shapes {
		shape.block = true
		shapes[name] = shape
	}
	return shapes
}

// https://docs.slack.dev/reference/block-kit/block-elements
func slackElementShapes() map[string]slackShape {
	initial := func(name string) slackField { return slackField{name: name, kind: slackIsString} }
	options := slackField{name: "options", kind: slackIsList, max: 100, of: []string{"(option)"}}
	ticks := slackField{name: "options", kind: slackIsList, need: true, max: 10, of: []string{"(tick)"}}
	typed := []slackField{slackPlaceholder, initial("initial_value"), slackFocus, slackDispatch}
	shapes := map[string]slackShape{
		"button": {fields: []slackField{
			{name: "text", kind: slackIsPlain, need: true, max: 75}, {name: "url", kind: slackIsURL, max: 3000}, {name: "value", kind: slackIsString, max: 2000},
			{name: "style", kind: slackIsOneOf, of: []string{"primary", "danger"}}, {name: "accessibility_label", kind: slackIsString, max: 75}, slackConfirm,
		}},
		"workflow_button": {open: true},
		"overflow":        {fields: []slackField{{name: "options", kind: slackIsList, need: true, max: 5, of: []string{"(overflow option)"}}, slackConfirm}},
		"checkboxes":      {fields: []slackField{ticks, {name: "initial_options", kind: slackIsList, max: 10, of: []string{"(tick)"}}, slackConfirm, slackFocus}},
		"radio_buttons":   {fields: []slackField{ticks, {name: "initial_option", kind: slackIsObject, of: []string{"(tick)"}}, slackConfirm, slackFocus}},
		"datepicker":      {fields: []slackField{initial("initial_date"), slackPlaceholder, slackConfirm, slackFocus}},
		"timepicker":      {fields: []slackField{initial("initial_time"), initial("timezone"), slackPlaceholder, slackConfirm, slackFocus}},
		"datetimepicker":  {fields: []slackField{{name: "initial_date_time", kind: slackIsAnything}, slackConfirm, slackFocus}},
		"plain_text_input": {fields: slices.Concat(typed, []slackField{
			{name: "multiline", kind: slackIsBool}, {name: "min_length", kind: slackIsNumber, max: 3000}, {name: "max_length", kind: slackIsNumber, min: 1, max: 3000},
		})},
		"email_text_input": {fields: typed},
		"url_text_input":   {fields: typed},
		"number_input": {fields: slices.Concat(typed, []slackField{
			{name: "is_decimal_allowed", kind: slackIsBool, need: true}, initial("min_value"), initial("max_value"),
		})},
		"rich_text_input": {open: true},
		"file_input":      {fields: []slackField{{name: "filetypes", kind: slackIsAnything}, {name: "max_files", kind: slackIsNumber, min: 1, max: 10}}},
	}
	groups := slackField{name: "option_groups", kind: slackIsList, max: 100, of: []string{"(option group)"}}
	either := []string{"options", "option_groups"}
	for kind, fields := range map[string][]slackField{
		"static_select": {options, groups, {name: "initial_option", kind: slackIsObject, of: []string{"(option)"}}},
		"external_select": {
			{name: "min_query_length", kind: slackIsNumber}, {name: "initial_option", kind: slackIsObject, of: []string{"(option)"}},
		},
		"users_select": {initial("initial_user")},
		"conversations_select": {
			initial("initial_conversation"), {name: "default_to_current_conversation", kind: slackIsBool}, {name: "response_url_enabled", kind: slackIsBool},
			{name: "filter", kind: slackIsAnything},
		},
		"channels_select": {initial("initial_channel"), {name: "response_url_enabled", kind: slackIsBool}},
	} {
		shape := slackShape{fields: append(fields, slackPlaceholder, slackConfirm, slackFocus)}
		many := slackShape{fields: append(slices.Clone(shape.fields), slackField{name: "max_selected_items", kind: slackIsNumber, min: 1})}
		for i, f := range many.fields {
			if f.name == "initial_option" {
				many.fields[i] = slackField{name: "initial_options", kind: slackIsList, max: 100, of: f.of}
			} else if f.kind == slackIsString && f.name != "action_id" {
				many.fields[i] = slackField{name: f.name + "s", kind: slackIsList}
			}
		}
		if kind == "static_select" {
			shape.oneOf, shape.notBoth, many.oneOf, many.notBoth = either, either, either, either
		}
		shapes[kind], shapes["multi_"+kind] = shape, many
	}
	for name, shape := range shapes {
		shape.interactive = true
		shapes[name] = shape
	}
	return shapes
}

// https://docs.slack.dev/reference/block-kit/composition-objects
func slackCompositionShapes() map[string]slackShape {
	value := slackField{name: "value", kind: slackIsString, need: true, max: 150}
	plain := []slackField{{name: "text", kind: slackIsPlain, need: true, max: 75}, value, {name: "description", kind: slackIsPlain, max: 75}}
	return map[string]slackShape{
		"(option)":          {untyped: true, fields: plain},
		"(overflow option)": {untyped: true, fields: append(slices.Clone(plain), slackField{name: "url", kind: slackIsURL, max: 3000})},
		"(tick)": {untyped: true, fields: []slackField{
			{name: "text", kind: slackIsText, need: true, max: 75}, value, {name: "description", kind: slackIsText, max: 75},
		}},
		"(option group)": {untyped: true, fields: []slackField{
			{name: "label", kind: slackIsPlain, need: true, max: 75}, {name: "options", kind: slackIsList, need: true, max: 100, of: []string{"(option)"}},
		}},
		"(confirm)": {untyped: true, fields: []slackField{
			{name: "title", kind: slackIsPlain, need: true, max: 100}, {name: "text", kind: slackIsText, need: true, max: 300},
			{name: "confirm", kind: slackIsPlain, need: true, max: 30}, {name: "deny", kind: slackIsPlain, need: true, max: 30},
			{name: "style", kind: slackIsOneOf, of: []string{"primary", "danger"}},
		}},
		"modal": {fields: []slackField{
			{name: "title", kind: slackIsPlain, need: true, max: 24}, {name: "submit", kind: slackIsPlain, max: 24}, {name: "close", kind: slackIsPlain, max: 24},
			{name: "blocks", kind: slackIsBlocks, need: true}, {name: "private_metadata", kind: slackIsString, max: 3000},
			{name: "callback_id", kind: slackIsString, max: 255}, {name: "external_id", kind: slackIsString, max: 255},
			{name: "clear_on_close", kind: slackIsBool}, {name: "notify_on_close", kind: slackIsBool}, {name: "submit_disabled", kind: slackIsBool},
		}},
	}
}
