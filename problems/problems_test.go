package problems_test

import (
	"testing"

	"github.com/passhook/passhook/problems"
)

func TestProblemNamesItsPlace(t *testing.T) {
	for _, tc := range []struct {
		name string
		p    problems.Problem
		want string
	}{
		{"file and position", problems.Problem{File: "passhook.yaml", Line: 3, Column: 7, Text: "is missing"}, "passhook.yaml:3:7: is missing"},
		{"file only", problems.Problem{File: "passhook.yaml", Text: "is empty"}, "passhook.yaml: is empty"},
		{"position only", problems.Problem{Line: 3, Text: "is missing"}, "3:1: is missing"},
		{"path only", problems.At("rules[0].on", "is %s", "missing"), "rules[0].on: is missing"},
		{"warning", problems.Problem{File: "a.yaml", Line: 1, Text: "odd", Severity: problems.Warning}, "a.yaml:1:1: warning: odd"},
		{"path in a file", problems.Problem{File: "pass.json", Path: "nfc", Line: 2, Column: 5, Text: "odd", Effect: "it is ignored", Fix: "take it out", Severity: problems.Note},
			"pass.json:2:5: nfc: note: odd; it is ignored; take it out"},
		{"path in a value", problems.Problem{Path: "nfc", Line: 2, Column: 5, Text: "odd"}, "nfc: odd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.p.String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestUnderPutsAPrefixBeforePaths(t *testing.T) {
	l := problems.List{problems.At("[0].on", "x"), problems.At("name", "x"), problems.At("", "x"), {File: "f", Path: "kept", Text: "x"}}.Under("rules")
	for i, want := range []string{"rules[0].on", "rules.name", "rules", "kept"} {
		if l[i].Path != want {
			t.Errorf("path %d is %q, want %q", i, l[i].Path, want)
		}
	}
}

func TestErrLeavesWarningsOut(t *testing.T) {
	if err := (problems.List{problems.Warn("a", "b")}).Err(); err != nil {
		t.Errorf("a warning alone is no error, got %v", err)
	}
	if err := (problems.List{problems.Warn("a", "b"), problems.At("c", "d")}).Err(); err == nil || err.Error() != "c: d" {
		t.Errorf("got %v", err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"customer_details", "currency", "customer", "created"}
	for word, want := range map[string]string{"custmer_details": "customer_details", "customr": "customer", "zzz": "", "curency": "currency"} {
		if got := problems.Nearest(word, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
