package config

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/problems"
)

// loader is one run of Load: the steps and what they found.
type loader struct {
	Options
	config *Config
	env    environment
	found  problems.List
	// filled are the values that a variable or a file has changed.
	filled map[*yaml.Node]bool
	// broken are the paths of values that could not be had. Nothing more is
	// said of them.
	broken []string
}

func (l *loader) load(raw []byte) {
	c := l.config
	l.readEnvironment()
	doc, wrong := parse(raw)
	c.doc = doc
	if wrong != nil {
		wrong.File = c.File
		l.found = append(l.found, *wrong)
		return
	}
	l.prune("", doc.root, 0)
	l.fill()
	if l.decode() {
		l.check()
	}
}

// uses reports whether the caller uses the section.
func (l *loader) uses(s Section) bool {
	return l.Sections == nil || slices.Contains(l.Sections, s)
}

// usesPath is uses for the section of a key path.
func (l *loader) usesPath(path string) bool {
	key, _, _ := strings.Cut(place(path), ".")
	of, ok := sections[strings.TrimSuffix(key, "[]")]
	if !ok {
		of = []Section{Server}
	}
	return slices.ContainsFunc(of, l.uses)
}

// report notes what is wrong at a path, unless the caller does not use it or
// it is known to be broken.
func (l *loader) report(path, format string, args ...any) {
	l.add(problems.At(path, format, args...))
}

// add is report for problems that are made already.
func (l *loader) add(found ...problems.Problem) {
	for _, p := range found {
		p.Path = l.config.written(p.Path)
		if l.usesPath(p.Path) && !slices.ContainsFunc(l.broken, func(b string) bool { return isBelow(p.Path, b) }) {
			l.found = append(l.found, p)
		}
	}
}

// isBelow reports whether path is at or below the other.
func isBelow(path, above string) bool {
	rest, ok := strings.CutPrefix(path, above)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// mark notes what is wrong at a position, such as that of a key.
func (l *loader) mark(at yaml.Mark, text string) {
	l.found = append(l.found, problems.Problem{File: l.config.File,
		Line: max(at.Line, 1), Column: max(at.Column, 1), Text: text})
}

// resolve is a path of the config, relative to its folder, for opening.
func (c *Config) resolve(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(c.Dir, path)
}
