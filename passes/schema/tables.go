package schema

import (
	"go.yaml.in/yaml/v4"
)

// Object is one object of pass.json: the pass, a style, a field, a barcode.
type Object struct {
	Name string `yaml:"-"`
	// About is what it is, in one sentence.
	About string `yaml:"about"`
	// At names where it stands, for people, as barcodes; empty is the top level.
	At string `yaml:"at"`
	// File is the file it is the whole of; empty is pass.json.
	File string `yaml:"file"`
	// Doc is the address of Apple's page, empty where there is none.
	Doc string `yaml:"doc"`
	// Keys are its keys in the order of the documentation.
	Keys []*Key `yaml:"-"`

	byName map[string]*Key
}

// UnmarshalYAML keeps the keys in the order of the file.
func (o *Object) UnmarshalYAML(node *yaml.Node) error {
	type plain Object
	var in struct {
		plain `yaml:",inline"`
		Keys  yaml.Node       `yaml:"keys"`
		Map   map[string]*Key `yaml:"-"`
	}
	if err := node.Decode(&in); err != nil {
		return err
	}
	if err := in.Keys.Decode(&in.Map); err != nil {
		return err
	}
	*o = Object(in.plain)
	for i := 0; i < len(in.Keys.Content); i += 2 {
		name := in.Keys.Content[i].Value
		in.Map[name].Name = name
		o.Keys = append(o.Keys, in.Map[name])
	}
	o.byName = in.Map
	return nil
}

// Key is one key of an object.
type Key struct {
	Name string `yaml:"-"`
	// Owner is the name of the object that has it.
	Owner string `yaml:"-"`
	// Type is a simple type, or the name of an object or of a list of values,
	// or "list of" one of these.
	Type string `yaml:"type"`
	// About is what it does, in a sentence or two.
	About string `yaml:"about"`
	// Required keys may not be missing from their object.
	Required bool `yaml:"required"`
	// Refused says that an iPhone refuses the pass where the key is malformed,
	// or missing though required.
	Refused bool `yaml:"refused"`
	// Filled keys are filled in by passhook.
	Filled bool `yaml:"filled"`
	// Styles are the only styles it belongs to; empty is all.
	Styles []string `yaml:"styles"`
	// Scheme is the only design that shows it; empty is any.
	Scheme string `yaml:"scheme"`
	// Since is the first iOS that knows it; empty is older than iOS 15.
	Since string `yaml:"since"`
	// Deprecated is the iOS that gave it up, and Use what to write instead.
	Deprecated string `yaml:"deprecated"`
	Use        string `yaml:"use"`
	// Min and Max bound a number, the bytes of a text, the length of a list.
	Min *float64 `yaml:"min"`
	Max *float64 `yaml:"max"`

	list    bool
	element string
	object  *Object
	values  *values
	major   int
}

// Values are the values that it may have, empty where any will do.
func (k *Key) Values() []string {
	if k.values == nil {
		return nil
	}
	return k.values.names
}

// values is a list of allowed values.
type values struct {
	names []string
	since map[string]int
}

// UnmarshalYAML takes names, and names with the first iOS that knows them.
func (v *values) UnmarshalYAML(node *yaml.Node) error {
	v.since = map[string]int{}
	for _, n := range node.Content {
		one := struct {
			Name  string `yaml:"name"`
			Since int    `yaml:"since"`
		}{Name: n.Value}
		if n.Kind == yaml.MappingNode {
			if err := n.Decode(&one); err != nil {
				return err
			}
		}
		v.names = append(v.names, one.Name)
		v.since[one.Name] = one.Since
	}
	return nil
}

func (v *values) has(name string) bool {
	_, ok := v.since[name]
	return ok
}

// scheme is one of the newer designs and what it needs.
type scheme struct {
	Name         string `yaml:"-"`
	Style        string `yaml:"style"`
	Since        int    `yaml:"since"`
	Doc          string `yaml:"doc"`
	requirements `yaml:",inline"`
	When         map[string]requirements `yaml:"when"`
}

type requirements struct {
	// Need are paths without which Wallet draws the plain style.
	Need []string `yaml:"need"`
	// Better are paths that the design has room for.
	Better []string `yaml:"better"`
}
