package schema

import (
	"encoding/json"
	"strconv"
	"strings"
)

// dynamic says that a value is an expression and not known yet.
func dynamic(v any) bool {
	s, ok := v.(string)
	return ok && strings.Contains(s, "${{")
}

// number is v as a number, false where it is something else.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

// kind names what a value is.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return "a text"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

// text is the text at a key, false where it is something else or not
// known yet.
func text(m map[string]any, key string) (string, bool) {
	s, ok := m[key].(string)
	return s, ok && !dynamic(s)
}

// list is the list at a key, nil where it is something else.
func list(m map[string]any, key string) []any {
	l, _ := m[key].([]any)
	return l
}

// object is the object at a key, nil where it is something else.
func object(m map[string]any, key string) map[string]any {
	o, _ := m[key].(map[string]any)
	return o
}

// objects are the entries of the list at a key that are objects.
func objects(m map[string]any, key string) func(yield func(int, map[string]any) bool) {
	return func(yield func(int, map[string]any) bool) {
		for i, v := range list(m, key) {
			if o, ok := v.(map[string]any); ok && !yield(i, o) {
				return
			}
		}
	}
}
