package passes_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/passes"
)

// Whatever stands in a template's files: it loads, or has problems that name a
// place within them, and what loads can be shown.
func FuzzTemplate(f *testing.F) {
	cases, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range cases {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		content := map[string][]byte{}
		for _, part := range a.Files {
			content[part.Name] = part.Data
		}
		f.Add(content["pass.json"], content["template.yaml"])
	}
	f.Fuzz(func(t *testing.T, pass, description []byte) {
		fsys := files(nil)
		fsys["t.pass/pass.json"] = &fstest.MapFile{Data: pass}
		fsys["t.pass/template.yaml"] = &fstest.MapFile{Data: description}
		all, found := passes.LoadTemplates(fsys, "templates", passes.Settings{})
		for _, p := range found {
			if lines := bytes.Count(pass, []byte("\n")) + 1; strings.HasSuffix(p.File, "pass.json") && p.Line > lines {
				t.Errorf("%s: there are %d lines", p, lines)
			}
			if p.String() == "" || p.Line < 0 || p.Column < 0 {
				t.Errorf("%+v", p)
			}
		}
		if found.Err() != nil {
			return
		}
		inputs, err := all["t"].Examples()
		if err != nil {
			t.Fatalf("without a problem, and yet: %v", err)
		}
		p := onePass
		p.Inputs = inputs
		r, err := all["t"].Render(p)
		if err != nil {
			return
		}
		if !json.Valid(r.JSON) {
			t.Errorf("no JSON: %s", r.JSON)
		}
	})
}
