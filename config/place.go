package config

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/problems"
)

// Place completes problems that carry only a path, such as "rules[0].with.seat",
// into a position in the config file. Line and Column inside the value are
// followed into the file where its text is still what the file says; after a
// variable was filled in they may not fit, then the start of the value is
// named. A path that is not in the file gets the place of the nearest key
// above it. Problems without a path are left as they are.
func (c *Config) Place(p problems.List) problems.List {
	out := slices.Clone(p)
	if c.doc == nil {
		return out
	}
	for i := range out {
		if out[i].Path == "" || out[i].File != "" {
			continue
		}
		out[i].Line, out[i].Column = c.doc.place(out[i])
		out[i].Text = out[i].Path + ": " + out[i].Text
		out[i].File, out[i].Path = c.File, ""
	}
	return out
}

// written is a path as the file has it, where the first and only of a list may
// stand alone.
func (c *Config) written(path string) string {
	above, ok := strings.CutSuffix(path, "[0]")
	if !ok || c.doc == nil {
		return path
	}
	if _, value, rest := c.doc.find(path); rest == "[0]" && target(value).Kind == yaml.ScalarNode {
		return above
	}
	return path
}

func (d *document) place(p problems.Problem) (line, column int) {
	key, value, rest := d.find(p.Path)
	if key != nil && (rest != "" || isNull(value)) {
		return key.Line, key.Column
	}
	if rest != "" || p.Line == 0 || target(value).Kind != yaml.ScalarNode {
		return value.Line, value.Column
	}
	return d.inside(target(value), p.Line, max(p.Column, 1))
}

// inside is the position in the file of a line and column of a scalar's value,
// or the start of the value where the two differ before it.
func (d *document) inside(n *yaml.Node, line, column int) (int, int) {
	value := []rune(n.Value)
	w := walker{lines: d.lines, line: n.Line - 1, column: n.Column - 1, style: n.Style}
	start, v := w, 0
	switch {
	case w.is(yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle):
		w.column++
	case w.is(yaml.LiteralStyle | yaml.FoldedStyle):
		if !w.nextText() {
			return n.Line, n.Column
		}
		start, v = w, spaces(value)
	}
	for at := offset(value, line, column); v < at; {
		n := w.step(value[v:])
		if n == 0 {
			w = start
			break
		}
		v += n
	}
	return w.line + 1, w.column + 1
}

// offset is where a line and column of the value are, at most its length.
func offset(value []rune, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		next := slices.Index(value[at:], '\n')
		if next < 0 {
			return len(value)
		}
		at += next + 1
	}
	return min(at+column-1, len(value))
}

// walker goes along a scalar as it is written in the file.
type walker struct {
	lines        [][]rune
	line, column int
	style        yaml.Style
}

func (w *walker) is(s yaml.Style) bool { return w.style&s != 0 }

// rest is the line from here on.
func (w *walker) rest() []rune {
	if w.line < 0 || w.line >= len(w.lines) || w.column >= len(w.lines[w.line]) {
		return nil
	}
	return w.lines[w.line][w.column:]
}

// nextText goes to the next line that is not blank.
func (w *walker) nextText() bool {
	for w.line++; w.line < len(w.lines); w.line++ {
		w.column = 0
		if indent := spaces(w.rest()); indent < len(w.rest()) {
			w.column = indent
			return true
		}
	}
	return false
}

// escapes are the escapes of double quotes that are followed into the file.
var escapes = map[rune]rune{'n': '\n', 't': '\t', '"': '"', '\\': '\\', '/': '/', ' ': ' '}

// step goes past the beginning of value and returns how much of it that was;
// 0 when the file says something else. A line break of any style is white
// space on both sides.
func (w *walker) step(value []rune) int {
	rest := w.rest()
	if spaces(rest) == len(rest) {
		n := spaces(value)
		if n == 0 || !w.nextText() {
			return 0
		}
		return n
	}
	length := 1
	r := rest[0]
	switch {
	case r == '\'' && w.is(yaml.SingleQuotedStyle):
		length = 2
	case r == '\\' && w.is(yaml.DoubleQuotedStyle) && len(rest) > 1:
		r, length = escapes[rest[1]], 2
	}
	if r != value[0] {
		return 0
	}
	w.column += length
	return 1
}

// spaces counts the white space that text begins with.
func spaces(text []rune) int {
	if n := slices.IndexFunc(text, func(r rune) bool { return !unicode.IsSpace(r) }); n >= 0 {
		return n
	}
	return len(text)
}
