package passes

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/problems"
)

// descriptionFile declares a template's title, inputs and mail.
const descriptionFile = "template.yaml"

// describe reads template.yaml, which may be missing.
func (l *templateLoader) describe() {
	b, err := fs.ReadFile(l.fsys, descriptionFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var root yaml.Node
	if err == nil {
		err = yaml.Unmarshal(b, &root)
	}
	if err != nil {
		l.in(descriptionFile, problems.Problem{Text: fmt.Sprintf("cannot be read: %v", reason(err))})
		return
	}
	if len(root.Content) == 0 {
		return
	}
	d := describer{l}
	var title, subject, intro, until *yaml.Node
	var may []*yaml.Node
	d.mapping(root.Content[0], map[string]func(*yaml.Node){
		"title":  func(n *yaml.Node) { title = n },
		"inputs": d.inputs,
		"buyer": func(n *yaml.Node) {
			d.mapping(n, map[string]func(*yaml.Node){
				"inputs": func(n *yaml.Node) { may = n.Content },
				"until":  func(n *yaml.Node) { until = n },
			})
		},
		"mail": func(n *yaml.Node) {
			d.mapping(n, map[string]func(*yaml.Node){
				"subject": func(n *yaml.Node) { subject = n },
				"intro":   func(n *yaml.Node) { intro = n },
			})
		},
	})
	// Inputs may stand below what uses them.
	t := l.template
	t.title, t.subject, t.intro = d.text(title), d.text(subject), d.text(intro)
	t.buyerUntil = d.text(until)
	d.buyer(may)
	if t.title != nil {
		t.Title = title.Value
	}
}

// buyer takes the names of inputs that the buyer may change.
func (d describer) buyer(names []*yaml.Node) {
	for _, n := range names {
		if !slices.ContainsFunc(d.template.Inputs, func(in Input) bool { return in.Name == n.Value }) {
			d.problem(n, "%s is no input of this template", n.Value)
			continue
		}
		d.template.BuyerInputs = append(d.template.BuyerInputs, n.Value)
	}
}

// describer reads the nodes of template.yaml.
type describer struct{ *templateLoader }

func (d describer) problem(n *yaml.Node, format string, args ...any) {
	d.in(descriptionFile, problems.Problem{Line: n.Line, Column: n.Column, Text: fmt.Sprintf(format, args...)})
}

// mapping hands each value to the function of its key.
func (d describer) mapping(n *yaml.Node, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "must be keys with values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		var names []string
		for k := range known {
			names = append(names, k)
		}
		slices.Sort(names)
		switch f := known[key.Value]; {
		case seen[key.Value]:
			d.problem(key, "%s stands here twice", key.Value)
		case f == nil:
			d.problem(key, "%s is no key here; there is %s", key.Value, strings.Join(names, ", "))
		default:
			f(n.Content[i+1])
		}
		seen[key.Value] = true
	}
}

// isNull is true where a key has no value.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func (d describer) text(n *yaml.Node) *expressions.Text {
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		d.problem(n, "must be text")
		return nil
	}
	t, err := d.scope().CompileText(n.Value)
	if err != nil {
		d.problem(n, "%v", err)
		return nil
	}
	return t
}

var inputName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,63}$`)

// reserved are names that every template has.
var reserved = []string{"serial", "link", "now"}

func (d describer) inputs(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "inputs must be names with what they are, as holder: {required: true}")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case !inputName.MatchString(key.Value):
			d.problem(key, "an input's name may have a to z, 0 to 9 and _ only")
			continue
		case slices.Contains(reserved, key.Value):
			d.problem(key, "%s is a name that every template has; give the input another", key.Value)
			continue
		case slices.ContainsFunc(d.template.Inputs, func(in Input) bool { return in.Name == key.Value }):
			d.problem(key, "%s stands here twice", key.Value)
			continue
		}
		d.template.Inputs = append(d.template.Inputs, d.input(key, value))
	}
}

func (d describer) input(key, n *yaml.Node) Input {
	in := Input{Name: key.Value, Label: key.Value, Type: typeText}
	if isNull(n) {
		return in
	}
	into := func(v any) func(*yaml.Node) {
		return func(n *yaml.Node) {
			if err := n.Decode(v); err != nil {
				d.problem(n, "does not fit here; see the example of an input: {label: Seat, type: text, required: true, example: A1}")
			}
		}
	}
	var byDefault, example any
	var defaultNode, exampleNode *yaml.Node
	d.mapping(n, map[string]func(*yaml.Node){
		"label": into(&in.Label), "type": into(&in.Type), "options": into(&in.Options), "required": into(&in.Required),
		"default": func(n *yaml.Node) { defaultNode = n; into(&byDefault)(n) },
		"example": func(n *yaml.Node) { exampleNode = n; into(&example)(n) },
	})
	if !slices.Contains(inputTypes, in.Type) {
		d.problem(n, "type %s is unknown; there is %s", in.Type, strings.Join(inputTypes, ", "))
		in.Type = typeText
	}
	if in.Type == typeChoice && len(in.Options) == 0 {
		d.problem(n, "type choice needs options")
	}
	in.Default = d.value(in, defaultNode, byDefault)
	in.Example = d.value(in, exampleNode, example)
	return in
}

// value checks a default or an example against the input's own type.
func (d describer) value(in Input, n *yaml.Node, v any) any {
	if n == nil || v == nil {
		return nil
	}
	// YAML would read 007 as a number, and a date as midnight in UTC.
	if n.Kind == yaml.ScalarNode && in.Type != typeNumber && in.Type != typeJSON {
		v = n.Value
	}
	out, err := in.check(d.Expressions, expressions.Normalize(v))
	if err != nil {
		d.problem(n, "%v", err)
	}
	return out
}
