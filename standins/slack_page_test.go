package standins_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/standins"
)

func TestSlackMarkupAsHTML(t *testing.T) {
	for text, want := range map[string]string{
		"*bold* _italic_ ~gone~ `code *x*`":                `<strong>bold</strong> <em>italic</em> <s>gone</s> <code>code *x*</code>`,
		"*_both_*, 2*3*4 and snake_case_name":              `<strong><em>both</em></strong>, 2*3*4 and snake_case_name`,
		"<https://a.example/?a=1&amp;b=2|the pass> :tada:": `<a href="https://a.example/?a=1&amp;b=2" target="_blank" rel="noreferrer">the pass</a> :tada:`,
		"*<https://a.example>*":                            `<strong><a href="https://a.example" target="_blank" rel="noreferrer">https://a.example</a></strong>`,
		"<javascript:alert(1)|click>":                      `click`,
		"<script>alert(1)</script> &lt;b&gt; &amp; \"q\"":  `script<b class="x">`,
		"one\n&gt; two":                                    "one<br>\n<q>two</q>",
		"<@U1> in <#C1|general> <!here>":                   `<b class="mention">@U1</b> in <b class="mention">#general</b> <b class="mention">@here</b>`,
		"```\na < b\n```":                                  `<pre>a &lt; b</pre>`,
	} {
		got := string(standins.RenderBlocks([]standins.SlackBlock{{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text}}}))
		if want == `script<b class="x">` {
			if strings.Contains(got, "<script") || strings.Contains(got, "<b>") || !strings.Contains(got, "&lt;b&gt; &amp;") {
				t.Errorf("%q: %s", text, got)
			}
			continue
		}
		if !strings.Contains(got, "<p>"+want+"</p>") {
			t.Errorf("%q\ngot  %s\nwant %s", text, strings.TrimSpace(got), want)
		}
	}
}

func TestSlackBlocksAsHTML(t *testing.T) {
	blocks := blocksOf(t, `{"type":"header","text":{"type":"plain_text","text":"A <b>"}}`, `{"type":"divider"}`,
		`{"type":"section","fields":[{"type":"mrkdwn","text":"*Seat*\n4"}],"accessory":{"type":"button","text":{"type":"plain_text","text":"Open"},"url":"https://a.example/p"}}`,
		`{"type":"context","elements":[{"type":"image","image_url":"https://a.example/i.png","alt_text":"icon"},{"type":"mrkdwn","text":"small"}]}`,
		`{"type":"image","image_url":"javascript:alert(1)","alt_text":"x"}`,
		`{"type":"carousel","elements":[{"type":"card","title":{"type":"plain_text","text":"Card"},"actions":[{"type":"button","text":{"type":"plain_text","text":"Void"}}]}]}`,
		`{"type":"input","label":{"type":"plain_text","text":"Which"},"optional":true,"element":{"type":"static_select","options":[{"text":{"type":"plain_text","text":"One"},"value":"1"}]}}`,
		`{"type":"marquee"}`)
	got := string(standins.RenderBlocks(blocks))
	for _, want := range []string{
		`<h3 class="b-header">A &lt;b&gt;</h3>`, "<hr>", "<strong>Seat</strong><br>", `href="https://a.example/p"`, `<img class="small" src="https://a.example/i.png" alt="icon">`,
		`src="#ZgotmplZ"`, "<h4>Card</h4>", `<span class="button ">Void</span>`, `<option value="1">One</option>`, "(optional)", "[marquee: not shown here]",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s:\n%s", want, got)
		}
	}
}

// browser fills in forms and follows them.
type browser struct {
	t       *testing.T
	handler http.Handler
	body    string
	to      string
}

func (b *browser) get(path string) {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if b.body = w.Body.String(); w.Code != 200 {
		b.t.Fatalf("%s: %d %s", path, w.Code, b.body)
	}
}

func (b *browser) send(path string, form url.Values) {
	b.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if b.to = w.Header().Get("Location"); w.Code != 303 {
		b.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if strings.HasPrefix(b.to, "/") {
		b.get(b.to)
	}
}

func (b *browser) has(parts ...string) {
	b.t.Helper()
	for _, part := range parts {
		if !strings.Contains(b.body, part) {
			b.t.Errorf("the page lacks %s:\n%s", part, b.body[strings.Index(b.body, "<main"):])
		}
	}
}

// value is what a part of the page names, by a pattern with one group.
func (b *browser) value(pattern string) string {
	b.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(b.body)
	if found == nil {
		b.t.Fatalf("the page has no %s:\n%s", pattern, b.body)
	}
	return found[1]
}

func TestSlackPageCommandModalAndButton(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	var submitted slack.InteractionCallback
	view := modal()
	which := slack.NewOptionsSelectBlockElement("static_select", plain("Which"), "which", option("visitor"), option("member"))
	view.Blocks.BlockSet = append(view.Blocks.BlockSet, slack.NewInputBlock("template", plain("Template"), nil, which))
	opens(t, w, view, func(c slack.InteractionCallback) any {
		submitted = c
		if c.Type == slack.InteractionTypeViewSubmission && c.View.State.Values["holder"]["value"].Value == "Nobody" {
			return slack.NewErrorsViewSubmissionResponse(map[string]string{"holder": "Who is that?"})
		}
		return nil
	})
	b := &browser{t: t, handler: w.Page("/dev/slack")}
	b.get("/dev/slack")
	b.has("#general", "Anna Ampel", "New pass", "Cleo &lt;Chorus&gt;")
	form := url.Values{"user": {anna}, "channel": {general}}
	b.send("/dev/slack/view", with(form, "view", b.value(`name="view" value="([^"]+)"`), "do", "close"))
	if strings.Contains(b.body, "New pass") {
		t.Error("the modal is still open")
	}
	b.send("/dev/slack/say", with(form, "text", "/pass visitor"))
	b.has("New pass", "Holder", `name="v0.0"`, `<option value="member">MEMBER</option>`)
	id := b.value(`name="view" value="([^"]+)"`)
	b.send("/dev/slack/view", with(form, "view", id, "v0.0", "", "v1.0", "member", "do", "submit"))
	b.has("This field is required.", `<option value="member" selected>`)
	b.send("/dev/slack/view", with(form, "view", id, "v0.0", "Nobody", "v1.0", "member", "do", "submit"))
	b.has("Who is that?", `value="Nobody"`)
	b.send("/dev/slack/view", with(form, "view", id, "v0.0", "Ann", "v1.0", "member", "do", "submit"))
	if strings.Contains(b.body, "New pass") || submitted.View.State.Values["template"]["which"].SelectedOption.Value != "member" {
		t.Errorf("%+v", submitted.View.State)
	}
	if _, _, err := w.api.PostMessage(general, slack.MsgOptionBlocks(section("*Done*"), slack.NewActionBlock("a", slack.NewButtonBlockElement("void", "", plain("Void")),
		slack.NewButtonBlockElement("open", "", plain("Open")).WithURL("https://tickets.example.com/p/x")))); err != nil {
		t.Fatal(err)
	}
	b.get("/dev/slack/?user=" + anna + "&channel=" + general)
	b.has("<strong>Done</strong>")
	ts := b.value(`name="ts" value="([^"]+)"`)
	b.send("/dev/slack/press", with(form, "ts", ts, "use", "1.0"))
	if len(submitted.ActionCallback.BlockActions) != 1 || submitted.ActionCallback.BlockActions[0].ActionID != "void" {
		t.Errorf("%+v", submitted)
	}
	b.send("/dev/slack/press", with(form, "ts", ts, "use", "1.1"))
	if b.to != "https://tickets.example.com/p/x" {
		t.Error(b.to)
	}
}

func with(form url.Values, more ...string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out.Set(more[i], more[i+1])
	}
	return out
}

func TestSlackPageTellsWhatFailed(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	w.app(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusUnauthorized) })
	b := &browser{t: t, handler: w.Page("/dev/slack")}
	b.send("/dev/slack/say", url.Values{"user": {ben}, "channel": {general}, "text": {"/pass"}})
	b.has("dispatch_failed", "401")
	b.get(b.to)
	if strings.Contains(b.body, "dispatch_failed") {
		t.Error("it is told twice")
	}
}

func TestSlackPageShowsWhatAUserMaySee(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	if _, err := w.api.PostEphemeral(general, anna, slack.MsgOptionText("only for anna", false)); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, handler: w.Page("/dev/slack")}
	b.get("/dev/slack/?user=" + anna)
	b.has("only for anna", "only visible to you", "#secret")
	b.get("/dev/slack/?user=" + ben)
	for _, hidden := range []string{"only for anna", "#secret", "#old-show"} {
		if strings.Contains(b.body, hidden) {
			t.Errorf("ben sees %s", hidden)
		}
	}
	b.get("/dev/slack/?user=" + ben + "&channel=dm")
	b.has("<h2>passhook</h2>", "Nothing here yet")
	if w.DM(ben) == "" {
		t.Error("the DM is not open")
	}
}

func TestSlackPageIsNotForOtherSites(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	r := httptest.NewRequest("POST", "/dev/slack/say", strings.NewReader("user="+anna+"&channel="+general+"&text=hello"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	rw := httptest.NewRecorder()
	w.Page("/dev/slack").ServeHTTP(rw, r)
	if rw.Code != http.StatusForbidden || len(w.Messages(general)) != 0 {
		t.Error(rw.Code)
	}
}

func TestSlackPageEntersEveryKindOfInput(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	input := func(id string, e slack.BlockElement) slack.Block { return slack.NewInputBlock(id, plain(id), nil, e) }
	view := modal()
	view.Blocks.BlockSet = []slack.Block{
		input("moment", slack.NewDateTimePickerBlockElement("a")), input("some", slack.NewCheckboxGroupsBlockElement("a", option("x"), option("y"))),
		input("users", slack.NewOptionsMultiSelectBlockElement("multi_users_select", nil, "a")), input("where", slack.NewOptionsSelectBlockElement("channels_select", nil, "a")),
		input("who", slack.NewOptionsSelectBlockElement("external_select", nil, "a")),
		slack.NewActionBlock("again", slack.NewButtonBlockElement("again", "", plain("Again"))),
	}
	var submitted slack.InteractionCallback
	pressed := 0
	opens(t, w, view, func(c slack.InteractionCallback) any {
		switch c.Type {
		case slack.InteractionTypeBlockSuggestion:
			return slack.OptionsResponse{Options: []*slack.OptionBlockObject{option("ann")}}
		case slack.InteractionTypeBlockActions:
			pressed++
		case slack.InteractionTypeViewSubmission:
			submitted = c
		}
		return nil
	})
	b := &browser{t: t, handler: w.Page("/dev/slack")}
	b.get("/dev/slack/?user=" + anna)
	form := url.Values{"user": {anna}, "channel": {general}, "view": {b.value(`name="view" value="([^"]+)"`)}, "v1.0": {"x", "y"}, "v2.0": {ben, cleo}}
	form = with(form, "v0.0", "2026-12-24T19:30", "v3.0", general)
	b.send("/dev/slack/view", with(form, "ask", "4.0", "q4.0", "ann"))
	b.has(`<option value="ann">ANN</option>`, `value="2026-12-24T19:30"`, `value="x" checked`, `<option value="`+cleo+`" selected>`)
	b.send("/dev/slack/view", with(form, "use", "5.0"))
	b.send("/dev/slack/view", with(form, "v4.0", "ann", "do", "submit"))
	state := submitted.View.State
	if pressed != 1 || state == nil || state.Values["moment"]["a"].SelectedDateTime != 1798140600 || len(state.Values["some"]["a"].SelectedOptions) != 2 ||
		len(state.Values["users"]["a"].SelectedUsers) != 2 || state.Values["where"]["a"].SelectedChannel != general || state.Values["who"]["a"].SelectedOption.Value != "ann" {
		t.Errorf("%d %+v", pressed, state)
	}
	b.send("/dev/slack/say", url.Values{"user": {anna}, "channel": {"dm"}, "text": {"hello"}})
	b.has("hello", "Anna Ampel")
}
