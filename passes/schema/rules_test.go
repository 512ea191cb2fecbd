package schema

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/problems"
)

var update = flag.Bool("update", false, "write the golden files")

// TestRules breaks each rule. A case names the sample it starts from (base), or
// none; merge.json is merged into it, null takes a key away. personalization.json
// is checked by itself. findings.golden is what is found, without the notes that
// the sample has anyway.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	covered := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := checkCase(t, archive)
			lines := make([]string, len(got))
			for i, f := range got {
				lines[i] = f.Rule + ": " + f.String() + "\n"
				covered[f.Rule] = true
			}
			// The name before a dot is the rule, as in required-key.field; fine is
			// none, a case without errors and warnings.
			rule, _, _ := strings.Cut(name, ".")
			if found := slices.Concat(got.Errors(), got.Warnings()); rule == "fine" && len(found) > 0 {
				t.Errorf("found %v", found)
			} else if rule != "fine" && !slices.ContainsFunc(got, func(f problems.Problem) bool { return f.Rule == rule }) {
				t.Errorf("%s is not found", rule)
			}
			golden(t, archive, file, strings.Join(lines, ""))
		})
	}
	for _, rule := range ruleNames() {
		if !covered[rule] {
			t.Errorf("no case breaks %s", rule)
		}
	}
	for rule := range covered {
		if !slices.Contains(ruleNames(), rule) {
			t.Errorf("%s is not among ruleNames", rule)
		}
	}
}

func checkCase(t *testing.T, archive *txtar.Archive) problems.List {
	t.Helper()
	pass, options := map[string]any{}, Options{Now: now}
	var before problems.List
	for _, line := range strings.Split(string(archive.Comment), "\n") {
		if base, ok := strings.CutPrefix(line, "base: "); ok {
			pass = readPass(t, base)
			before = Check(pass, options)
		}
		if line == "unsigned" {
			options.Unsigned = true
		}
	}
	for _, f := range archive.Files {
		var v map[string]any
		if strings.HasSuffix(f.Name, ".json") {
			if err := json.Unmarshal(f.Data, &v); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		switch f.Name {
		case "merge.json":
			merge(pass, v)
		case "personalization.json":
			return CheckPersonalization(v)
		}
	}
	return slices.DeleteFunc(Check(pass, options), func(f problems.Problem) bool { return slices.Contains(before, f) })
}

// merge is JSON Merge Patch (RFC 7396), but for null in lists.
func merge(into, patch map[string]any) {
	for k, v := range patch {
		child, isObject := v.(map[string]any)
		old, wasObject := into[k].(map[string]any)
		switch {
		case v == nil:
			delete(into, k)
		case isObject && wasObject:
			merge(old, child)
		default:
			into[k] = v
		}
	}
}

func golden(t *testing.T, archive *txtar.Archive, file, got string) {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "findings.golden" })
	if i < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: "findings.golden"})
		i = len(archive.Files) - 1
	}
	if *update {
		archive.Files[i].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(archive.Files[i].Data); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// current holds a generated file against what is committed.
func current(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s is not current (%v); run go test ./passes/schema -update", file, err)
	}
}

// tableRules are the rules that the tables drive.
var tableRules = []string{
	"required-key", "wrong-type", "value-not-allowed", "unknown-key", "misplaced-key", "other-style", "scheme-only-key",
	"deprecated-key", "out-of-range", "too-short", "too-long", "too-many", "too-few", "number-as-text",
	"bad-date", "bad-colour", "bad-url", "bad-email", "bad-uuid", "bad-time-zone", "bad-currency", "personalization",
}

// ruleNames are the names of all rules, sorted.
func ruleNames() []string {
	ids := slices.Clone(tableRules)
	for _, r := range passRules {
		ids = append(ids, r.id)
	}
	for _, r := range fieldRules {
		ids = append(ids, r.id)
	}
	slices.Sort(ids)
	return ids
}
