package config

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/problems"
)

// later are the keys of coming versions, by the place they stand in. They are
// ignored with a warning, and what is in them is not looked at.
var later = map[string][]string{
	"": {"console", "google"},
}

// maxDepth is how deep lists and keys may be nested.
const maxDepth = 50

// prune takes out what must not reach the decoder: duplicate keys, keys that
// are no text, and keys of coming versions.
func (l *loader) prune(path string, n *yaml.Node, depth int) {
	if depth > maxDepth {
		l.mark(markOf(n), fmt.Sprintf("is nested more than %d deep; make it flatter", maxDepth))
		n.Content = nil
		return
	}
	if n.Kind == yaml.SequenceNode {
		for i, child := range n.Content {
			l.prune(item(path, i), child, depth+1)
		}
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	var kept []*yaml.Node
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !l.keep(path, key, seen) {
			continue
		}
		kept = append(kept, key, value)
		l.prune(join(path, key.Value), value, depth+1)
	}
	n.Content = kept
}

// keep reports whether a key goes to the decoder, and says why where not.
func (l *loader) keep(path string, key *yaml.Node, seen map[string]*yaml.Node) bool {
	if key.Kind != yaml.ScalarNode || isNull(key) {
		l.mark(markOf(key), "a key must be text")
		return false
	}
	full := join(path, key.Value)
	if first := seen[key.Value]; first != nil {
		l.mark(markOf(key), fmt.Sprintf("%s: is given twice, first in line %d; keep one", full, first.Line))
		return false
	}
	seen[key.Value] = key
	if slices.Contains(later[place(path)], key.Value) {
		if l.usesPath(full) {
			l.found = append(l.found, problems.Problem{
				File: l.config.File, Line: key.Line, Column: key.Column, Severity: problems.Warning,
				Text: full + " is not in this version yet; it is ignored",
			})
		}
		return false
	}
	return true
}
