package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestTheDocsPageRunsItsOwnScriptAndNothingElse(t *testing.T) {
	s := serve(t, options{})
	a := s.call(t, "", http.MethodGet, "/api/docs", nil)
	scripts := regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`).FindAllSubmatch(a.Body, -1)
	if a.Code != http.StatusOK || len(scripts) != 1 || len(scripts[0][1]) > 0 {
		t.Fatalf("%d with %d scripts", a.Code, len(scripts))
	}
	sum := sha256.Sum256(scripts[0][2])
	want := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	if got := a.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if from := regexp.MustCompile(`(?i:<(link|img|iframe|object|embed|base)\b| src=| on[a-z]+=)|@import|url\(`).FindAllString(string(a.Body), -1); from != nil {
		t.Errorf("the page has %q", from)
	}
}

// Who adds to the document adds to the page and to the text.
func TestTheDocsNameEverything(t *testing.T) {
	s := serve(t, options{})
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	must(t, json.Unmarshal(s.call(t, "", http.MethodGet, "/openapi.json", nil).Body, &doc))
	page := html.UnescapeString(string(s.call(t, "", http.MethodGet, "/api/docs", nil).Body))
	page = regexp.MustCompile(`</?(code|span)[^>]*>`).ReplaceAllString(page, "")
	text := string(s.call(t, "", http.MethodGet, "/llms.txt", nil).Body)
	for path, item := range doc.Paths {
		for method := range item {
			if method = strings.ToUpper(method); method == "PARAMETERS" {
				continue
			}
			if !strings.Contains(page, method+path) && !strings.Contains(page, method+" "+path) || !strings.Contains(text, method+" "+path) {
				t.Errorf("%s %s is missing", method, path)
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		for field := range schema.Properties {
			if !strings.Contains(page, "<dt>"+field) || !strings.Contains(text, "- `"+field+"` (") {
				t.Errorf("%s.%s is missing", name, field)
			}
		}
	}
	for _, want := range []string{s.URL + "/openapi.json", s.URL + "/api/docs", "POST " + s.URL + "/hooks/{name}", "## Errors"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in the text", want)
		}
	}
	for _, part := range []string{page, text} {
		if strings.Contains(part, "tickets.example.com") || strings.Contains(part, "<no value>") || strings.Contains(part, "raw HTML omitted") {
			t.Error("something is left out, or of another server")
		}
	}
}
