package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/passtest"
)

// program runs a text with a program of Debian's, in a folder of its own, which is
// returned. The test fails where the program does.
func program(t *testing.T, text, name, of string, args ...string) (dir, out string) {
	t.Helper()
	dir = t.TempDir()
	path := passtest.Program(t, name, of)
	must(t, os.WriteFile(filepath.Join(dir, args[len(args)-1]), []byte(text), 0o600))
	// curl's exit code says nothing of the answer otherwise.
	must(t, os.WriteFile(filepath.Join(dir, ".curlrc"), []byte("fail-with-body\nsilent\nshow-error\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CURL_HOME="+dir, "API_KEY="+websiteKey)
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s\nof\n%s", err, b, text)
	}
	return dir, string(b)
}

func file(t *testing.T, name ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(name...))
	must(t, err)
	return b
}

// What was written for walletwallet.dev runs here with another host and key.
func TestProgramsMoveOverByChangingHostAndKey(t *testing.T) {
	s := serve(t, options{})
	moved := func(name string) string {
		return strings.NewReplacer("https://api.walletwallet.dev", s.URL, "ww_live_<your_key>", websiteKey).Replace(string(file(t, "testdata", name)))
	}
	for _, c := range []struct{ name, program, of, makes, message, title string }{
		{"curl.sh", "sh", "dash", "membership.pkpass", "MEMBER-12345", "Membership Card"},
		{"fetch.mjs", "node", "nodejs", "ticket.pkpass", "TICKET-789", "Event Ticket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.program == "sh" {
				passtest.Program(t, "curl", "curl")
			}
			dir, _ := program(t, moved(c.name), c.program, c.of, c.name)
			pass := s.opened(t, file(t, dir, c.makes))
			code, ok := pass["barcodes"].([]any)[0].(map[string]any)
			if !ok || code["message"] != c.message || code["format"] != "PKBarcodeFormatQR" || pass["logoText"] != c.title {
				t.Errorf("%v", pass)
			}
		})
	}
}

// The docs' own programs do what the docs say.
func TestSamplesOfTheDocsRun(t *testing.T) {
	s := serve(t, options{})
	var doc struct {
		Tags []struct{ Name, Description string }
	}
	must(t, json.Unmarshal(s.call(t, "", http.MethodGet, "/openapi.json", nil).Body, &doc))
	fence := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")
	kinds := map[string]int{}
	for _, tag := range doc.Tags {
		for _, m := range fence.FindAllStringSubmatch(tag.Description, -1) {
			kinds[m[1]]++
			t.Run(tag.Name+" "+m[1], func(t *testing.T) {
				text := strings.ReplaceAll(m[2], "$SERIAL", s.create(t, websiteKey, `{"title": "Membership Card"}`))
				var dir string
				switch m[1] {
				case "sh":
					passtest.Program(t, "curl", "curl")
					dir, _ = program(t, text, "sh", "dash", "sample.sh")
				case "js":
					dir, _ = program(t, text, "node", "nodejs", "sample.mjs")
				case "python":
					dir, _ = program(t, text, "python3", "python3", "sample.py")
				default:
					t.Fatalf("nobody runs %s", m[1])
				}
				made, err := filepath.Glob(filepath.Join(dir, "*.pkpass"))
				must(t, err)
				for _, name := range made {
					s.opened(t, file(t, name))
				}
				if strings.Contains(text, ".pkpass\"") || strings.Contains(text, "-o member") {
					if len(made) != 1 {
						t.Errorf("made %v", made)
					}
				}
			})
		}
	}
	if kinds["sh"] < 9 || kinds["js"] != 1 || kinds["python"] != 1 {
		t.Errorf("found %v", kinds)
	}
}
