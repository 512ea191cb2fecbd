package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestReferenceIsCurrent(t *testing.T) {
	current(t, "../../docs/pass.md", []byte(markdown()))
}

// markdown is the reference of pass.json, one table for each object.
func markdown() string {
	var b strings.Builder
	b.WriteString(`# pass.json

Every key of pass.json, made from the tables under passes/schema/data. In a template any value may hold an expression,
as ` + "`${{ holder }}`" + `. Keys in **bold** are required. passhook fills in those that say so.

- *text* may be translated in pass.strings; *date* is as 2027-03-01T19:30:00+01:00; *colour* is rgb(23, 42, 70) or #172a46;
  *value* is a text or a number; *storeID* is an App Store id.
- *since* is the first iOS that knows the key; older ones leave it out. Empty is older than iOS 15.
- *styles* are the only ones that the key belongs to; empty is all. A newer design in brackets is the only one that shows it.
`)
	t := known()
	for _, o := range t.order {
		fmt.Fprintf(&b, "\n## %s\n\n%s", o.Name, sentence(o.About))
		if o.At != "" && !strings.HasPrefix(o.At, "a ") && !strings.HasPrefix(o.At, "an ") {
			fmt.Fprintf(&b, " Stands in %s.", o.At)
		}
		if o.Doc != "" {
			fmt.Fprintf(&b, " [Apple](%s)", o.Doc)
		}
		b.WriteString("\n\n| key | type | styles | since | what it does |\n|---|---|---|---|---|\n")
		for _, k := range o.Keys {
			b.WriteString(t.row(k))
		}
	}
	b.WriteString("\n# Values\n")
	for _, name := range t.usedEnums() {
		fmt.Fprintf(&b, "\n## %s\n\n", name)
		for _, v := range t.enums[name].names {
			fmt.Fprintf(&b, "- `%s`%s\n", v, since(t.enums[name].since[v]))
		}
	}
	return b.String()
}

func (t *tables) row(k *Key) string {
	name := "`" + k.Name + "`"
	if k.Required {
		name = "**" + name + "**"
	}
	kind := k.Type
	if k.object != nil || k.values != nil {
		kind = strings.Replace(k.Type, k.element, fmt.Sprintf("[%s](#%s)", k.element, strings.ToLower(k.element)), 1)
	}
	styles := strings.Join(k.Styles, ", ")
	if k.Scheme != "" {
		styles += " (" + k.Scheme + ")"
	}
	about := k.About
	if k.Deprecated != "" {
		about += " Deprecated since iOS " + k.Deprecated
		if k.Use != "" {
			about += "; write `" + k.Use + "`"
		}
		about += "."
	}
	if k.Filled {
		about += " Filled in by passhook."
	}
	if limits := k.limits(); limits != "" {
		about += " " + limits
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", name, kind, styles, k.Since, strings.ReplaceAll(about, "|", `\|`))
}

// limits says in words what min and max allow.
func (k *Key) limits() string {
	unit := ""
	switch {
	case k.list:
		unit = " entries"
	case k.element == "string" || k.element == "text":
		unit = " characters"
	}
	switch {
	case k.Min != nil && k.Max != nil && *k.Min == *k.Max:
		return ""
	case k.Min != nil && k.Max != nil:
		return fmt.Sprintf("From %v to %.0f%s.", *k.Min, *k.Max, unit)
	case k.Max != nil:
		return fmt.Sprintf("At most %v%s.", *k.Max, unit)
	case k.Min != nil:
		return fmt.Sprintf("At least %v%s.", *k.Min, unit)
	}
	return ""
}

// usedEnums are the lists of values, in the order in which keys name them.
func (t *tables) usedEnums() []string {
	var names []string
	for _, o := range t.order {
		for _, k := range o.Keys {
			if k.values != nil && !slices.Contains(names, k.element) {
				names = append(names, k.element)
			}
		}
	}
	return names
}

func since(version int) string {
	if version == 0 {
		return ""
	}
	return fmt.Sprintf(", since iOS %d", version)
}

func sentence(s string) string { return strings.TrimSuffix(s, ".") + "." }
