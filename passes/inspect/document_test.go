package inspect

import (
	"bytes"
	"reflect"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// floats is v with all numbers as float64, as the standard library reads them.
func floats(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(v[k])
		}
	}
	return v
}

func checkJSON(t *testing.T, b []byte) {
	t.Helper()
	d := readJSON("pass.json", b)
	valid := jsontext.Value(b).IsValid()
	if !valid && len(d.found) == 0 {
		t.Errorf("%q is no JSON, and has no findings", b)
	}
	if !valid {
		return
	}
	for _, f := range d.found {
		// 1e999 is JSON, and no number that anybody reads.
		if f.Rule != "json-value" && f.Rule != "json" {
			t.Errorf("%q is JSON, and has %v", b, f)
		}
	}
	var want any
	if err := jsonv2.Unmarshal(b, &want); err != nil || len(d.found) > 0 {
		return
	}
	if got := floats(d.root.any()); !reflect.DeepEqual(got, want) {
		t.Errorf("%q: got %v, want %v", b, got, want)
	}
}

func TestJSON(t *testing.T) {
	for _, s := range []string{
		`{}`, `[]`, ` {"a": [1, -2.5e+3, 0.1, true, false, null, "x"]} `, `"\u00e4\n\/\ud83c\udf9f"`, `-0`, `1E5`, `123456789012345678901234567890`,
		`01`, `1.`, `.5`, `+1`, `0x1`, `1_0`, `--1`, `1e`, `NaN`, `Infinity`, `tru`, `nul`, `{"a"}`, `{"a":}`, `{a: 1}`, `{'a': 1}`, `[1 2]`, `[1,,2]`, `[,]`, `{,}`,
		`{"a":1,}`, `[1,]`, `{"a":1 "b":2}`, `{"a":1}}`, `{"a":1}x`, `"\x"`, `"\u12"`, `"\ud800"`, `"\udc00\ud800"`, `"\ud800\u0041"`, "\"\t\"", "\"\xff\"", `"a`, `{"a`, `[`, `/**/1`, `1//`, `#`, ``, ` `,
		`{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, "\xef\xbb\xbf{}", "\x00{", "[1}", "{]",
	} {
		checkJSON(t, []byte(s))
	}
}

// Where inspect finds nothing wrong with a file's form, it is JSON, and the
// other way round; and both read the same.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a": [1, -2.5e+3, true, null, "\u00e4\ud83c\udf9f\n"]}`))
	f.Add([]byte(`// c` + "\n" + `{"a": 01, 'b': NaN,}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1 && bytes.IndexByte(b[:2], 0) >= 0 || bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
			return // UTF-16, which is found.
		}
		checkJSON(t, b)
	})
}

func TestPlacesInJSON(t *testing.T) {
	d := readJSON("pass.json", []byte("{\n \"a\": [10, {\"b.c\": 1, \"b\": {\"c\": 2}}],\n \"x[0]\": true}"))
	for path, want := range map[string][2]int{
		"": {1, 1}, "a": {2, 7}, "a[0]": {2, 8}, "a[1]": {2, 12}, "a[1].b.c": {2, 20}, "a[1].b": {2, 28}, "x[0]": {3, 10},
		"a[7]": {2, 7}, "a[1].z": {2, 12}, "none": {1, 1}, "]": {1, 1}, "[": {1, 1}, "a[": {2, 7}, "a[x]": {2, 7},
	} {
		if line, column := lineColumn(d.text, d.root.find(path).at); [2]int{line, column} != want {
			t.Errorf("%q: got %d:%d, want %v", path, line, column, want)
		}
	}
}
