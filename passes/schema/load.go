package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed data/*.yaml
var data embed.FS

// docBase is where Apple documents pass.json.
const docBase = "https://developer.apple.com/documentation/walletpasses/"

// tables is all that is known of pass.json.
type tables struct {
	objects map[string]*Object
	order   []*Object
	enums   map[string]*values
	schemes map[string]*scheme
	// owners are the objects that have a key of this name.
	owners map[string][]*Object
}

// known is read on first use. The files are part of the program, and a test
// reads them, so that an error cannot come up here.
var known = sync.OnceValue(func() *tables {
	t, _ := load(data)
	return t
})

// files are the files with objects, in the order of the documentation.
var files = []string{"pass", "fields", "semantics", "upcoming"}

func load(fsys fs.FS) (*tables, error) {
	t := &tables{objects: map[string]*Object{}, owners: map[string][]*Object{}}
	for _, name := range files {
		var node yaml.Node
		if err := read(fsys, name, &node); err != nil {
			return t, err
		}
		root := node.Content[0]
		for i := 0; i < len(root.Content); i += 2 {
			o := &Object{}
			if err := root.Content[i+1].Decode(o); err != nil {
				return t, fmt.Errorf("%s: %w", root.Content[i].Value, err)
			}
			o.Name = root.Content[i].Value
			t.objects[o.Name] = o
			t.order = append(t.order, o)
		}
	}
	if err := read(fsys, "enums", &t.enums); err != nil {
		return t, err
	}
	if err := read(fsys, "schemes", &t.schemes); err != nil {
		return t, err
	}
	for name, s := range t.schemes {
		s.Name = name
	}
	return t, t.link()
}

func read(fsys fs.FS, name string, into any) error {
	b, err := fs.ReadFile(fsys, "data/"+name+".yaml")
	if err == nil {
		err = yaml.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("%s.yaml: %w", name, err)
	}
	return nil
}

// link ties every key to the object or the values that its type names.
func (t *tables) link() error {
	for _, o := range t.order {
		if o.Doc != "" {
			o.Doc = docBase + o.Doc
		}
		for _, k := range o.Keys {
			k.Owner = o.Name
			k.element, k.list = strings.CutPrefix(k.Type, "list of ")
			k.object, k.values = t.objects[k.element], t.enums[k.element]
			if k.object == nil && k.values == nil && !slices.Contains(simpleTypes, k.element) {
				return fmt.Errorf("%s.%s: there is no type %s", o.Name, k.Name, k.element)
			}
			major, _, _ := strings.Cut(k.Since, ".")
			k.major, _ = strconv.Atoi(major)
			t.owners[k.Name] = append(t.owners[k.Name], o)
		}
	}
	return nil
}

// simpleTypes are the types that are neither objects nor lists of values.
var simpleTypes = []string{"string", "text", "integer", "number", "boolean", "date",
	"url", "colour", "email", "currency", "zone", "uuid", "value", "storeID", "any"}
