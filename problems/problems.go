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

// Problem is one mistake, or one warning, at one place.
//
// A package that knows only keys, not files, fills Path and leaves File and
// Line empty; config finds the position of the key and completes it.
type Problem struct {
	File string `json:"file,omitempty"`
	// Path names the value by its keys: "rules[0].with.seat". Empty where
	// Line is already a position in File.
	Path string `json:"path,omitempty"`
	// Line and Column count from 1. With Path they count from the start of
	// the value's text, so 1:1 is its first character; 0 is the whole value.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Text says what is wrong and what to do.
	Text string `json:"text"`
	// Warning is true for what works but should be looked at.
	Warning bool `json:"warning,omitempty"`
}

// String is "FILE:LINE:COLUMN: TEXT"; what is unknown is left out.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 && p.Path == "" {
		fmt.Fprintf(&b, "%d:%d:", p.Line, max(p.Column, 1))
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	return b.String() + p.Text
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
	p.Warning = true
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

// Errors is the list without its warnings.
func (l List) Errors() List {
	return slices.DeleteFunc(slices.Clone(l), func(p Problem) bool { return p.Warning })
}

// Warnings is the list without its errors.
func (l List) Warnings() List {
	return slices.DeleteFunc(slices.Clone(l), func(p Problem) bool { return !p.Warning })
}

// Err is nil where nothing but warnings is in the list, else its errors.
func (l List) Err() error {
	if errs := l.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

// Sort orders the list by file and position.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
