package config

import (
	"reflect"
	"slices"
	"testing"
)

func TestNumbersFromVariables(t *testing.T) {
	doc, wrong := parse([]byte("port: ${PORT}\non: ${ON}\ntext: ${TEXT}\nany: ${ANY}\n"))
	if wrong != nil {
		t.Fatal(wrong)
	}
	env := map[string]string{"PORT": "8080", "ON": "true", "TEXT": "null", "ANY": "007"}
	l := loader{config: &Config{doc: doc}}
	l.env.real = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	l.fill()
	type settings struct {
		Port int
		On   bool
		Text string
		Any  any
	}
	var got settings
	if wrong, _ := decodeInto(&got, doc.root, l.filled); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if want := (settings{8080, true, "null", "007"}); got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
	env["PORT"] = "secret"
	l.found, doc.root.Content[1].Value = nil, "${PORT}"
	l.fill()
	if wrong, _ := decodeInto(&got, doc.root, l.filled); len(wrong) != 1 || wrongType(wrong[0].Message) != "must be a number, not text" {
		t.Errorf("got %v; want one error about a number", wrong)
	}
}

func TestAliasesDoNotGrowWithoutEnd(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		text += "a" + to + ": &a" + to + " [*a" + from + ", *a" + from + ", *a" + from + ", *a" + from + ", *a" + from + ", *a" + from + ", *a" + from + ", *a" + from + ", *a" + from + "]\n"
	}
	doc, wrong := parse([]byte(text))
	if wrong != nil {
		t.Fatal(wrong)
	}
	var out map[string]any
	if wrong, _ := decodeInto(&out, doc.root, nil); len(wrong) == 0 {
		t.Error("an alias bomb was decoded")
	}
}

func TestLaterKeysAreNotHereYet(t *testing.T) {
	known := keysOf(reflect.TypeFor[Config]())
	types := map[string]string{"": "config.Config", "operator": "config.Operator", "rules[]": "bot.Rule"}
	for at, keys := range later {
		for _, key := range keys {
			if slices.Contains(known[types[at]], key) {
				t.Errorf("%s is a key of %s now; take it out of later", key, types[at])
			}
		}
	}
}

func TestEveryKeyBelongsToASection(t *testing.T) {
	for _, key := range keysOf(reflect.TypeFor[Config]())["config.Config"] {
		if sections[key] == nil {
			t.Errorf("%s belongs to no section", key)
		}
	}
}
