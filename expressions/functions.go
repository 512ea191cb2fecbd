package expressions

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/expr-lang/expr"
)

// disabled are built-in functions of the language that read the clock, know
// other date rules than ours, reach beyond values, or give another order each
// time (keys, values, toPairs): a pass is a function of its inputs. Others are
// made anew here.
var disabled = []string{"now", "date", "duration", "timezone", "repeat", "get", "fromJSON", "toBase64", "fromBase64", "keys", "values", "toPairs", "replace", "join"}

type function func(args ...any) (any, error)

// functions are ours, beside the language's own.
func functions(s Settings) map[string]function {
	return map[string]function{
		"get":        get,
		"money":      func(args ...any) (any, error) { return money(s, args) },
		"datetime":   func(args ...any) (any, error) { return datetime(s, args) },
		"date_add":   func(args ...any) (any, error) { return dateAdd(s, args) },
		"end_of_day": func(args ...any) (any, error) { return endOfDay(s, args) },
		"replace":    replace,
		"join":       join,
	}
}

// signatures are those of functions whose arguments are checked when an
// expression is compiled.
var signatures = map[string][]any{
	"replace": {new(func(string, string, string) string), new(func(string, string, string, int) string)},
	"join":    {new(func([]any) string), new(func([]any, string) string), new(func([]string) string), new(func([]string, string) string)},
}

func (s Scope) options() []expr.Option {
	// The optimizer gains nothing here and panics on 5 in ["5"].
	out := []expr.Option{expr.MaxNodes(maxNodes), expr.Optimize(false)}
	for _, name := range disabled {
		out = append(out, expr.DisableBuiltin(name))
	}
	all := functions(s.settings)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, expr.Function(name, all[name], signatures[name]...))
	}
	return out
}

// get is what every member access becomes: null where there is nothing to get.
// It takes the place of the language's own, which is not null-safe throughout.
func get(args ...any) (any, error) {
	if err := count("get", args, 2, 2); err != nil {
		return nil, err
	}
	switch from := args[0].(type) {
	case map[string]any:
		key, _ := args[1].(string)
		return from[key], nil
	case []any:
		i, ok := args[1].(int)
		if i < 0 {
			i += len(from)
		}
		if ok && i >= 0 && i < len(from) {
			return from[i], nil
		}
	}
	return nil, nil //nolint:nilnil // null is what it gives
}

// textArgument is an optional argument that must be text.
func textArgument(function string, args []any, i int) (string, error) {
	if i >= len(args) || args[i] == nil {
		return "", nil
	}
	v, ok := args[i].(string)
	if !ok {
		return "", fmt.Errorf("%s: argument %d is %s, not text", function, i+1, kind(args[i]))
	}
	return v, nil
}

// count checks how many arguments there are.
func count(function string, args []any, least, most int) error {
	if len(args) < least || len(args) > most {
		return fmt.Errorf("%s takes %d to %d arguments", function, least, most)
	}
	return nil
}

var errNoTime = errors.New("there is no time; its member is missing or null")
