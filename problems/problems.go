// Package problems is how every package says what is wrong with something a
// user wrote: where it stands, what is wrong and what to do about it. It lies
// below all other packages.
package problems

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity is how bad a problem is. In JSON it is its name.
type Severity int

// The severities, the worst first.
const (
	// Error is what does not work: a config that cannot be used, a pass that an
	// iPhone refuses or that opens no door.
	Error Severity = iota
	// Warning is what works, and is probably not meant.
	Warning
	// Note is worth knowing: what an older iOS leaves out, what could be better.
	Note
)

func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// MarshalText is the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Problem is one thing that is wrong, or worth knowing, at one place.
//
// A package that knows only keys, not files, fills Path and leaves File and
// Line empty; config finds the position of the key and completes it.
type Problem struct {
	Severity Severity `json:"severity"`
	// Rule names the check of a pass, in lower case with dashes. It is stable,
	// and empty for everything but passes.
	Rule string `json:"rule,omitempty"`
	// File is as the user named it, or an entry of a package, as
	// de.lproj/pass.strings; empty may be the package itself.
	File string `json:"file,omitempty"`
	// Path names the value by its keys: "rules[0].with.seat". Empty where
	// Line is enough.
	Path string `json:"path,omitempty"`
	// Line and Column count from 1; 0 is not known. With Path and without File
	// they count from the start of the value's text, so 1:1 is its first
	// character; 0 is the whole value.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Text says what is wrong and, without Fix, what to do.
	Text string `json:"text"`
	// Effect is what happens, and on which iOS; empty where Text says it all.
	Effect string `json:"effect,omitempty"`
	// Fix is what to do about it.
	Fix string `json:"fix,omitempty"`
}

// String is "FILE:LINE:COLUMN: PATH: SEVERITY: TEXT; EFFECT; FIX" in one line.
// What is unknown is left out, and so is the severity of an error.
func (p Problem) String() string {
	severity := ""
	if p.Severity != Error {
		severity = p.Severity.String()
	}
	return join(": ", p.position(), p.Path, severity, join("; ", p.Text, p.Effect, p.Fix))
}

// Place is where it is, as pass.json:3:7 barcodes[0].format.
func (p Problem) Place() string { return join(" ", p.position(), p.Path) }

func (p Problem) position() string {
	if p.Line == 0 || p.File == "" && p.Path != "" {
		return p.File
	}
	return strings.TrimPrefix(fmt.Sprintf("%s:%d:%d", p.File, p.Line, max(p.Column, 1)), ":")
}

// join leaves out what is empty.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// List is all that is wrong at once. As an error it prints a line for each.
type List []Problem

// At is a Problem at a key path.
func At(path, format string, args ...any) Problem {
	return Problem{Path: path, Text: fmt.Sprintf(format, args...)}
}

// Warn is At as a warning.
func Warn(path, format string, args ...any) Problem {
	p := At(path, format, args...)
	p.Severity = Warning
	return p
}

func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Under is the list with prefix put before every path, as "rules[0]" before
// "with.seat".
func (l List) Under(prefix string) List {
	out := slices.Clone(l)
	for i := range out {
		switch {
		case out[i].File != "":
		case out[i].Path == "":
			out[i].Path = prefix
		case strings.HasPrefix(out[i].Path, "["):
			out[i].Path = prefix + out[i].Path
		default:
			out[i].Path = prefix + "." + out[i].Path
		}
	}
	return out
}

// Errors is the list without its warnings and notes.
func (l List) Errors() List {
	return slices.DeleteFunc(slices.Clone(l), func(p Problem) bool { return p.Severity != Error })
}

// Warnings are those of the list that are no errors and no notes.
func (l List) Warnings() List {
	return slices.DeleteFunc(slices.Clone(l), func(p Problem) bool { return p.Severity != Warning })
}

// Err is nil where no error is in the list, else its errors.
func (l List) Err() error {
	if errs := l.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

// Sort orders the list by file and position.
func (l List) Sort() { slices.SortStableFunc(l, byPlace) }

// SortBySeverity puts the worst first, then orders by place.
func (l List) SortBySeverity() {
	slices.SortStableFunc(l, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), byPlace(a, b),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule))
	})
}

func byPlace(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
