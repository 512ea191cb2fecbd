// Package expressions compiles and evaluates the ${{ }} of rules and templates.
//
// The language is expr-lang's, made forgiving at run time and strict before:
// members that are missing are null at any depth, but names are checked against
// sample events when the expression is compiled.
package expressions

import (
	"maps"
	"time"

	"github.com/expr-lang/expr/types"
)

// Settings are what functions need from the config.
type Settings struct {
	// Location is the zone that times are printed in; nil is UTC.
	Location *time.Location
	// Locale is a BCP 47 tag; empty is English.
	Locale string
}

func (s Settings) location() *time.Location {
	if s.Location == nil {
		return time.UTC
	}
	return s.Location
}

// Scope is the names that an expression may use, and what is known of their
// members. It does not change; With returns a larger one.
type Scope struct {
	settings Settings
	roots    types.Map
	// members are all names below the roots, for suggestions.
	members map[string]bool
}

// NewScope is a scope with functions and no names.
func NewScope(s Settings) Scope {
	return Scope{settings: s, roots: types.Map{}, members: map[string]bool{}}
}

// With adds a name. The samples are decoded JSON; the name's members are those
// of all samples together. Without samples, or where a sample has null, any
// member is allowed; so it is in an object that is {} in a sample, and below
// metadata and custom_fields, whose keys belong to the sender.
func (s Scope) With(name string, samples ...any) Scope {
	out := Scope{settings: s.settings, roots: maps.Clone(s.roots), members: maps.Clone(s.members)}
	out.roots[name] = out.typeOf(name, samples)
	return out
}

// typeOf knows only the names of members; what a scalar may be compared with is
// no reason to refuse an expression.
func (s Scope) typeOf(name string, samples []any) types.Type {
	var objects []map[string]any
	var elements []any
	lists := 0
	for _, v := range samples {
		switch v := v.(type) {
		case map[string]any:
			objects = append(objects, v)
		case []any:
			lists++
			elements = append(elements, v...)
		}
	}
	switch {
	case len(samples) == 0:
		return types.Any
	case len(objects) == len(samples):
		return s.object(name, objects)
	case lists == len(samples):
		return types.Array(s.typeOf(name, elements))
	}
	return types.Any
}

func (s Scope) object(name string, objects []map[string]any) types.Type {
	values := map[string][]any{}
	open := name == "metadata" || name == "custom_fields"
	for _, o := range objects {
		open = open || len(o) == 0
		for k, v := range o {
			values[k] = append(values[k], v)
		}
	}
	m := types.Map{}
	for k, v := range values {
		s.members[k] = true
		m[k] = s.typeOf(k, v)
	}
	if open {
		m[types.Extra] = types.Any
	}
	return m
}
