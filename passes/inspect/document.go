package inspect

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"github.com/passhook/passhook/passes/localization"
	"github.com/passhook/passhook/problems"
)

// Limits of a JSON file, so that a hostile one costs little.
const (
	maxValues  = 10_000
	maxNesting = 64
	maxKey     = 100 // bytes
)

// document is a JSON file that was read leniently: what can be understood of it
// stands in value, and what is wrong with its form in found.
type document struct {
	file  string
	text  []byte
	root  *node
	found problems.List
	// partial: it could be read only up to some place.
	partial bool
}

// node is one value, with where it begins.
type node struct {
	at      int
	scalar  any // nil, bool, string, int64 or float64
	members []member
	elems   []*node
	kind    byte // '{', '[' or 0 for a scalar
}

type member struct {
	name  string
	value *node
}

// object is the node's object as the other checks take it, or nil.
func (n *node) object() map[string]any {
	if n == nil || n.kind != '{' {
		return nil
	}
	m, _ := n.any().(map[string]any)
	return m
}

func (n *node) any() any {
	switch n.kind {
	case '{':
		m := make(map[string]any, len(n.members))
		for _, member := range n.members {
			m[member.name] = member.value.any()
		}
		return m
	case '[':
		list := make([]any, len(n.elems))
		for i, e := range n.elems {
			list[i] = e.any()
		}
		return list
	}
	return n.scalar
}

// strings calls f with every string of the node.
func (n *node) strings(f func(string)) {
	for _, m := range n.members {
		m.value.strings(f)
	}
	for _, e := range n.elems {
		e.strings(f)
	}
	if s, ok := n.scalar.(string); ok {
		f(s)
	}
}

// find is the value at a path as a.b[0].c, or its nearest parent.
func (n *node) find(path string) *node {
	for path != "" {
		child, rest := n.child(path)
		if child == nil {
			return n
		}
		n, path = child, strings.TrimPrefix(rest, ".")
	}
	return n
}

func (n *node) child(path string) (child *node, rest string) {
	if n.kind == '[' {
		index, after, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(n.elems) {
			return n.elems[i], after
		}
		return nil, ""
	}
	// A key may have dots and brackets in it, so the longest that fits wins.
	best := -1
	for i, m := range n.members {
		after, ok := strings.CutPrefix(path, m.name)
		if ok && (after == "" || after[0] == '.' || after[0] == '[') &&
			(best < 0 || len(m.name) >= len(n.members[best].name)) {
			best, rest = i, after
		}
	}
	if best < 0 {
		return nil, ""
	}
	return n.members[best].value, rest
}

// locate fills in the line and column of a finding's path.
func (d *document) locate(f problems.Problem) problems.Problem {
	if d != nil && d.root != nil && f.Line == 0 {
		f.Line, f.Column = lineColumn(d.text, d.root.find(f.Path).at)
	}
	return f
}

func lineColumn(b []byte, offset int) (line, column int) {
	before := b[:min(offset, len(b))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// readJSON reads a JSON file as far as it can be understood.
func readJSON(file string, b []byte) *document {
	d := &document{file: file}
	d.decode(b)
	p := &parser{document: d}
	p.space()
	if p.at == len(d.text) {
		p.say(problems.Error, "json", "is empty", refused, "")
		return d
	}
	d.root = p.value(0)
	d.partial = p.stopped
	if p.space(); !p.stopped && p.at < len(d.text) {
		p.say(problems.Error, "json", "goes on after its end", refused, "take out what follows")
	}
	return d
}

// decode turns the other encodings of JSON into UTF-8.
func (d *document) decode(b []byte) {
	warn := func(text string) {
		d.found = append(d.found, problems.Problem{
			Severity: problems.Warning, Rule: "json-encoding", File: d.file, Line: 1, Column: 1, Text: text,
			Effect: "Wallet may read it, other programs do not", Fix: "save it as UTF-8 without a byte order mark",
		})
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		warn("begins with a byte order mark")
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")) || len(b) > 1 && b[0] != 0 && b[1] == 0:
		warn("is UTF-16")
		b = localization.FromUTF16(b, unicode.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xfe\xff")) || len(b) > 1 && b[0] == 0 && b[1] != 0:
		warn("is UTF-16")
		b = localization.FromUTF16(b, unicode.BigEndian)
	}
	d.text = b
}
