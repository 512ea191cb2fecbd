package schema

import (
	"maps"
	"slices"
	"time"

	"github.com/passhook/passhook/problems"
)

// Options say what kind of pass.json is checked.
type Options struct {
	// Now is compared with expirationDate; zero leaves that out.
	Now time.Time
	// Unsigned is a pass.json before passhook has filled in its own keys, which
	// may be missing.
	Unsigned bool
}

// Check looks at a decoded pass.json: nil, bool, string, int, int64, float64,
// json.Number, []any and map[string]any. Texts with ${{ are not known yet and
// are left alone. The findings are sorted, the worst first, with their file and
// path, without lines.
func Check(pass map[string]any, o Options) problems.List {
	c := newChecker(pass, o)
	c.object("", known().objects["pass"], pass)
	for _, r := range passRules {
		c.rule = r.id
		r.check(c)
	}
	for _, f := range c.fields() {
		for _, r := range fieldRules {
			c.rule = r.id
			r.check(c, f)
		}
	}
	c.found.SortBySeverity()
	return c.found
}

// CheckPersonalization looks at a decoded personalization.json.
// https://developer.apple.com/documentation/walletpasses/personalize
func CheckPersonalization(doc map[string]any) problems.List {
	o := known().objects["personalization"]
	c := &checker{file: o.File, tables: known()}
	c.object("", o, doc)
	c.rule = "personalization"
	c.note("", "personalization works on NFC store cards only",
		"other passes install without asking", "keep nfc and storeCard in pass.json")
	c.found.SortBySeverity()
	return c.found
}

const (
	passFile = "pass.json"
	refuses  = "an iPhone refuses the pass"
	ignores  = "Wallet ignores it"
)

// checker collects what is found in one file.
type checker struct {
	*tables
	Options
	file   string
	pass   map[string]any
	styles []string
	// schemes that the pass asks for.
	asked []string
	rule  string
	found problems.List
}

func newChecker(pass map[string]any, o Options) *checker {
	c := &checker{tables: known(), Options: o, file: passFile, pass: pass}
	for _, k := range c.objects["pass"].Keys {
		if _, given := pass[k.Name]; given && isStyle(k.Name) {
			c.styles = append(c.styles, k.Name)
		}
	}
	for _, v := range list(pass, "preferredStyleSchemes") {
		if s, ok := v.(string); ok {
			c.asked = append(c.asked, s)
		}
	}
	return c
}

func (c *checker) add(severity problems.Severity, rule, path, text, effect, fix string) {
	c.found = append(c.found, problems.Problem{Severity: severity, Rule: rule,
		File: c.file, Path: path, Text: text, Effect: effect, Fix: fix})
}

func (c *checker) err(path, text, effect, fix string) {
	c.add(problems.Error, c.rule, path, text, effect, fix)
}

func (c *checker) warn(path, text, effect, fix string) {
	c.add(problems.Warning, c.rule, path, text, effect, fix)
}

func (c *checker) note(path, text, effect, fix string) {
	c.add(problems.Note, c.rule, path, text, effect, fix)
}

// object looks at every key of an object, and for those that are missing.
func (c *checker) object(path string, o *Object, m map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		at := join(path, name)
		k := o.byName[name]
		if k == nil {
			c.unknown(at, o, name)
			continue
		}
		c.belongs(at, k, m)
		c.value(at, k, m[name])
	}
	for _, k := range o.Keys {
		if _, given := m[k.Name]; given || !k.Required || k.Filled && c.Unsigned {
			continue
		}
		severity, effect := k.severity("it does not work as meant")
		c.add(severity, "required-key", join(path, k.Name), k.Name+" is missing", effect, "add it: "+k.About)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
