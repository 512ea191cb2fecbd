package inspect_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/inspect"
	"github.com/passhook/passhook/problems"
)

var update = flag.Bool("update", false, "write the golden files anew")

// broken has an error, a warning and a note.
func broken(t testing.TB) *inspect.Report {
	p := goodParts()
	p.files["pass.json"] = replaced(`"A1",`, `"A1", "relevantDate": "2026-12-01T20:00+01:00",`)
	p.files["notes.txt"] = []byte("x")
	p.late["icon.png"] = icons()["icon@2x.png"]
	r := inspected(t, p.pack(t), options(t))
	r.File = "ticket.pkpass"
	return r
}

// Sums and dates of certificates differ from run to run.
var changing = regexp.MustCompile(`[0-9a-f]{40}`)

func TestReports(t *testing.T) {
	r := broken(t)
	var asJSON bytes.Buffer
	e := json.NewEncoder(&asJSON)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"report.txt": text(t, r), "report.json": asJSON.String()} {
		got = changing.ReplaceAllString(got, "SUM")
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || got != string(want) {
			t.Errorf("%s (%v): run go test -update and look at the change\n%s", name, err, got)
		}
	}
}

func TestVerdicts(t *testing.T) {
	wrong := problems.List{{Severity: problems.Error}, {Severity: problems.Error}}
	for want, r := range map[string]*inspect.Report{
		"An iPhone refuses this pass: 1 error.": broken(t),
		"This is no pass.":                      inspect.Missing(os.ErrNotExist),
	} {
		if r.Verdict != want {
			t.Errorf("got %q, want %q", r.Verdict, want)
		}
	}
	if r := (&inspect.Report{Kind: inspect.KindPass, Findings: wrong}); r.Code() != 1 {
		t.Error(r.Code())
	}
}

// What a pass says is printed on one line, and moves no cursor.
func TestPassesCannotDrawOnTheTerminal(t *testing.T) {
	p := goodParts()
	p.files["pass.json"] = replaced("Concert ticket", `\u001b[2J\u202eticket\n`+strings.Repeat("long ", 200))
	out := text(t, inspected(t, p.pack(t), options(t)))
	if strings.ContainsAny(out, "\x1b\u202e") || strings.Contains(out, strings.Repeat("long ", 100)) {
		t.Errorf("%q", out)
	}
}
