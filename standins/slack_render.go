package standins

import (
	"embed"
	"fmt"
	"html"
	"html/template"
	"strings"
	"time"
)

//go:embed slack_page.html slack_blocks.html
var slackFiles embed.FS

var slackPages = template.Must(template.New("").ParseFS(slackFiles, "*.html"))

// RenderBlocks shows blocks as HTML, plainly, everything escaped. Buttons and
// inputs are there to be looked at.
func RenderBlocks(blocks []SlackBlock) template.HTML {
	return slackRenderer{name: func(id string) string { return id }}.render(blocks)
}

// slackRenderer shows blocks; live ones can be used, within a form.
type slackRenderer struct {
	name func(id string) string
	live bool
	// values, errors and suggested are a view's.
	values    map[string]map[string]any
	errors    map[string]string
	suggested map[string][]SlackBlock
	// people and channels are what selects of them offer.
	people, channels []slackShownOption
}

// slackShown is a block as the page shows it.
type slackShown struct {
	Kind, Other           string
	Text                  template.HTML
	Fields                []template.HTML
	Image, Alt            string
	Title, Subtitle, Body template.HTML
	Level                 string
	Elements              []slackShownElement
	Cards                 []slackShown
	// Label, Hint, Error and Optional are an input's.
	Label, Hint, Error string
	Optional           bool
}

// slackShownElement is an element of a block.
type slackShownElement struct {
	Kind                        string // button, image, text, select, ticks, entry, none
	Text                        template.HTML
	Label, Style, URL, Name     string
	Image, Alt                  string
	At                          string // which one: block and element, counted
	Type, Value, Placeholder    string
	Multiline, Multiple, Single bool
	Options                     []slackShownOption
	// Live elements can be used; Sends have a button of their own.
	Live, Sends, Asks bool
}

type slackShownOption struct {
	Value, Text, Description string
	Chosen                   bool
}

func (r slackRenderer) render(blocks []SlackBlock) template.HTML {
	var out strings.Builder
	at := 0
	var shown []slackShown
	for _, b := range blocks {
		shown = append(shown, r.block(b, &at))
	}
	if err := slackPages.ExecuteTemplate(&out, "slack_blocks.html", shown); err != nil {
		return template.HTML(html.EscapeString(err.Error())) //nolint:gosec // escaped
	}
	return template.HTML(out.String()) //nolint:gosec // made by html/template
}

// block counts along as slackLeaves does.
func (r slackRenderer) block(b SlackBlock, at *int) slackShown {
	kind := slackType(b)
	s := slackShown{Kind: kind}
	if kind == "carousel" {
		for _, card := range slackBlocks(b["elements"]) {
			s.Cards = append(s.Cards, r.block(card, at))
		}
		return s
	}
	here := *at
	*at++
	id, _ := b["block_id"].(string)
	for i, e := range slackElements(b) {
		s.Elements = append(s.Elements, r.element(b, e, fmt.Sprintf("%d.%d", here, i)))
	}
	switch kind {
	case "section", "header", "alert":
		s.Text = r.text(b["text"])
		s.Level, _ = b["level"].(string)
		for _, f := range slackBlocks(b["fields"]) {
			s.Fields = append(s.Fields, r.text(f))
		}
	case "image":
		s.Image, s.Alt = picture(b)
		s.Title = r.text(b["title"])
	case "card":
		hero, _ := b["hero_image"].(map[string]any)
		s.Image, s.Alt = picture(hero)
		s.Title, s.Subtitle, s.Body, s.Text = r.text(b["title"]), r.text(b["subtitle"]), r.text(b["body"]), r.text(b["subtext"])
	case "input":
		s.Label, s.Hint, s.Error = slackText(b["label"]), slackText(b["hint"]), r.errors[id]
		s.Optional = b["optional"] == true
	case "markdown":
		text, _ := b["text"].(string)
		s.Text = template.HTML(html.EscapeString(text)) //nolint:gosec // escaped
	case "rich_text":
		s.Text = template.HTML(html.EscapeString(richText(b["elements"]))) //nolint:gosec // escaped
	case "divider", "context", "actions":
	default:
		s.Kind, s.Other = "other", kind
	}
	return s
}

func picture(o map[string]any) (address, alt string) {
	address, _ = o["image_url"].(string)
	alt, _ = o["alt_text"].(string)
	return address, alt
}

// text is a text object.
func (r slackRenderer) text(o any) template.HTML {
	m, _ := o.(map[string]any)
	if slackType(m) == "mrkdwn" {
		return r.mrkdwn(slackText(m))
	}
	return template.HTML(strings.ReplaceAll(html.EscapeString(slackText(m)), "\n", "<br>\n")) //nolint:gosec // escaped
}

// richText is the words of a rich text, without their looks.
func richText(elements any) string {
	var out strings.Builder
	for _, e := range slackBlocks(elements) {
		text, _ := e["text"].(string)
		address, _ := e["url"].(string)
		out.WriteString(or(text, address))
		out.WriteString(richText(e["elements"]))
		if strings.HasPrefix(slackType(e), "rich_text_") {
			out.WriteString("\n")
		}
	}
	return out.String()
}

// element shows one element, and what is entered in it.
func (r slackRenderer) element(b SlackBlock, e map[string]any, at string) slackShownElement {
	kind := slackType(e)
	s := slackShownElement{Kind: "entry", At: at, Live: r.live, Placeholder: slackText(e["placeholder"])}
	s.Sends = r.live && (slackType(b) != "input" || b["dispatch_action"] == true)
	s.Name = or(slackText(b["label"]), or(s.Placeholder, "Choice"))
	state := r.state(b, e)
	switch kind {
	case "button":
		s.Kind, s.Label = "button", slackText(e["text"])
		s.Style, _ = e["style"].(string)
		s.URL, _ = e["url"].(string)
	case "image":
		s.Kind = "image"
		s.Image, s.Alt = picture(e)
	case "mrkdwn", "plain_text":
		s.Kind, s.Text = "text", r.text(e)
	case "checkboxes", "radio_buttons":
		s.Kind, s.Single, s.Options = "ticks", kind == "radio_buttons", r.options(b, e, state)
	case "plain_text_input", "email_text_input", "url_text_input", "number_input", "datepicker", "timepicker", "datetimepicker":
		s.Type = slackEntryTypes[kind]
		s.Multiline = e["multiline"] == true
		s.Value = enteredText(kind, state[slackStates[kind]])
	default:
		if _, ok := slackStates[kind]; !ok {
			s.Kind, s.Label = "none", kind
			return s
		}
		s.Kind, s.Multiple, s.Options = "select", strings.HasPrefix(kind, "multi_"), r.options(b, e, state)
		s.Asks = strings.HasSuffix(kind, "external_select")
	}
	return s
}

var slackEntryTypes = map[string]string{
	"plain_text_input": "text", "email_text_input": "email", "url_text_input": "url", "number_input": "number",
	"datepicker": "date", "timepicker": "time", "datetimepicker": "datetime-local",
}

// state is what is entered in an element, or what it begins with.
func (r slackRenderer) state(b SlackBlock, e map[string]any) map[string]any {
	block, _ := b["block_id"].(string)
	action, _ := e["action_id"].(string)
	state, ok := r.values[block][action].(map[string]any)
	if !ok {
		state, _ = slackInput{kind: slackType(e), element: e}.initial().(map[string]any)
	}
	return state
}

// enteredText is a state as an HTML input has it. A moment is shown in UTC.
func enteredText(kind string, value any) string {
	if seconds, ok := value.(float64); ok && kind == "datetimepicker" {
		return time.Unix(int64(seconds), 0).UTC().Format("2006-01-02T15:04")
	}
	if seconds, ok := value.(int64); ok {
		return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04")
	}
	text, _ := value.(string)
	return text
}

// options are what a select or a group of ticks offers.
func (r slackRenderer) options(b SlackBlock, e map[string]any, state map[string]any) []slackShownOption {
	kind := slackType(e)
	var out []slackShownOption
	switch member := slackStates[kind]; {
	case strings.HasPrefix(member, "selected_user"):
		out = append(out, r.people...)
	case strings.HasPrefix(member, "selected_conversation"), strings.HasPrefix(member, "selected_channel"):
		out = append(out, r.channels...)
	default:
		block, _ := b["block_id"].(string)
		action, _ := e["action_id"].(string)
		all := append(slackBlocks(e["options"]), r.suggested[block+"/"+action]...)
		for _, g := range slackBlocks(e["option_groups"]) {
			all = append(all, slackBlocks(g["options"])...)
		}
		for _, o := range all {
			value, _ := o["value"].(string)
			out = append(out, slackShownOption{Value: value, Text: slackText(o["text"]), Description: slackText(o["description"])})
		}
	}
	chosen := chosenValues(state[slackStates[kind]])
	for i, o := range out {
		out[i].Chosen = chosen[o.Value]
	}
	return out
}

func chosenValues(value any) map[string]bool {
	chosen := map[string]bool{}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if ids, ok := value.([]string); ok {
		for _, id := range ids {
			chosen[id] = true
		}
	}
	for _, item := range list {
		switch v := item.(type) {
		case string:
			chosen[v] = true
		case map[string]any:
			id, _ := v["value"].(string)
			chosen[id] = true
		}
	}
	return chosen
}
