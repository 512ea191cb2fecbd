package config

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/problems"
)

// decode puts the filled document into the Config. It is false where the
// decoder gave up in between, so that the rest is not there to be checked.
func (l *loader) decode() bool {
	c := l.config
	respell(c.doc.root)
	wrong, complete := decodeInto(c, c.doc.root, l.filled)
	for _, e := range wrong {
		if name := unknownField.FindStringSubmatch(e.Message); name != nil {
			l.mark(e.Mark, c.unknownKey(e.Mark, name[1], name[2]))
			continue
		}
		path := c.doc.pathAt(e.Mark)
		if path == "" {
			l.mark(e.Mark, wrongType(e.Message))
			continue
		}
		l.report(path, "%s", wrongType(e.Message))
		l.broken = append(l.broken, path)
	}
	return complete
}

// pathAt is the path of the value that begins at a position.
func (d *document) pathAt(m yaml.Mark) (found string) {
	walk("", nil, d.root, func(path string, _, value *yaml.Node) {
		if found == "" && markOf(value) == m {
			found = path
		}
	})
	return found
}

var verifyOfHook = regexp.MustCompile(`^hooks\..+\.verify$`)

// respell turns the null of for_each and repeat into empty text: the library
// leaves null out, but there it says something else than no key at all. And
// verify: none becomes the key that it stands for.
func respell(root *yaml.Node) {
	walk("", nil, root, func(path string, _, value *yaml.Node) {
		switch p := place(path); {
		case (p == "rules[].for_each" || p == "rules[].repeat") && isNull(value):
			value.Tag, value.Value = "!!str", ""
		case value.Kind == yaml.ScalarNode && value.Value == "none" && verifyOfHook.MatchString(p):
			at := yaml.Node{Kind: yaml.ScalarNode, Line: value.Line, Column: value.Column}
			key, yes := at, at
			key.Tag, key.Value, yes.Tag, yes.Value = "!!str", "none", "!!bool", "true"
			value.Kind, value.Tag, value.Value, value.Content = yaml.MappingNode, "!!map", "", []*yaml.Node{&key, &yes}
		}
	})
}

// decodeInto decodes and returns what went wrong, and whether it came to the
// end. A value that came from a variable is text first, so that 007 stays 007;
// where the setting is a number or true or false, it is read as YAML reads it.
func decodeInto(out any, root *yaml.Node, filled map[*yaml.Node]bool) (wrong []*yaml.LoadError, complete bool) {
	wrong, complete = load(out, root)
	again := false
	for _, e := range wrong {
		if m := wrongKind.FindStringSubmatch(e.Message); m == nil || !numberOrBool.MatchString(m[2]) {
			continue
		}
		for n := range filled {
			if markOf(n) == e.Mark && n.Tag == "!!str" {
				n.Tag, n.Style, again = "", 0, true
			}
		}
	}
	if again {
		return load(out, root)
	}
	return wrong, complete
}

func load(out any, root *yaml.Node) (wrong []*yaml.LoadError, complete bool) {
	err := root.Load(out, yaml.WithKnownFields(), yaml.WithUniqueKeys())
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case err == nil:
		return nil, true
	case errors.As(err, &many):
		return many.Errors, true
	case errors.As(err, &one):
		return []*yaml.LoadError{one}, false
	}
	return []*yaml.LoadError{{Mark: markOf(root)}}, false
}

// The texts of the YAML library that carry facts. They may hold values, which
// may be secrets, so nothing else of them is shown.
var (
	unknownField = regexp.MustCompile(`(?s)^field (.*) not found in type (.*)$`)
	wrongKind    = regexp.MustCompile("(?s)^cannot construct !!(\\w+)(?: `.*`)? into (.+)$")
	numberOrBool = regexp.MustCompile(`^(bool|u?int\d*|float\d+)$`)
)

// kinds are YAML's kinds of values in plain words.
var kinds = map[string]string{
	"seq": "a list", "map": "keys with values", "str": "text", "int": "a number",
	"float": "a number", "bool": "true or false", "null": "nothing",
}

// wrongType says in plain words what was expected and what is there.
func wrongType(message string) string {
	m := wrongKind.FindStringSubmatch(message)
	if m == nil {
		return "cannot be read here; look at how the example configuration writes it"
	}
	want, is := goKind(m[2]), kinds[m[1]]
	if is == "" || is == want {
		return "must be " + want
	}
	return "must be " + want + ", not " + is
}

// goKind is a Go type, as the library spells it, in plain words.
func goKind(name string) string {
	switch {
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case name == "string", name == reflect.TypeFor[bot.Text]().String():
		return "text"
	case name == "bool":
		return "true or false"
	case numberOrBool.MatchString(name):
		return "a number"
	}
	return "keys with values"
}

// unknownKey names the key that was probably meant.
func (c *Config) unknownKey(at yaml.Mark, name, goType string) string {
	path := name
	walk("", nil, c.doc.root, func(p string, key, _ *yaml.Node) {
		if key != nil && markOf(key) == at {
			path = p
		}
	})
	parent := strings.TrimSuffix(strings.TrimSuffix(path, name), ".")
	known := slices.Concat(keysOf(reflect.TypeFor[Config]())[goType], later[place(parent)])
	switch near := problems.Nearest(name, known); {
	case near != "":
		return path + ": is not a key; did you mean " + near + "?"
	case len(known) > 0:
		return path + ": is not a key here; remove it, or use one of " + strings.Join(known, ", ")
	}
	return path + ": is not a key; remove it"
}

// keysOf are the keys of every struct type below t, by the type's Go name.
func keysOf(t reflect.Type) map[string][]string {
	out := map[string][]string{}
	var visit func(reflect.Type)
	visit = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(t.Elem())
		case reflect.Struct:
			if _, seen := out[t.String()]; seen {
				return
			}
			out[t.String()] = nil
			for f := range t.Fields() {
				name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
				if name != "" && name != "-" {
					out[t.String()] = append(out[t.String()], name)
					visit(f.Type)
				}
			}
		}
	}
	visit(t)
	return out
}
