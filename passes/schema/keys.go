package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/passhook/passhook/problems"
)

// unknown says what a key that an object does not have may have been meant as.
func (c *checker) unknown(path string, o *Object, name string) {
	if strings.HasPrefix(name, "_") || name == "$schema" {
		return // Marks of Pass Designer and of editors.
	}
	if owner := c.owner(o, name); owner != nil {
		if isStyle(owner.Name) && isStyle(o.Name) {
			c.add(problems.Warning, "other-style", path,
				name+" belongs to "+owner.Name, ignores, "take it out of "+o.Name)
			return
		}
		c.add(problems.Warning, "misplaced-key", path, name+" belongs "+owner.place(), ignores, "move it there")
		return
	}
	names := make([]string, len(o.Keys))
	for i, k := range o.Keys {
		names[i] = k.Name
		if strings.EqualFold(k.Name, name) {
			names = []string{k.Name}
			break
		}
	}
	// A known key with a word before or after it is another key, not a slip.
	if near := problems.Nearest(name, names); near != "" &&
		(len(name) < len(near)+3 || !strings.Contains(strings.ToLower(name), strings.ToLower(near))) {
		c.add(problems.Warning, "unknown-key", path, name+" is no key of "+cmp.Or(o.At, c.file), ignores, "write "+near)
		return
	}
	c.add(problems.Note, "unknown-key", path, name+" is no key that Apple documents", ignores, "")
}

// homes are the objects that a key may have been meant for.
var homes = []string{"pass", "boardingPass", "coupon", "eventTicket", "generic",
	"storeCard", "posterGeneric", "field", "barcode", "nfc", "semantics", "seat"}

// owner is the object that a misplaced key belongs to, if any.
func (c *checker) owner(not *Object, name string) *Object {
	var best *Object
	for _, o := range c.owners[name] {
		switch {
		case o == not || !slices.Contains(homes, o.Name):
		case slices.Contains(c.styles, o.Name):
			return o
		case best == nil:
			best = o
		}
	}
	return best
}

// belongs says where a key does nothing in this pass.
func (c *checker) belongs(path string, k *Key, m map[string]any) {
	if _, both := m[k.Use]; k.Deprecated != "" && !both {
		fix := "take it out"
		if k.Use != "" {
			fix = "write " + k.Use + " as well"
		}
		c.add(problems.Note, "deprecated-key", path, k.Name+" is deprecated since iOS "+k.Deprecated, "", fix)
	}
	switch {
	case len(c.styles) == 0 || len(k.Styles) == 0:
	case !slices.ContainsFunc(k.Styles, func(s string) bool { return slices.Contains(c.styles, s) }):
		severity := problems.Warning
		if k.Owner == "semantics" {
			severity = problems.Note
		}
		c.add(severity, "other-style", path,
			fmt.Sprintf("%s belongs to %s, and this is %s", k.Name, strings.Join(k.Styles, " and "), c.styles[0]),
			ignores, "take it out")
	case k.Scheme != "" && !slices.Contains(c.asked, k.Scheme):
		c.add(problems.Note, "scheme-only-key", path, k.Name+" shows on a "+k.Scheme+" only",
			ignores, "add preferredStyleSchemes with "+k.Scheme+", or take it out")
	}
}

// severity of a mistake in the key, and its effect.
func (k *Key) severity(otherwise string) (problems.Severity, string) {
	if k.Refused {
		return problems.Error, refuses
	}
	return problems.Warning, otherwise
}

// place says where an object stands.
func (o *Object) place() string {
	if o.At == "" {
		return "at the top level"
	}
	return "in " + o.At
}
