package expressions

import (
	"fmt"
	"strings"
)

// These take the place of the language's own, which make texts of any length.

// replace(text, old, new, n?) replaces the first n, or all.
func replace(args ...any) (any, error) {
	texts, err := textArguments("replace", args, 3)
	if err != nil {
		return nil, err
	}
	n := -1
	if len(args) > 3 {
		var ok bool
		if n, ok = args[3].(int); !ok {
			return nil, fmt.Errorf("replace: argument 4 is %s, not a whole number", kind(args[3]))
		}
	}
	count := strings.Count(texts[0], texts[1])
	if n >= 0 {
		count = min(count, n)
	}
	if len(texts[0])+count*(len(texts[2])-len(texts[1])) > maxText {
		return nil, errTooMuch
	}
	return strings.Replace(texts[0], texts[1], texts[2], n), nil
}

// join(list, between?) makes one text.
func join(args ...any) (any, error) {
	var texts []string
	switch list := args[0].(type) {
	case []string:
		texts = list
	case []any:
		var err error
		if texts, err = textArguments("join", list, len(list)); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("join: argument 1 is %s, not a list", kind(list))
	}
	between, err := textArgument("join", args, 1)
	if err != nil {
		return nil, err
	}
	size := len(texts) * len(between)
	for _, s := range texts {
		size += len(s)
	}
	if size > maxText {
		return nil, errTooMuch
	}
	return strings.Join(texts, between), nil
}

// textArguments are the first n, which must be text.
func textArguments(function string, args []any, n int) ([]string, error) {
	out := make([]string, n)
	for i := range out {
		s, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("%s: argument %d is %s, not text", function, i+1, kind(args[i]))
		}
		out[i] = s
	}
	return out, nil
}
