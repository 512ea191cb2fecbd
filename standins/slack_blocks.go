package standins

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SlackSurface is where blocks are shown.
type SlackSurface int

// SlackAnySurface takes what any surface takes, and as many blocks.
const (
	SlackAnySurface SlackSurface = iota
	SlackMessageSurface
	SlackModalSurface
)

// SlackProblem is one thing that Slack refuses.
type SlackProblem struct {
	// Pointer is the JSON pointer of what is wrong, from the array of blocks or
	// from the view.
	Pointer, Message string
}

// String is the problem as Slack words it.
func (p SlackProblem) String() string { return p.Message + " [json-pointer:" + p.Pointer + "]" }

// Limits of the number of blocks. https://docs.slack.dev/reference/block-kit/blocks
const (
	slackMessageBlocks = 50
	slackModalBlocks   = 100
)

// CheckBlocks is what Slack would refuse of blocks: nothing, where they are
// good. Anything that marshals into an array of blocks will do.
// https://docs.slack.dev/reference/block-kit
func CheckBlocks(blocks any, on SlackSurface) []SlackProblem {
	c := &slackChecker{surface: on}
	c.list("", blocks)
	return c.problems
}

// CheckMessage is CheckBlocks for a whole message, as chat.postMessage and a
// response URL take it. Anything that marshals into one will do.
func CheckMessage(message any) []SlackProblem {
	m, problem := slackObject(message)
	if problem != nil {
		return []SlackProblem{*problem}
	}
	c := &slackChecker{surface: SlackMessageSurface}
	if raw, ok := m["blocks"]; ok && raw != nil {
		c.list("/blocks", raw)
	}
	text, _ := m["text"].(string)
	if utf8.RuneCountInString(text) > slackTextLimit {
		c.add("/text", "must be less than %d characters", slackTextLimit+1)
	}
	if text == "" && m["blocks"] == nil && m["attachments"] == nil && m["markdown_text"] == nil && m["delete_original"] != true {
		c.add("", "no_text")
	}
	return c.problems
}

// CheckView is CheckBlocks for a modal. Anything that marshals into one will do.
// https://docs.slack.dev/reference/views/modal-views
func CheckView(view any) []SlackProblem {
	v, problem := slackObject(view)
	if problem != nil {
		return []SlackProblem{*problem}
	}
	c := &slackChecker{surface: SlackModalSurface}
	if kind := slackType(v); kind != "modal" {
		c.add("/type", "unsupported type: %s", kind)
		return c.problems
	}
	c.members("", v, slackShapes["modal"])
	c.list("/blocks", v["blocks"])
	needsSubmit := slices.ContainsFunc(slackBlocks(v["blocks"]), func(b SlackBlock) bool { return slackType(b) == "input" })
	if needsSubmit && v["submit"] == nil {
		c.add("", "missing required field: submit")
	}
	if raw, err := json.Marshal(v); err != nil || len(raw) > slackViewBytes {
		c.add("", "view_too_large")
	}
	return c.problems
}

// slackObject is a Go value as the JSON that Slack would get.
func slackObject(value any) (map[string]any, *SlackProblem) {
	if m, ok := value.(map[string]any); ok {
		return m, nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, &SlackProblem{Message: err.Error()}
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return nil, &SlackProblem{Message: "must be a valid JSON object"}
	}
	return m, nil
}

// slackChecker collects what is wrong.
type slackChecker struct {
	surface  SlackSurface
	problems []SlackProblem
	focused  bool
}

func (c *slackChecker) add(pointer, format string, args ...any) {
	c.problems = append(c.problems, SlackProblem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// list checks blocks as they came in JSON.
func (c *slackChecker) list(at string, raw any) {
	var blocks []SlackBlock
	b, err := json.Marshal(raw)
	if err != nil || json.Unmarshal(b, &blocks) != nil {
		c.add(at, "must be a valid array of blocks")
		return
	}
	c.blocks(at, blocks)
}

func (c *slackChecker) blocks(at string, blocks []SlackBlock) {
	limit := slackModalBlocks
	if c.surface == SlackMessageSurface {
		limit = slackMessageBlocks
	}
	if len(blocks) > limit {
		c.add(at, "no more than %d items allowed", limit)
	}
	if c.surface == SlackModalSurface && len(blocks) == 0 {
		c.add(at, "no less than 1 items allowed")
	}
	seen := map[string]bool{}
	for i, b := range blocks {
		here := at + "/" + strconv.Itoa(i)
		c.block(here, b)
		if id, _ := b["block_id"].(string); id != "" {
			if seen[id] {
				c.add(here+"/block_id", "block_id already exists: %s", id)
			}
			seen[id] = true
		}
	}
}

func (c *slackChecker) block(at string, raw any) {
	b, ok := decoded(raw).(map[string]any)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	kind := slackType(b)
	shape, ok := slackShapes[kind]
	if !ok || !shape.block {
		c.add(at+"/type", "unsupported type: %s", kind)
		return
	}
	if shape.only != SlackAnySurface && c.surface != SlackAnySurface && shape.only != c.surface {
		c.add(at+"/type", "unsupported type: %s", kind)
		return
	}
	c.members(at, b, shape)
	seen := map[string]bool{}
	for _, e := range slackElements(b) {
		id, _ := e["action_id"].(string)
		if id != "" && seen[id] {
			c.add(at, "action_id already exists: %s", id)
		}
		seen[id] = true
	}
}

// decoded is a value as encoding/json would have read it.
func decoded(raw any) any {
	switch raw.(type) {
	case map[string]any, []any, string, bool, float64, nil:
		return raw
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return nil
	}
	var out any
	_ = json.Unmarshal(b, &out) // it was just marshalled
	return out
}

// members checks an object against the table.
func (c *slackChecker) members(at string, o map[string]any, shape slackShape) {
	for _, f := range shape.fields {
		value, given := o[f.name]
		switch {
		case given && value != nil:
			c.value(at+"/"+f.name, decoded(value), f)
		case f.need:
			c.add(at, "missing required field: %s", f.name)
		}
	}
	if len(shape.oneOf) > 0 && !slices.ContainsFunc(shape.oneOf, func(name string) bool { return o[name] != nil }) {
		c.add(at, "missing required field: %s", strings.Join(shape.oneOf, " or "))
	}
	if len(shape.notBoth) == 2 && o[shape.notBoth[0]] != nil && o[shape.notBoth[1]] != nil {
		c.add(at, "only one of %s and %s is allowed", shape.notBoth[0], shape.notBoth[1])
	}
	if shape.open {
		return
	}
	for name := range o {
		known := name == "type" || shape.block && name == "block_id" || slices.ContainsFunc(shape.fields, func(f slackField) bool { return f.name == name })
		if !known {
			c.add(at, "invalid additional property: %s", name)
		}
	}
	if id, ok := o["block_id"].(string); ok && shape.block {
		c.length(at+"/block_id", id, slackField{max: 255})
	}
	if o["focus_on_load"] == true {
		if c.focused {
			c.add(at+"/focus_on_load", "only one element may have focus_on_load")
		}
		c.focused = true
	}
}

func (c *slackChecker) value(at string, value any, f slackField) {
	switch f.kind {
	case slackIsText, slackIsPlain:
		c.text(at, value, f)
	case slackIsString, slackIsURL:
		text, ok := value.(string)
		if !ok {
			c.add(at, "must provide a string")
			return
		}
		c.length(at, text, f)
		if u, err := url.Parse(text); f.kind == slackIsURL && (err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "") {
			c.add(at, "must be a valid URL")
		}
	case slackIsOneOf:
		if text, _ := value.(string); !slices.Contains(f.of, text) {
			c.add(at, "must be a valid enum value")
		}
	case slackIsBool:
		if _, ok := value.(bool); !ok {
			c.add(at, "must provide a boolean")
		}
	case slackIsNumber:
		n, ok := value.(float64)
		if !ok || n != float64(int64(n)) || int(n) < f.min || f.max > 0 && int(n) > f.max {
			c.add(at, "must be a number from %d to %d", f.min, f.max)
		}
	case slackIsList:
		c.items(at, value, f)
	case slackIsObject:
		c.typed(at, value, f.of)
	case slackIsBlocks, slackIsAnything:
	}
}

func (c *slackChecker) length(at, text string, f slackField) {
	n := utf8.RuneCountInString(text)
	if f.max > 0 && n > f.max {
		c.add(at, "must be less than %d characters", f.max+1)
	}
	if n < f.min {
		c.add(at, "must be more than %d characters", f.min-1)
	}
}

// text is a text object. https://docs.slack.dev/reference/block-kit/composition-objects/text-object
func (c *slackChecker) text(at string, value any, f slackField) {
	o, ok := value.(map[string]any)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	kind := slackType(o)
	if kind != "plain_text" && (kind != "mrkdwn" || f.kind == slackIsPlain) {
		c.add(at+"/type", "unsupported type: %s", kind)
		return
	}
	limit := f.max
	if limit == 0 {
		limit = 3000
	}
	text, ok := o["text"].(string)
	if !ok {
		c.add(at, "missing required field: text")
		return
	}
	c.length(at+"/text", text, slackField{min: 1, max: limit})
	for name := range o {
		if name != "type" && name != "text" && (name != "emoji" || kind != "plain_text") && (name != "verbatim" || kind != "mrkdwn") {
			c.add(at, "invalid additional property: %s", name)
		}
	}
}

func (c *slackChecker) items(at string, value any, f slackField) {
	list, ok := value.([]any)
	if !ok {
		c.add(at, "must be an array")
		return
	}
	if f.max > 0 && len(list) > f.max {
		c.add(at, "no more than %d items allowed", f.max)
	}
	if len(list) < max(f.min, 1) {
		c.add(at, "no less than %d items allowed", max(f.min, 1))
	}
	for i, item := range list {
		here := at + "/" + strconv.Itoa(i)
		switch {
		case f.text > 0:
			c.text(here, item, slackField{kind: slackIsText, max: f.text})
		case len(f.of) > 0:
			c.typed(here, item, f.of)
		}
	}
}

// typed is an object of one of several types; a single type may have no "type"
// member, as options have none.
func (c *slackChecker) typed(at string, value any, of []string) {
	o, ok := value.(map[string]any)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	kind := slackType(o)
	if len(of) == 1 && slackShapes[of[0]].untyped {
		kind = of[0]
	}
	switch {
	case !slices.Contains(of, kind):
		c.add(at+"/type", "unsupported type: %s", kind)
	case slackShapes[kind].block:
		c.block(at, o)
	case kind == "mrkdwn" || kind == "plain_text":
		c.text(at, o, slackField{kind: slackIsText})
	default:
		c.members(at, o, slackShapes[kind])
	}
}
