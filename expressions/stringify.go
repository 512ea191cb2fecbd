package expressions

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Stringify is how a value prints within text: null is empty, times are RFC
// 3339 in the location, lists and objects are JSON.
func Stringify(v any, s Settings) string {
	switch v := printable(v, s).(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any, map[string]any:
		if b, err := json.Marshal(v); err == nil {
			return string(b)
		}
	}
	return fmt.Sprint(v)
}

// printable turns times into text.
func printable(v any, s Settings) any {
	if t, ok := v.(time.Time); ok {
		return t.In(s.location()).Format(time.RFC3339)
	}
	return v
}
