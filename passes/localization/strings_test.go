package localization_test

import (
	"fmt"
	"maps"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/passhook/passhook/passes/localization"
)

func utf16Of(s string, bigEndian, mark bool) []byte {
	if mark {
		s = "\ufeff" + s
	}
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if bigEndian {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestStrings(t *testing.T) {
	type texts = map[string]string
	const plain = `"Seat" = "Plätze 🎟";`
	seat := texts{"Seat": "Plätze 🎟"}
	for name, c := range map[string]struct {
		file  []byte
		want  texts
		found string // the first: severity, line:column, rule
	}{
		"UTF-8":                     {[]byte(plain), seat, ""},
		"a byte order mark":         {[]byte("\xef\xbb\xbf" + plain), seat, ""},
		"UTF-16, little-endian":     {utf16Of(plain, false, true), seat, ""},
		"UTF-16, big-endian":        {utf16Of(plain, true, true), seat, ""},
		"UTF-16 without its mark":   {utf16Of(plain, false, false), seat, "warning 1:1 strings-encoding"},
		"big-endian without a mark": {utf16Of(plain, true, false), seat, "warning 1:1 strings-encoding"},
		"Latin-1":                   {[]byte("\"a\" = \"b\";\n\"Pl\xe4tze\" = \"x\";"), texts{"a": "b", "Pl\ufffdtze": "x"}, "warning 2:4 strings-encoding"},
		"nothing":                   {nil, texts{}, ""},
		"comments":                  {[]byte("/* a */ // b\n\"a\" /* c */ = // d\n\"b\" ; // e"), texts{"a": "b"}, ""},
		"bare words":                {[]byte("seat.row = Reihe;"), texts{"seat.row": "Reihe"}, ""},
		"escapes":                   {[]byte(`"a\"b" = "\n\t\\\U00e4\'";`), texts{`a"b`: "\n\t\\ä'"}, ""},
		"a key alone":               {[]byte(`"a";`), texts{"a": "a"}, ""},
		"a text over lines":         {[]byte("\"a\" = \"b\nc\";"), texts{"a": "b\nc"}, ""},
		"no semicolon":              {[]byte("\"a\" = \"b\"\n\"c\" = \"d\";"), texts{"a": "b", "c": "d"}, "warning 1:10 strings-form"},
		"no equals sign":            {[]byte("\"a\" \"b\";\n\"c\" = \"d\";"), texts{"c": "d"}, "warning 1:5 strings-form"},
		"no text":                   {[]byte("\"a\" = ;\n\"c\" = \"d\";"), texts{"c": "d"}, "warning 1:7 strings-form"},
		"curly quotes":              {[]byte("“a” = “b”;\n\"c\" = \"d\";"), texts{"c": "d"}, "warning 1:1 strings-form"},
		"a text that never ends":    {[]byte("\"a\" = \"b;\n"), texts{}, "warning 1:7 strings-form"},
		"a comment that never ends": {[]byte("\"a\" = \"b\"; /* c"), texts{"a": "b"}, "warning 1:12 strings-form"},
		"a key twice":               {[]byte("\"a\" = \"b\";\n\"a\" = \"c\";"), texts{"a": "c"}, "warning 2:1 strings-duplicate"},
		"a binary property list":    {[]byte("bplist00\xd1\x01"), texts{}, "note 1:1 strings-form"},
		"an XML property list":      {[]byte("<?xml version=\"1.0\"?>"), texts{}, "note 1:1 strings-form"},
		"a backslash at the end":    {[]byte(`"a\`), texts{}, "warning 1:1 strings-form"},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := localization.Strings(c.file)
			first := ""
			if len(found) > 0 {
				first = fmt.Sprintf("%s %d:%d %s", found[0].Severity, found[0].Line, found[0].Column, found[0].Rule)
			}
			if !maps.Equal(got, c.want) || first != c.found {
				t.Errorf("got %v %q, want %v %q", got, first, c.want, c.found)
			}
		})
	}
}

func FuzzStrings(f *testing.F) {
	f.Add([]byte(`/* c */ "a" = "b\U00e4"; c = d; // e`))
	f.Add(utf16Of(`"a" = "b";`, true, false))
	f.Fuzz(func(t *testing.T, b []byte) {
		texts, found := localization.Strings(b)
		for key, text := range texts {
			if !utf8.ValidString(key) || !utf8.ValidString(text) {
				t.Errorf("%q = %q", key, text)
			}
		}
		for _, finding := range found {
			if finding.Line < 1 || finding.Column < 1 {
				t.Errorf("%v", finding)
			}
		}
	})
}
