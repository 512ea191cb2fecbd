package slack

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/standins"
)

// checked fails the test where Slack would refuse something.
func checked(t *testing.T, name string, v any, check func(any) []standins.SlackProblem) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	if wrong := check(plain); len(wrong) > 0 {
		t.Errorf("%s: %v in %.300s", name, wrong, b)
	}
}

// nasty are texts that are as bad as they may be.
var nasty = []string{"", " ", "*", "<!channel>", strings.Repeat("<", 20_000), strings.Repeat("&", 299) + "\x00\u202e", "\xff\xfe", strings.Repeat("👩‍🚀", 3000), "a\nb\tc"}

func TestWhateverStandsOnAPassIsAMessage(t *testing.T) {
	for _, text := range nasty {
		p := integrations.Package{Serial: "uu2ahtliovq23hf2rxdxfyeeou", Title: text, Link: "https://tickets.example.com/p/wsirs2e7gya4lr3knlrbtildjd7fq2l2"}
		for _, label := range nasty {
			p.Fields = append(p.Fields, integrations.Field{Label: label, Value: text}, integrations.Field{Label: text, Value: label})
		}
		for _, voided := range []bool{false, true} {
			p.Voided = voided
			many := make([]integrations.Package, 60)
			for i := range many {
				many[i] = p
			}
			for _, n := range []int{1, 2, 60} {
				name := fmt.Sprintf("%.10q, %d passes, void %t", text, n, voided)
				for _, to := range [][]integrations.Recipient{nil, {{Channel: Channel, Address: "U012ABCDEF"}, {Channel: "email", Address: text + "@example.com"}}} {
					checked(t, name, pictures(true).issued(integrations.Issued{Packages: many[:n], To: to}), standins.CheckMessage)
				}
				text, blocks := pictures(true).delivery(integrations.Delivery{Packages: many[:n], Link: p.Link})
				checked(t, name, show(text, blocks), standins.CheckMessage)
			}
		}
	}
}

func TestWhateverATemplateWantsIsAForm(t *testing.T) {
	templates, found := passes.LoadTemplates(mustSub(t, "concert/templates"), "templates", passes.Settings{})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	tmpl := templates["concert"]
	tmpl.Inputs = nil
	for i, kind := range []string{"text", "number", "date", "time", "email", "choice", "person", "json", "pictures"} {
		for j, text := range nasty {
			in := passes.Input{Name: fmt.Sprintf("i%d_%d", i, j), Label: text, Type: kind, Options: nasty, Required: j%2 == 0, Example: text}
			if kind == "text" || kind == "choice" || kind == "person" {
				in.Default = text
			}
			tmpl.Inputs = append(tmpl.Inputs, in)
		}
	}
	var options []string
	for i := range 150 {
		options = append(options, strconv.Itoa(i))
	}
	tmpl.Inputs[0].Type, tmpl.Inputs[0].Options = "choice", options
	blocks := append([]slack.Block{chooser(options, "7")}, inputBlocks(tmpl)...)
	view := slack.ModalViewRequest{Type: slack.VTModal, Title: plainText("New pass"), Submit: plainText("Next"), Blocks: slack.Blocks{BlockSet: blocks}}
	checked(t, "the form", view, standins.CheckView)
	if n := len(blocks); n > mostInputs+1 || n < 60 {
		t.Errorf("%d blocks", n)
	}
}

func mustSub(t *testing.T, dir string) fs.FS {
	t.Helper()
	out, err := fs.Sub(examples.FS, dir)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		`a b`:                            `"a" "b"`,
		`  a   b  `:                      `"a" "b"`,
		`x="a b" y=“c d” z=„e f“`:        `"x=a b" "y=c d" "z=e f"`,
		`x="a \"b\" \\" y`:               `"x=a \"b\" \\" "y"`,
		`x="" y`:                         `"x=" "y"`,
		`to:<@U1|ada king> b`:            `"to:<@U1|ada king>" "b"`,
		`it's 5"`:                        `error`,
		`x="a`:                           `error`,
		`x="a\`:                          `error`,
		`&lt;b "&amp; c"`:                `"&lt;b" "&amp; c"`,
		"a\u00a0b\u2003c\nd":             `"a" "b" "c" "d"`,
		strings.Repeat(`"`, 100_001):     `error`,
		strings.Repeat(`<`, 1000) + ` a`: fmt.Sprintf("%q", strings.Repeat(`<`, 1000)+" a"),
	} {
		got, err := words(text)
		is := strings.Trim(fmt.Sprintf("%q", got), "[]")
		if err != nil {
			is = "error"
		}
		if is != want {
			t.Errorf("%.40s: %.80s, want %.80s", text, is, want)
		}
	}
}

func TestPlainIsWhatSomebodyTyped(t *testing.T) {
	for text, want := range map[string]string{
		"<@U012|ada>": "ada", "<@U012>": "@U012", "<#C012|guests>": "#guests", "<#C012|>": "#C012", "<!here>": "@here",
		"<mailto:ada@example.com|ada@example.com>": "ada@example.com", "<https://example.com/?a=1&amp;b=2>": "https://example.com/?a=1&b=2",
		"&lt;!channel&gt;": "<!channel>", "&amp;lt;": "&lt;", "a < b": "a < b", "<>": "<>",
	} {
		if got := plain(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func FuzzAsk(f *testing.F) {
	for _, text := range append(nasty, `visitor holder="Ada" to:<@U1> to: <#C1|x>`, `to:`, `to: `, `=`, `x==`, `<@`, `<|>`, `<@|>`) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAsk(text)
		if err == nil {
			_ = a.what()
		}
		_ = escape(clip(text, mostText))
	})
}
