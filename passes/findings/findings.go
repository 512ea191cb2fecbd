// Package findings is the form in which everything that looks at a pass says
// what it found: what is wrong, where, what an iPhone makes of it, and how to
// mend it.
package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says what a finding means for whoever gets the pass.
type Severity string

// The severities, the worst first.
const (
	// Error is a pass that an iPhone refuses, or that opens no door.
	Error Severity = "error"
	// Warning is a pass that installs, and is not what its maker meant.
	Warning Severity = "warning"
	// Note is worth knowing: what an older iOS leaves out, what could be better.
	Note Severity = "note"
)

// Finding is one thing that was found.
type Finding struct {
	Severity Severity `json:"severity"`
	// Rule names the check, in lower case with dashes. It is stable.
	Rule string `json:"rule"`
	// File is the entry of the package, as de.lproj/pass.strings; empty is the
	// package itself.
	File string `json:"file,omitempty"`
	// Path is the place in a JSON file, as eventTicket.primaryFields[0].value.
	Path string `json:"path,omitempty"`
	// Line and Column count from 1, columns in bytes; 0 is not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Text is what is wrong, without its place.
	Text string `json:"text"`
	// Effect is what happens, and on which iOS; empty where Text says it all.
	Effect string `json:"effect,omitempty"`
	// Fix is what to do about it.
	Fix string `json:"fix,omitempty"`
}

// Place is where it is, as pass.json:3:7 barcodes[0].format.
func (f Finding) Place() string {
	place := f.File
	if f.Line > 0 {
		place += fmt.Sprintf(":%d:%d", f.Line, f.Column)
	}
	return strings.TrimSpace(place + " " + f.Path)
}

// String is the finding in one line.
func (f Finding) String() string {
	parts := []string{f.Text}
	for _, more := range []string{f.Effect, f.Fix} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return fmt.Sprintf("%s %s: %s", f.Severity, f.Place(), strings.Join(parts, "; "))
}

var order = map[Severity]int{Error: 0, Warning: 1, Note: 2}

// Sort puts the worst first, then by place.
func Sort(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order[a.Severity], order[b.Severity]), cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule))
	})
}

// Worst is the severity of the worst of them, empty where there are none.
func Worst(list []Finding) Severity {
	var worst Severity
	for _, f := range list {
		if worst == "" || order[f.Severity] < order[worst] {
			worst = f.Severity
		}
	}
	return worst
}
