package schema

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/passhook/passhook/problems"
)

// value looks at the value of a key: list, object, allowed value or simple type.
func (c *checker) value(path string, k *Key, v any) {
	if !k.list || dynamic(v) {
		c.element(path, k, v)
		return
	}
	items, ok := v.([]any)
	if !ok {
		c.wrongType(path, k, v, "a list")
		return
	}
	c.count(path, k, items)
	for i, item := range items {
		c.element(path+"["+strconv.Itoa(i)+"]", k, item)
	}
}

// count looks at the length of a list; field groups have a rule of their own.
func (c *checker) count(path string, k *Key, items []any) {
	n := float64(len(items))
	switch {
	case k.element == "field":
	case k.Max != nil && n > *k.Max:
		c.add(problems.Warning, "too-many", path,
			fmt.Sprintf("has %d entries, and Wallet reads %v", len(items), *k.Max),
			"the rest may be ignored", "keep the most important")
	case k.Min != nil && n < *k.Min:
		severity, effect := k.severity(ignores)
		c.add(severity, "too-few", path, "is empty", effect, "add one of "+strings.Join(k.Values(), ", "))
	}
}

func (c *checker) element(path string, k *Key, v any) {
	switch {
	case dynamic(v) || k.element == "any":
	case k.object != nil:
		if m, ok := v.(map[string]any); ok {
			c.object(path, k.object, m)
		} else {
			c.wrongType(path, k, v, "an object")
		}
	case k.values != nil:
		c.allowed(path, k, v)
	default:
		c.simple(path, k, v)
	}
}

func (c *checker) wrongType(path string, k *Key, v any, want string) {
	severity, effect := k.severity(ignores)
	if v == nil && !k.Required {
		severity, effect = problems.Warning, ignores
	}
	c.add(severity, "wrong-type", path, fmt.Sprintf("must be %s, and is %s", want, kind(v)), effect, "")
}

func (c *checker) allowed(path string, k *Key, v any) {
	s, ok := v.(string)
	if !ok {
		c.wrongType(path, k, v, "a text")
		return
	}
	if k.values.has(s) || k.element == "messageEncoding" && k.values.has(strings.ToLower(s)) {
		return
	}
	names := k.values.names
	fix := "write one of " + strings.Join(names, ", ")
	if near := closest(s, names); near != "" {
		fix = "write " + near
	}
	severity, effect := k.severity(ignores)
	c.add(severity, "value-not-allowed", path, fmt.Sprintf("%q is none of the values of %s", s, k.Name), effect, fix)
}

// closest is the allowed value that was meant, by the spelling of what comes
// after the prefix that all have, or by a part of it, as QR. Empty is none.
func closest(s string, names []string) string {
	prefix := names[0]
	for _, n := range names {
		for !strings.HasPrefix(n, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	s = strings.TrimPrefix(s, prefix)
	ends := make([]string, len(names))
	for i, n := range names {
		ends[i] = n[len(prefix):]
	}
	if near := problems.Nearest(s, ends); near != "" {
		return prefix + near
	}
	holds := func(n string) bool { return strings.Contains(strings.ToLower(n), strings.ToLower(s)) }
	if i := slices.IndexFunc(ends, holds); i >= 0 && len(s) > 1 {
		return names[i]
	}
	return ""
}

// simple looks at a text, number or boolean.
func (c *checker) simple(path string, k *Key, v any) {
	switch k.element {
	case "boolean":
		if n, isNumber := number(v); isNumber && (n == 0 || n == 1) {
			c.add(problems.Note, "wrong-type", path,
				fmt.Sprintf("is %v where true or false is wanted", v), "", "write true or false")
		} else if _, ok := v.(bool); !ok {
			c.wrongType(path, k, v, "true or false")
		}
	case "integer", "number", "storeID":
		c.number(path, k, v)
	case "value":
		_, isNumber := number(v)
		_, isText := v.(string)
		if b, isBool := v.(bool); isBool {
			c.add(problems.Warning, "wrong-type", path, fmt.Sprintf("is %v", b),
				"Wallet may show it as 1 or 0", "write a text")
		} else if !isNumber && !isText {
			c.wrongType(path, k, v, "a text or a number")
		}
	default:
		if s, ok := v.(string); ok {
			c.text(path, k, s)
		} else {
			c.wrongType(path, k, v, "a text")
		}
	}
}

func (c *checker) number(path string, k *Key, v any) {
	n, ok := number(v)
	if s, isText := v.(string); isText {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			severity := problems.Warning
			if k.element == "storeID" {
				severity = problems.Note
			}
			c.add(severity, "number-as-text", path, fmt.Sprintf("%q is a text, and a number is wanted", s),
				"Wallet may ignore it", "take the quotation marks off")
			return
		}
	}
	if !ok || k.element != "number" && n != math.Trunc(n) {
		want := "a number"
		if k.element != "number" {
			want = "a whole number"
		}
		c.wrongType(path, k, v, want)
		return
	}
	if k.Min != nil && n < *k.Min || k.Max != nil && n > *k.Max {
		severity, effect := k.severity(ignores)
		c.add(severity, "out-of-range", path, fmt.Sprintf("%v is %s", v, outside(k)), effect, "")
	}
}

func outside(k *Key) string {
	switch {
	case k.Max == nil:
		return fmt.Sprintf("less than %v", *k.Min)
	case k.Min != nil && *k.Min == *k.Max:
		return fmt.Sprintf("not %v", *k.Min)
	default:
		return fmt.Sprintf("not within %v and %v", *k.Min, *k.Max)
	}
}
