package standins_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

// Each limit is tried at its edge and one beyond.
func TestSlackBlocksKeepToTheirLimits(t *testing.T) {
	text := func(kind string, n int) string {
		return fmt.Sprintf(`{"type":%q,"text":%q}`, kind, strings.Repeat("ü", n))
	}
	p := func(n int) string { return text("plain_text", n) }
	many := func(n int, item string) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	tests := []struct {
		name, where string
		limit       int
		block       func(n int) string
	}{
		{"section text", "/0/text/text", 3000, func(n int) string { return `{"type":"section","text":` + text("mrkdwn", n) + `}` }},
		{"section fields", "/0/fields", 10, func(n int) string { return `{"type":"section","fields":` + many(n, p(1)) + `}` }},
		{"section field", "/0/fields/0/text", 2000, func(n int) string { return `{"type":"section","fields":[` + p(n) + `]}` }},
		{"header", "/0/text/text", 150, func(n int) string { return `{"type":"header","text":` + p(n) + `}` }},
		{"block_id", "/0/block_id", 255, func(n int) string { return `{"type":"divider","block_id":"` + strings.Repeat("b", n) + `"}` }},
		{"context elements", "/0/elements", 10, func(n int) string { return `{"type":"context","elements":` + many(n, p(1)) + `}` }},
		{"button text", "/0/elements/0/text/text", 75, func(n int) string { return `{"type":"actions","elements":[{"type":"button","text":` + p(n) + `}]}` }},
		{"button url", "/0/elements/0/url", 3000, func(n int) string {
			return `{"type":"actions","elements":[{"type":"button","text":` + p(1) + `,"url":"https://a.b/` + strings.Repeat("c", n-12) + `"}]}`
		}},
		{"button value", "/0/elements/0/value", 2000, func(n int) string {
			return `{"type":"actions","elements":[{"type":"button","text":` + p(1) + `,"value":"` + strings.Repeat("c", n) + `"}]}`
		}},
		{"action_id", "/0/elements/0/action_id", 255, func(n int) string {
			return `{"type":"actions","elements":[{"type":"button","text":` + p(1) + `,"action_id":"` + strings.Repeat("c", n) + `"}]}`
		}},
		{"actions elements", "/0/elements", 25, func(n int) string {
			return `{"type":"actions","elements":` + many(n, `{"type":"button","text":`+p(1)+`}`) + `}`
		}},
		{"options", "/0/accessory/options", 100, func(n int) string {
			return `{"type":"section","text":` + p(1) + `,"accessory":{"type":"static_select","options":` + many(n, `{"text":`+p(1)+`,"value":"v"}`) + `}}`
		}},
		{"option text", "/0/element/options/0/text/text", 75, func(n int) string {
			return `{"type":"input","label":` + p(1) + `,"element":{"type":"static_select","options":[{"text":` + p(n) + `,"value":"v"}]}}`
		}},
		{"option value", "/0/element/options/0/value", 150, func(n int) string {
			return `{"type":"input","label":` + p(1) + `,"element":{"type":"radio_buttons","options":[{"text":` + p(1) + `,"value":"` + strings.Repeat("v", n) + `"}]}}`
		}},
		{"checkboxes", "/0/element/options", 10, func(n int) string {
			return `{"type":"input","label":` + p(1) + `,"element":{"type":"checkboxes","options":` + many(n, `{"text":`+p(1)+`,"value":"v"}`) + `}}`
		}},
		{"overflow", "/0/accessory/options", 5, func(n int) string {
			return `{"type":"section","text":` + p(1) + `,"accessory":{"type":"overflow","options":` + many(n, `{"text":`+p(1)+`,"value":"v"}`) + `}}`
		}},
		{"input label", "/0/label/text", 2000, func(n int) string {
			return `{"type":"input","label":` + p(n) + `,"element":{"type":"plain_text_input"}}`
		}},
		{"placeholder", "/0/element/placeholder/text", 150, func(n int) string {
			return `{"type":"input","label":` + p(1) + `,"element":{"type":"plain_text_input","placeholder":` + p(n) + `}}`
		}},
		{"max_length", "/0/element/max_length", 3000, func(n int) string {
			return fmt.Sprintf(`{"type":"input","label":%s,"element":{"type":"plain_text_input","max_length":%d}}`, p(1), n)
		}},
		{"alt_text", "/0/alt_text", 2000, func(n int) string {
			return `{"type":"image","image_url":"https://a.b/c.png","alt_text":"` + strings.Repeat("a", n) + `"}`
		}},
		{"carousel", "/0/elements", 10, func(n int) string {
			return `{"type":"carousel","elements":` + many(n, `{"type":"card","title":`+p(1)+`}`) + `}`
		}},
		{"card body", "/0/body/text", 200, func(n int) string { return `{"type":"card","body":` + p(n) + `}` }},
		{"markdown", "/0/text", 12000, func(n int) string { return `{"type":"markdown","text":"` + strings.Repeat("a", n) + `"}` }},
	}
	for _, tt := range tests {
		if problems := standins.CheckBlocks(blocksOf(t, tt.block(tt.limit)), standins.SlackMessageSurface); problems != nil {
			t.Errorf("%s of %d: %v", tt.name, tt.limit, problems)
		}
		if problems := standins.CheckBlocks(blocksOf(t, tt.block(tt.limit+1)), standins.SlackMessageSurface); len(problems) != 1 || problems[0].Pointer != tt.where {
			t.Errorf("%s of %d: %v, want %s", tt.name, tt.limit+1, problems, tt.where)
		}
	}
}

func blocksOf(t *testing.T, blocks ...string) []standins.SlackBlock {
	t.Helper()
	var out []standins.SlackBlock
	if err := json.Unmarshal([]byte("["+strings.Join(blocks, ",")+"]"), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSlackRefusesBlocks(t *testing.T) {
	tests := map[string]string{
		`{"type":"marquee"}`: "unsupported type: marquee [json-pointer:/0/type]",
		`{"type":"section"}`: "missing required field: text or fields [json-pointer:/0]",
		`{"type":"section","text":{"type":"mrkdwn","text":""}}`:                                                      "must be more than 0 characters [json-pointer:/0/text/text]",
		`{"type":"header","text":{"type":"mrkdwn","text":"a"}}`:                                                      "unsupported type: mrkdwn [json-pointer:/0/text/type]",
		`{"type":"divider","text":"a"}`:                                                                              "invalid additional property: text [json-pointer:/0]",
		`{"type":"image","image_url":"https://a.b/c.png"}`:                                                           "missing required field: alt_text [json-pointer:/0]",
		`{"type":"image","image_url":"no address","alt_text":"a"}`:                                                   "must be a valid URL [json-pointer:/0/image_url]",
		`{"type":"actions","elements":[]}`:                                                                           "no less than 1 items allowed [json-pointer:/0/elements]",
		`{"type":"actions","elements":[{"type":"plain_text_input"}]}`:                                                "unsupported type: plain_text_input [json-pointer:/0/elements/0/type]",
		`{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"a"},"style":"pretty"}]}`: "must be a valid enum value [json-pointer:/0/elements/0/style]",
		`{"type":"input","label":{"type":"plain_text","text":"a"},"element":{"type":"static_select"}}`:               "missing required field: options or option_groups [json-pointer:/0/element]",
		`{"type":"alert","text":{"type":"plain_text","text":"a"}}`:                                                   "unsupported type: alert [json-pointer:/0/type]",
		`{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}`:                                        "block_id already exists: a [json-pointer:/1/block_id]",
		`{"type":"carousel","elements":[{"type":"section","text":{"type":"plain_text","text":"a"}}]}`:                "unsupported type: section [json-pointer:/0/elements/0/type]",
		`{"type":"card","subtitle":{"type":"plain_text","text":"a"}}`:                                                "missing required field: hero_image or title or actions or body [json-pointer:/0]",
	}
	for block, want := range tests {
		problems := standins.CheckBlocks(blocksOf(t, block), standins.SlackMessageSurface)
		if len(problems) != 1 || problems[0].String() != want {
			t.Errorf("%s\ngot  %v\nwant %s", block, problems, want)
		}
	}
}

func TestSlackCountsBlocks(t *testing.T) {
	fifty := make([]standins.SlackBlock, 50)
	for i := range fifty {
		fifty[i] = standins.SlackBlock{"type": "divider"}
	}
	if problems := standins.CheckMessage(map[string]any{"blocks": fifty}); problems != nil {
		t.Error(problems)
	}
	hundred := append(append([]standins.SlackBlock{}, fifty...), fifty...)
	if problems := standins.CheckMessage(map[string]any{"blocks": hundred[:51]}); len(problems) != 1 {
		t.Error(problems)
	}
	view := map[string]any{"type": "modal", "title": map[string]any{"type": "plain_text", "text": "A"}, "blocks": hundred}
	if problems := standins.CheckView(view); problems != nil {
		t.Error(problems)
	}
	view["blocks"] = append(hundred, fifty[0])
	if problems := standins.CheckView(view); len(problems) != 1 {
		t.Error(problems)
	}
}

func TestSlackRefusesViews(t *testing.T) {
	long := strings.Repeat("x", 3001)
	for want, change := range map[string]func(*slack.ModalViewRequest){
		"missing required field: submit [json-pointer:]":                     func(v *slack.ModalViewRequest) { v.Submit = nil },
		"missing required field: title [json-pointer:]":                      func(v *slack.ModalViewRequest) { v.Title = nil },
		"must be less than 25 characters [json-pointer:/title/text]":         func(v *slack.ModalViewRequest) { v.Title = plain(long[:25]) },
		"must be less than 25 characters [json-pointer:/submit/text]":        func(v *slack.ModalViewRequest) { v.Submit = plain(long[:25]) },
		"must be less than 3001 characters [json-pointer:/private_metadata]": func(v *slack.ModalViewRequest) { v.PrivateMetadata = long },
		"must be less than 256 characters [json-pointer:/callback_id]":       func(v *slack.ModalViewRequest) { v.CallbackID = long[:256] },
		"unsupported type: markdown [json-pointer:/blocks/1/type]": func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewMarkdownBlock("", "a"))
		},
		"block_id already exists: holder [json-pointer:/blocks/1/block_id]": func(v *slack.ModalViewRequest) { v.Blocks.BlockSet = append(v.Blocks.BlockSet, v.Blocks.BlockSet[0]) },
		"unsupported type: home [json-pointer:/type]":                       func(v *slack.ModalViewRequest) { v.Type = "home" },
		"no less than 1 items allowed [json-pointer:/blocks]":               func(v *slack.ModalViewRequest) { v.Blocks.BlockSet = []slack.Block{} },
	} {
		view := modal()
		change(&view)
		problems := standins.CheckView(view)
		if len(problems) != 1 || problems[0].String() != want {
			t.Errorf("got  %v\nwant %s", problems, want)
		}
	}
	if problems := standins.CheckView(modal()); problems != nil {
		t.Error(problems)
	}
}

func TestSlackValidatesBlocksOverTheAPI(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	call := func(args string) string { return post(t, w, "blocks.validate", args) }
	if got := call(`{"blocks":[{"type":"divider"}]}`); got != `{"ok":true}` {
		t.Error(got)
	}
	if got := call(`{"blocks":[{"type":"section","text":{"type":"invalid","text":"a"}}]}`); !strings.Contains(got, `"error":"invalid_blocks"`) || !strings.Contains(got, `"pointer":"/0/text/type"`) {
		t.Error(got)
	}
	if got := call(`{"blocks":[],"view":{}}`); !strings.Contains(got, "invalid_arguments") {
		t.Error(got)
	}
}

func TestSlackManifest(t *testing.T) {
	good := `{"display_information":{"name":"passhook"},"features":{"bot_user":{"display_name":"passhook"},"slash_commands":[{"command":"/pass","url":"https://a.example/slack/commands","description":"Passes"}]},` +
		`"oauth_config":{"scopes":{"bot":["commands","chat:write","users:read.email"]}},"settings":{"interactivity":{"is_enabled":true,"request_url":"https://a.example/slack/interactions"}}}`
	if problems := standins.CheckManifest([]byte(good)); problems != nil {
		t.Error(problems)
	}
	for old, changed := range map[string]string{
		`"name":"passhook"`: `"name":"` + strings.Repeat("p", 36) + `"`, `"/pass"`: `"pass"`, `"https://a.example/slack/commands"`: `"http://a.example/slack/commands"`,
		`,"request_url":"https://a.example/slack/interactions"`: "", `"bot_user":{"display_name":"passhook"},`: "", `"chat:write"`: `"Chat Write"`,
	} {
		if problems := standins.CheckManifest([]byte(strings.Replace(good, old, changed, 1))); len(problems) != 1 {
			t.Errorf("%s: %v", changed, problems)
		}
	}
	w := startSlack(t, standins.SlackOptions{})
	if got := post(t, w, "apps.manifest.validate", `{"manifest":`+good+`}`); got != `{"errors":[],"ok":true}` {
		t.Error(got)
	}
}

// Whatever comes can be checked, kept and shown.
func FuzzSlackBlocks(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"type":"mrkdwn","text":"*a* <b|c> ` + "`d`" + `"},"accessory":{"type":"static_select"}}]`))
	f.Add([]byte(`[{"type":"carousel","elements":[{"type":"card","actions":[{"type":"button"}]},1]},{"type":3},{"elements":{}}]`))
	f.Add([]byte(`[{"type":"input","element":{"type":"checkboxes","options":[null,{"text":1}],"initial_options":{}}}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var blocks []standins.SlackBlock
		if json.Unmarshal(raw, &blocks) != nil {
			return
		}
		_ = standins.CheckBlocks(blocks, standins.SlackAnySurface)
		_ = standins.CheckView(map[string]any{"type": "modal", "blocks": blocks})
		if html := string(standins.RenderBlocks(blocks)); strings.Contains(html, "<script") {
			t.Error(html)
		}
	})
}

func TestSlackChecksWhatSlackGoBuilds(t *testing.T) {
	card := slack.NewCardBlock()
	card.Title = plain("A pass")
	blocks := []slack.Block{
		slack.NewHeaderBlock(plain("Passes")), section("*bold*"), slack.NewDividerBlock(), slack.NewCarouselBlock(card),
		slack.NewContextBlock("", plain("small"), slack.NewImageBlockElement("https://a.example/i.png", "icon")),
		slack.NewInputBlock("when", plain("When"), nil, slack.NewDatePickerBlockElement("d")),
	}
	if problems := standins.CheckBlocks(blocks, standins.SlackMessageSurface); problems != nil {
		t.Error(problems)
	}
	if problems := standins.CheckMessage(slack.Msg{Blocks: slack.Blocks{BlockSet: blocks}}); problems != nil {
		t.Error(problems)
	}
	if problems := standins.CheckMessage(slack.Msg{}); len(problems) != 1 || problems[0].Message != "no_text" {
		t.Error(problems)
	}
}
