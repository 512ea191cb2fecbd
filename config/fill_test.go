package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestExpand(t *testing.T) {
	env := map[string]string{"NAME": "value", "DOLLAR": "a${NAME}b$$c", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"${NAME}", "value"},
		{"a ${NAME}/${NAME} b", "a value/value b"},
		{"$NAME stays, so does a $", "$NAME stays, so does a $"},
		{"$${NAME}", "${NAME}"},
		{"5 $$", "5 $"},
		{"$$$$", "$$"},
		{"${DOLLAR}", "a${NAME}b$$c"},
		{"${{ data.x }}", "${{ data.x }}"},
		{`${{ "${NAME}" }}-${NAME}`, `${{ "${NAME}" }}-value`},
		{`${{ "}}" + '\'}}' }}${NAME}`, `${{ "}}" + '\'}}' }}value`},
		{"${{ `}}\\` }}${NAME}", "${{ `}}\\` }}value"},
		{`${{ {"a": {"b": 1}} }}${NAME}`, `${{ {"a": {"b": 1}} }}value`},
		{"${{ $$ }} $$", "${{ $$ }} $"},
		{"$${{ literal }}", "$${{ literal }}"},
		{"${{ never closed ${NAME}", "${{ never closed ${NAME}"},
		{`${{ "never closed }} ${NAME}`, `${{ "never closed }} ${NAME}`},
	} {
		if got, faults := expand(c.in, lookup); got != c.want || len(faults) > 0 {
			t.Errorf("expand(%q) = %q, %v; want %q", c.in, got, faults, c.want)
		}
	}
	for in, at := range map[string]int{"${UNSET}": 0, "ab${EMPTY}": 2, "${NAME}${NAME": 7, "${1}": 0, "${}": 0, "${a-b}": 0} {
		if _, faults := expand(in, lookup); len(faults) != 1 || faults[0].at != at {
			t.Errorf("expand(%q): faults %v; want one at %d", in, faults, at)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, c := range []struct{ name, content, want string }{
		{"no line break", "a", "a"},
		{"one line break", "a\n", "a"},
		{"two line breaks", "a\n\n", "a\n"},
		{"of Windows", "a\r\n", "a"},
		{"empty", "", ""},
		{"not text", "\xff\x00\n", "\xff\x00\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := readFile(path); got != c.want || err != nil {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		if err := os.WriteFile(path, make([]byte, maxFile+1), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readFile(path); err == nil {
			t.Error("a file over the limit was read")
		}
	})
}
