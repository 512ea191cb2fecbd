package expressions

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/passhook/passhook/problems"
)

// Tree is decoded JSON or YAML whose string leaves are Texts, safe for
// concurrent use.
type Tree struct {
	text   *Text            // a string with ${{ }}
	object map[string]*Tree // or an object,
	keys   []string         // its keys in order,
	list   []*Tree          // or a list,
	plain  any              // or anything else, as it is
	isList bool
}

// CompileTree compiles all string leaves. Problems have the path of their leaf
// and the position within its text.
func (s Scope) CompileTree(v any) (*Tree, problems.List) {
	c := treeCompiler{scope: s}
	t := c.compile("", v)
	return t, c.found
}

type treeCompiler struct {
	scope Scope
	found problems.List
}

func (c *treeCompiler) compile(path string, v any) *Tree {
	switch v := v.(type) {
	case string:
		text, err := c.scope.CompileText(v)
		if err != nil {
			p := problems.At(path, "%v", err)
			var e *Error
			if errors.As(err, &e) {
				p.Line, p.Column = e.Line, e.Column
			}
			c.found = append(c.found, p)
			return &Tree{}
		}
		if literal, ok := text.Constant(); ok {
			return &Tree{plain: literal}
		}
		return &Tree{text: text}
	case map[string]any:
		t := &Tree{object: map[string]*Tree{}, keys: slices.Sorted(maps.Keys(v))}
		for _, k := range t.keys {
			t.object[k] = c.compile(strings.TrimPrefix(path+"."+k, "."), v[k])
		}
		return t
	case []any:
		t := &Tree{isList: true}
		for i, e := range v {
			t.list = append(t.list, c.compile(fmt.Sprintf("%s[%d]", path, i), e))
		}
		return t
	}
	return &Tree{plain: v}
}

// Eval makes a fresh tree. Where an expression gives null, its key or list
// element is left out; where that key is value, the whole object is left out of
// the list around it. A null that the tree itself has stays. The error begins
// with the path of its leaf.
func (t *Tree) Eval(vars map[string]any) (any, error) {
	v, _, err := t.eval(vars)
	return v, err
}

// eval returns gone where the value is to be left out.
func (t *Tree) eval(vars map[string]any) (v any, gone bool, err error) {
	switch {
	case t.text != nil:
		v, err = t.text.Eval(vars)
		if err != nil {
			return nil, false, &leafError{err: err}
		}
		return v, v == nil, nil
	case t.object != nil:
		return t.evalObject(vars)
	case t.isList:
		out := make([]any, 0, len(t.list))
		for i, e := range t.list {
			v, gone, err := e.eval(vars)
			if err != nil {
				return nil, false, below(fmt.Sprintf("[%d]", i), err)
			}
			if !gone {
				out = append(out, v)
			}
		}
		return out, false, nil
	}
	return t.plain, false, nil
}

func (t *Tree) evalObject(vars map[string]any) (any, bool, error) {
	out := make(map[string]any, len(t.object))
	for _, k := range t.keys {
		v, gone, err := t.object[k].eval(vars)
		switch {
		case err != nil:
			return nil, false, below(k, err)
		case gone && k == "value":
			return nil, true, nil
		case !gone:
			out[k] = v
		}
	}
	return out, false, nil
}

// leafError is an error with the path to its leaf, made on the way up: a tree
// without errors builds no paths.
type leafError struct {
	path string
	err  error
}

func (e *leafError) Error() string { return e.path + ": " + e.err.Error() }
func (e *leafError) Unwrap() error { return e.err }

// below puts a key or an index before the path of an error.
func below(segment string, err error) error {
	var leaf *leafError
	if !errors.As(err, &leaf) {
		return err
	}
	if leaf.path != "" && !strings.HasPrefix(leaf.path, "[") {
		segment += "."
	}
	leaf.path = segment + leaf.path
	return leaf
}
