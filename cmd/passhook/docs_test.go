package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/passes/passtest"
)

const (
	stripeDoc = "../../docs/stripe.md"
	slackDoc  = "../../docs/slack.md"
	apiDoc    = "../../docs/api.md"
)

// docs are the pages that people read, by their paths from here.
func docs(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	out := map[string]string{}
	for _, name := range append(names, "../../README.md") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(b)
	}
	return out
}

var fence = regexp.MustCompile("(?ms)^( *)```([a-z]*)\n(.*?)^ *```$")

// blocks are a page's fenced blocks of a language, without their indentation.
func blocks(page, language string) []string {
	var out []string
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		if m[2] == language {
			out = append(out, strings.TrimPrefix(strings.ReplaceAll("\n"+m[3], "\n"+m[1], "\n"), "\n"))
		}
	}
	return out
}

func TestLinksOfTheDocsLeadToFiles(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	for name, page := range docs(t) {
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

var (
	// line is a command in a block, fenced or indented; word one word of it.
	line = regexp.MustCompile(`(?m)^ *(?:\./|go run \./cmd/)?passhook (\S.*)$`)
	word = regexp.MustCompile(`'[^']*'|\S+`)
	// mention is a command in a sentence. Those with [ ] or … are no calls.
	mention = regexp.MustCompile("`passhook ([^`\\[…\\\\]+)`")
)

func words(command string) []string {
	command, _, _ = strings.Cut(command, " # ")
	out := word.FindAllString(command, -1)
	for i, w := range out {
		out[i] = strings.Trim(w, "'")
	}
	return out
}

// A line to copy is a complete call. A mention may leave out what is required.
func TestCommandsOfTheDocsAreCalls(t *testing.T) {
	var verbs cli
	parser, err := kong.New(&verbs, kong.Name("passhook"))
	if err != nil {
		t.Fatal(err)
	}
	pages := docs(t)
	for _, name := range []string{"../../README.md", "../../docs/certificates.md", stripeDoc, slackDoc, hooksDoc} {
		commands := line.FindAllStringSubmatch(inBlocks(pages[name]), -1)
		for _, m := range commands {
			if _, err := parser.Parse(words(m[1])); err != nil {
				t.Errorf("%s: passhook %s: %v", name, m[1], err)
			}
		}
		mentions := mention.FindAllStringSubmatch(pages[name], -1)
		for _, m := range mentions {
			if c, err := kong.Trace(parser, words(m[1])); err != nil || c.Error != nil {
				t.Errorf("%s: passhook %s: %v %v", name, m[1], err, c.Error)
			}
		}
		if len(commands) == 0 || len(mentions) == 0 {
			t.Errorf("%s: found %d commands and %d mentions", name, len(commands), len(mentions))
		}
	}
}

// inBlocks is what a page has in blocks of commands.
func inBlocks(page string) string {
	out := blocks(page, "sh")
	indented := regexp.MustCompile(`(?m)^ {4,}\S.*$`)
	return strings.Join(append(out, indented.FindAllString(fence.ReplaceAllString(page, ""), -1)...), "\n")
}

// What the page shows is in an example, or can be put into a project, which
// passhook check finds to be in order.
func TestYAMLOfTheStripePageWorks(t *testing.T) {
	shown := blocks(docs(t)[stripeDoc], "yaml")
	if len(shown) < 5 {
		t.Fatalf("found %q", shown)
	}
	there := examplesText(t)
	for _, block := range shown {
		if !strings.Contains(there, block) {
			checkInProject(t, block)
		}
	}
}

func TestYAMLOfTheSlackPageWorks(t *testing.T) {
	shown := blocks(docs(t)[slackDoc], "yaml")
	if len(shown) < 4 {
		t.Fatalf("found %q", shown)
	}
	for _, block := range shown {
		checkInProject(t, block)
	}
}

func TestYAMLOfTheAPIPageWorks(t *testing.T) {
	shown := blocks(docs(t)[apiDoc], "yaml")
	if len(shown) < 3 {
		t.Fatalf("found %q", shown)
	}
	for _, block := range shown {
		checkInProject(t, block)
	}
}

const docsKey = "0123456789abcdef0123456789abcdef"

// Each call of the page is made, as it is written, with the config that it shows
// first.
func TestCallsOfTheAPIPageAreAnswered(t *testing.T) {
	passtest.Program(t, "curl", "curl")
	page := docs(t)[apiDoc]
	w := newWorld(t, "")
	w.write(t, "passhook.yaml", worldConfig(w.smtp.Addr(), w.api, "")+blocks(page, "yaml")[0])
	w.write(t, ".curlrc", "fail-with-body\nsilent\nshow-error\n")
	w.env = append(w.env, "API_KEY="+docsKey)
	p := w.serve(t, 0)
	run := func(script string) string {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(script, "https://tickets.example.com", p.url)) //nolint:gosec // of our own page
		cmd.Dir = w.dir
		cmd.Env = append(os.Environ(), "CURL_HOME="+w.dir, "API_KEY="+docsKey, "SERIAL="+serialOfTheDocs(t, p.url))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s\nof\n%s", err, out, script)
		}
		return string(out)
	}
	calls := blocks(page, "sh")
	if len(calls) < 10 {
		t.Fatalf("found %q", calls)
	}
	for _, block := range calls {
		out := run(block)
		if strings.Contains(block, "order-1042") {
			serials := regexp.MustCompile(`"serialNumber":"([^"]+)"`).FindAllStringSubmatch(out, -1)
			if len(serials) != 2 || serials[0][1] != serials[1][1] {
				t.Errorf("the same request made %v", serials)
			}
		}
	}
	for _, name := range []string{"membership.pkpass", "tickets.pkpasses"} {
		if out, code := w.verb(t, "inspect", "--root", "root.pem", name); code != 0 {
			t.Errorf("%s: exit %d: %s", name, code, out)
		}
	}
}

// serialOfTheDocs makes a pass that a call may be about.
func serialOfTheDocs(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/passes", strings.NewReader(`{"title": "Membership Card"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+docsKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ SerialNumber string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.SerialNumber == "" {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return made.SerialNumber
}

func TestNamesOfTheStripePageAreKnown(t *testing.T) {
	names := regexp.MustCompile("`((?:data|item|event)\\.[a-z_.]+)`").FindAllStringSubmatch(docs(t)[stripeDoc], -1)
	if len(names) < 10 {
		t.Fatalf("found %v", names)
	}
	text := "rules:\n"
	for i, m := range names {
		text += fmt.Sprintf("  - {name: rule-%d, on: stripe.checkout.paid, template: concert, when: %s != nil, with: {holder: Ada Lovelace}}\n", i, m[1])
	}
	checkInProject(t, text)
}

func TestPermissionsOfTheStripePageAreAllAndNoMore(t *testing.T) {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| Read \|`).FindAllStringSubmatch(docs(t)[stripeDoc], -1) {
		names = append(names, m[1])
	}
	last := len(names) - 1
	if last < 1 || strings.Join(names[:last], ", ")+" and "+names[last] != stripe.Permissions {
		t.Errorf("got %q, want %s", names, stripe.Permissions)
	}
}

// examplesText is all YAML of the examples.
func examplesText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*/passhook.yaml", "*/templates/*/template.yaml"} {
		names, err := filepath.Glob(filepath.Join(examplesDir, pattern))
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	return all.String()
}

// checkInProject has passhook check a block in a project.
func checkInProject(t *testing.T, block string) {
	t.Helper()
	w := blockWorld(t, block)
	if out, code := w.verb(t, "check"); code != 0 || strings.Contains(out, "rules[") {
		t.Errorf("exit %d: %s\nof\n%s", code, out, block)
	}
}

// variable is one that a block takes from the environment.
var variable = regexp.MustCompile(`\$\{([A-Z_]+)\}`)

// docsSecret is a secret in every form that a sender may want.
const docsSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

// blockWorld puts the sections of a block in place of a project's own.
func blockWorld(t *testing.T, block string) *world {
	t.Helper()
	w := newWorld(t, "")
	b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var project, sections map[string]any
	if err := yaml.Unmarshal(b, &project); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(block), &sections); err != nil {
		t.Fatalf("%v in\n%s", err, block)
	}
	maps.Copy(project, sections)
	if b, err = yaml.Marshal(project); err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", string(b))
	for _, m := range variable.FindAllStringSubmatch(block, -1) {
		w.env = append(w.env, m[1]+"="+docsSecret)
	}
	w.env = slices.Concat(w.env, []string{
		"STRIPE_API_KEY=rk_live_1", "STRIPE_TEST_API_KEY=rk_test_1",
		"STRIPE_WEBHOOK_SECRET=whsec_0123456789abcdef", "STRIPE_TEST_WEBHOOK_SECRET=whsec_fedcba9876543210",
		"SLACK_SIGNING_SECRET=8f742231b10e8888abcd99yyyzzz85a5", "SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1",
		"API_KEY=" + docsKey, "BOX_OFFICE_KEY=" + docsKey + "1", "DOOR_KEY=" + docsKey + "2", "PAGE_KEY=" + docsKey + "3",
	})
	return w
}
