package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/passes/passtest"
)

const hooksDoc = "../../docs/hooks.md"

// hooksBlock is a block of the page.
type hooksBlock struct {
	text  string
	Hooks map[string]hooks.Config `yaml:"hooks"`
	Rules []bot.Rule              `yaml:"rules"`
}

func hooksBlocks(t *testing.T) []hooksBlock {
	t.Helper()
	var out []hooksBlock
	for _, text := range blocks(docs(t)[hooksDoc], "yaml") {
		b := hooksBlock{text: text}
		if err := yaml.Unmarshal([]byte(text), &b); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		out = append(out, b)
	}
	return out
}

// recipe is the preset and the name of the hook that a block is about.
func (b hooksBlock) recipe() (preset, name string, ok bool) {
	for name, config := range b.Hooks {
		if config.Preset != "" && len(b.Rules) > 0 {
			return config.Preset, name, true
		}
	}
	return "", "", false
}

func TestYAMLOfTheHooksPageWorks(t *testing.T) {
	shown := hooksBlocks(t)
	if len(shown) < len(hooks.Presets()) {
		t.Fatalf("found %d blocks", len(shown))
	}
	for _, b := range shown {
		if _, _, ok := b.recipe(); !ok { // those are checked below
			checkInProject(t, b.text)
		}
	}
}

// Each preset has a recipe, and each of its rules makes something of a sample of
// every type that it is on.
func TestRecipesOfTheHooksPageMakePassesOfTheirSamples(t *testing.T) {
	left := map[string]bool{}
	for _, name := range hooks.Presets() {
		left[name] = true
	}
	for _, b := range hooksBlocks(t) {
		preset, name, ok := b.recipe()
		if !ok {
			continue
		}
		delete(left, preset)
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			b.try(t, name)
		})
	}
	if len(left) > 0 {
		t.Errorf("without a recipe: %v", slices.Sorted(maps.Keys(left)))
	}
}

// try lets the rules plan what comes of each sample.
func (b hooksBlock) try(t *testing.T, name string) {
	w := blockWorld(t, b.text)
	plans := map[string]*bot.Plan{}
	var made []string
	for _, rule := range b.Rules {
		for _, event := range rule.On {
			if !strings.HasPrefix(event, hooks.SourceName(name)+".") {
				t.Errorf("rule %s is on %s, which is not of hook %s", rule.Name, event, name)
				continue
			}
			if plans[event] == nil {
				plans[event] = w.plan(t, event)
			}
			if n := len(plans[event].Passes) + len(plans[event].Changes); n == 0 {
				t.Errorf("nothing comes of %s", event)
			}
			for _, p := range plans[event].Passes {
				if p.Rule == rule.Name {
					made = append(made, p.Rule)
					checkRecipePass(t, rule, p)
				}
			}
			for _, c := range plans[event].Changes {
				made = append(made, c.Rule)
			}
		}
		if !slices.Contains(made, rule.Name) {
			t.Errorf("rule %s makes nothing of any sample", rule.Name)
		}
	}
	if !slices.ContainsFunc(b.Rules, func(r bot.Rule) bool { return len(r.Deliver) > 0 }) {
		t.Error("no rule delivers")
	}
}

// plan is what passhook check says of a sample.
func (w *world) plan(t *testing.T, event string) *bot.Plan {
	t.Helper()
	text, told, code := w.says(t, "", "check", "--json", "--event", event)
	var out struct {
		Event    *bot.Plan
		Problems []struct{ Path, Text string }
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil || code != 0 || out.Event == nil {
		t.Fatalf("%s: exit %d: %v: %s%s", event, code, err, told, text)
	}
	for _, p := range out.Problems {
		if at := p.Path + p.Text; strings.HasPrefix(at, "rules") || strings.HasPrefix(at, "hooks") {
			t.Errorf("%s: %v", event, p)
		}
	}
	return out.Event
}

// checkRecipePass wants every input that the rule gives, and somebody to get the
// pass.
func checkRecipePass(t *testing.T, rule bot.Rule, p bot.PlannedPass) {
	t.Helper()
	for input := range rule.With {
		if v := p.Inputs[input]; v == nil || v == "" {
			t.Errorf("rule %s, item %s: %s is empty", rule.Name, p.Item, input)
		}
	}
	want := "ada@example.com"
	for _, line := range rule.Deliver {
		if to := string(line[integrations.ChannelEmail]); !strings.Contains(to, "${{") {
			want = to
		}
	}
	if !slices.Contains(p.To, integrations.Recipient{Channel: integrations.ChannelEmail, Address: want}) {
		t.Errorf("rule %s, item %s: goes to %v, not to %s", rule.Name, p.Item, p.To, want)
	}
}

// Each call of the page is made, as it is written, with the hooks that have no
// preset, and is answered in the way that the page says.
func TestCallsOfTheHooksPageAreAnswered(t *testing.T) {
	passtest.Program(t, "curl", "curl")
	all, rules, secrets := map[string]any{}, []any{}, []string{}
	for _, b := range hooksBlocks(t) {
		var sections map[string]any
		if err := yaml.Unmarshal([]byte(b.text), &sections); err != nil {
			t.Fatal(err)
		}
		own, _ := sections["hooks"].(map[string]any)
		list, _ := sections["rules"].([]any)
		if _, _, ok := b.recipe(); ok || len(own) == 0 || len(list) == 0 {
			continue
		}
		maps.Copy(all, own)
		rules = append(rules, list...)
		for _, m := range variable.FindAllStringSubmatch(b.text, -1) {
			secrets = append(secrets, m[1]+"="+docsSecret)
		}
	}
	text, err := yaml.Marshal(map[string]any{"hooks": all, "rules": rules})
	if err != nil {
		t.Fatal(err)
	}
	w := blockWorld(t, string(text))
	w.env = append(w.env, secrets...)
	w.write(t, ".curlrc", "fail-with-body\nsilent\nshow-error\n")
	p := w.serve(t, 0)
	var answers []map[string]any
	calls := blocks(docs(t)[hooksDoc], "sh")
	for _, block := range append(calls[:1:1], calls...) { // the first one is made twice, as the page says
		if !strings.Contains(block, "curl \"https://tickets.example.com/hooks/") {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(block, "https://tickets.example.com", p.url)) //nolint:gosec // of our own page
		cmd.Dir = w.dir
		cmd.Env = append(append(os.Environ(), "CURL_HOME="+w.dir), secrets...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s\nof\n%s", err, out, block)
		}
		dec := json.NewDecoder(strings.NewReader(string(out)))
		for dec.More() {
			var a map[string]any
			if err := dec.Decode(&a); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			answers = append(answers, a)
		}
	}
	if len(answers) < 5 {
		t.Fatalf("got %v", answers)
	}
	checkAnswers(t, docs(t)[hooksDoc], answers)
	var rows []passDetail
	out, told, code := w.says(t, "", "passes", "--json")
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	booked := slices.DeleteFunc(rows, func(p passDetail) bool { return p.Rule != "booking" })
	if len(booked) != 1 || len(booked[0].Void) == 0 || !strings.Contains(string(booked[0].Inputs), "2026-12-12T20:00:00+01:00") {
		t.Errorf("the booking became %+v", booked)
	}
}

// checkAnswers wants the first answer to be as the page shows it, and the members
// that it names.
func checkAnswers(t *testing.T, page string, answers []map[string]any) {
	t.Helper()
	var shown map[string]any
	if err := json.Unmarshal([]byte(blocks(page, "json")[0]), &shown); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(answers[0])), slices.Sorted(maps.Keys(shown)); !slices.Equal(got, want) {
		t.Errorf("the answer has %q, and the page shows %q", got, want)
	}
	for _, name := range []string{"page_url", "file_url", "serial_number"} {
		if text, _ := answers[0][name].(string); text == "" || answers[1][name] != text {
			t.Errorf("%s is %q, and then %v", name, text, answers[1][name])
		}
	}
}

// Each setting of a signature is in the page's table.
func TestTheHooksPageHasEverySettingOfHMAC(t *testing.T) {
	page := docs(t)[hooksDoc]
	kind := reflect.TypeFor[hooks.HMAC]()
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("yaml"), ",")
		if !strings.Contains(page, "\n| `"+name+"` | ") {
			t.Errorf("the page lacks %s", name)
		}
	}
}

// A heading that the page's table leads to is there.
func TestTheHooksPageLeadsToItsOwnHeadings(t *testing.T) {
	page := docs(t)[hooksDoc]
	var anchors []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		plain := regexp.MustCompile("[`,.:()]").ReplaceAllString(strings.ToLower(m[1]), "")
		anchors = append(anchors, strings.ReplaceAll(plain, " ", "-"))
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(anchors, m[1]) {
			t.Errorf("there is no heading %s", m[1])
		}
	}
}

// Of an order and what its attendee changes there is one pass, and one mail, until
// the order is refunded.
func TestAnAttendeeOfTheHooksPageIsOnePass(t *testing.T) {
	all := hooksBlocks(t)
	i := slices.IndexFunc(all, func(b hooksBlock) bool { preset, _, ok := b.recipe(); return ok && preset == "eventbrite" })
	if i < 0 {
		t.Fatal("there is no recipe")
	}
	w := blockWorld(t, all[i].text)
	p := w.serve(t, 0)
	for _, event := range []string{"order.placed", "attendee.updated"} {
		if out, code := w.verb(t, "trigger", "hooks.eventbrite."+event, "--to", "ada@example.com", "--url", p.url); code != 0 {
			t.Fatalf("%s: exit %d: %s", event, code, out)
		}
		eventually(t, 20*time.Second, event, func() bool { return w.count(t, "events", "pending")+w.count(t, "deliveries", "pending") == 0 })
	}
	out, told, code := w.says(t, "", "passes", "--json")
	var rows []passDetail
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	if len(rows) != 1 || len(rows[0].Void) > 0 || len(w.smtp.Messages()) != 1 {
		t.Errorf("%d mails, and passes %s", len(w.smtp.Messages()), out)
	}
}
