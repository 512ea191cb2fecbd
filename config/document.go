package config

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/problems"
)

// document is the file as it was written, for finding positions.
type document struct {
	// root is a mapping.
	root  *yaml.Node
	lines [][]rune
}

// parse reads the text of the file. An empty file is an empty mapping.
func parse(raw []byte) (*document, *problems.Problem) {
	d := &document{root: &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}}
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		d.lines = append(d.lines, []rune(strings.TrimSuffix(string(line), "\r")))
	}
	var docs []yaml.Node
	if err := yaml.Load(raw, &docs, yaml.WithAllDocuments()); err != nil {
		return d, badSyntax(raw, err)
	}
	if len(docs) > 1 {
		second := docs[1]
		return d, &problems.Problem{Line: second.Line, Column: second.Column,
			Text: "a second document begins; keep one, and remove the line ---"}
	}
	if len(docs) == 0 || len(docs[0].Content) == 0 || isNull(docs[0].Content[0]) {
		return d, nil
	}
	root := docs[0].Content[0]
	if root.Kind != yaml.MappingNode {
		return d, &problems.Problem{Line: root.Line, Column: root.Column,
			Text: "the file must be keys with values, such as url: https://tickets.example.com"}
	}
	d.root = root
	return d, nil
}

// advice is what to do about the commonest messages of the YAML library.
var advice = []struct{ message, text string }{
	{"mapping values are not allowed", "a colon with a space after it stands inside a value, or a line is indented too far; put the value in quotes, or indent it like its neighbours"},
	{"found character that cannot start any token", "a value cannot begin with this character, and a line not with a tab; put the value in quotes, or indent with spaces"},
	{"found unexpected end of stream", "a quote is opened here and never closed; close it"},
	{"did not find expected ',' or", "the list or the keys in brackets go wrong here; put values that hold { } [ ] or , in quotes, and close the bracket"},
	{"could not find expected ':'", "a key without a colon; write it as key: value"},
	{"did not find expected key", "a key is expected here; indent the line like its neighbours, or close the quote before it"},
	{"unknown anchor", "the name after * is not defined above; put the value in quotes if it only begins with *"},
	{"did not find expected alphabetic", "* and & mark names in YAML; put a value that begins with one in quotes"},
}

// badSyntax says what is not YAML, and where.
func badSyntax(raw []byte, err error) *problems.Problem {
	p := &problems.Problem{Line: 1, Column: 1,
		Text: "this is not YAML; look at the indentation and the quotes here and above"}
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		return p
	}
	for _, a := range advice {
		if strings.HasPrefix(le.Message, a.message) {
			p.Text = a.text
		}
	}
	p.Line, p.Column = le.Mark.Line, le.Mark.Column
	switch {
	case le.Mark.Line == 0:
		p.Line, p.Column = badCharacter(raw)
		p.Text = "a character that may not stand in a text file; save the file as UTF-8 and remove control characters"
	case strings.Contains(le.ContextMsg, "quoted scalar"):
		p.Line, p.Column = le.ContextMark.Line, le.ContextMark.Column
	}
	return p
}

// badCharacter is the position of the first byte that is not UTF-8 or a
// control character.
func badCharacter(raw []byte) (line, column int) {
	line, column = 1, 1
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == utf8.RuneError && size == 1, r < ' ' && r != '\t' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85:
			return line, column
		}
		column++
		raw = raw[size:]
	}
	return 1, 1
}

// find follows a path from the root as far as it goes. key is the last key on
// the way, nil after an index; rest is what was not found.
func (d *document) find(path string) (key, value *yaml.Node, rest string) {
	value, rest = d.root, path
	for rest != "" {
		k, v, after := step(target(value), rest)
		if v == nil {
			return key, value, rest
		}
		key, value, rest = k, v, after
	}
	return key, value, ""
}

// step goes one key or one index into n.
func step(n *yaml.Node, path string) (key, value *yaml.Node, rest string) {
	switch n.Kind {
	case yaml.SequenceNode:
		inner, after, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(inner)
		if !ok || path[0] != '[' || err != nil || i < 0 || i >= len(n.Content) {
			return nil, nil, path
		}
		return nil, n.Content[i], strings.TrimPrefix(after, ".")
	case yaml.MappingNode:
		// Keys may hold dots; the longest that fits is meant.
		best := -1
		for i := 0; i+1 < len(n.Content); i += 2 {
			after, ok := strings.CutPrefix(path, n.Content[i].Value)
			ends := after == "" || after[0] == '.' || after[0] == '['
			if ok && ends && (best < 0 || len(n.Content[i].Value) > len(n.Content[best].Value)) {
				best = i
			}
		}
		if best >= 0 {
			return n.Content[best], n.Content[best+1], strings.TrimPrefix(path[len(n.Content[best].Value):], ".")
		}
	}
	return nil, nil, path
}

// walk visits every value below n, first those above; aliases are not followed.
func walk(path string, key, n *yaml.Node, visit func(path string, key, value *yaml.Node)) {
	visit(path, key, n)
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			walk(item(path, i), nil, child, visit)
		case i%2 == 1:
			key := n.Content[i-1]
			walk(join(path, key.Value), key, child, visit)
		}
	}
}

// join is the path of inner below outer.
func join(outer, inner string) string {
	if outer == "" || inner == "" || inner[0] == '[' {
		return outer + inner
	}
	return outer + "." + inner
}

// item is the path of the i-th item of a list.
func item(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

var index = regexp.MustCompile(`\[\d+\]`)

// place is a path without its numbers: "rules[].with".
func place(path string) string { return index.ReplaceAllString(path, "[]") }

// target is the node itself, or what an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// markOf is where a node begins, as errors of the library say it.
func markOf(n *yaml.Node) yaml.Mark { return yaml.Mark{Line: n.Line, Column: n.Column} }

func isNull(n *yaml.Node) bool { return n.ShortTag() == "!!null" }
