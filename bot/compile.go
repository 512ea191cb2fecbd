package bot

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

// Options is what rules are checked against and run with.
type Options struct {
	Templates   map[string]*passes.Template
	Expressions expressions.Settings
	// Types are the event types that the sources know.
	Types map[string]integrations.TypeInfo
	// Channels are those that a rule may deliver over, with what each says of a
	// recipient.
	Channels map[string]func(recipient string) error
	// ReadFile reads the sample file of a rule.
	ReadFile func(path string) ([]byte, error)
}

// Program is a project's rules and templates, compiled and checked. It is
// immutable and safe for concurrent use.
type Program struct {
	rules     []*rule
	templates map[string]*passes.Template
	channels  map[string]func(string) error
}

// Templates are those that passes are made of, by name.
func (p *Program) Templates() map[string]*passes.Template { return p.templates }

// rule is a Rule with its expressions compiled.
type rule struct {
	Rule
	when, forEach, repeat *expressions.Expr
	template, key         *expressions.Text
	with                  *expressions.Tree
	deliver, notify       []target
}

// target is one line of a rule's deliver.
type target struct {
	channel string
	address *expressions.Text
}

// Compile checks all rules. Problems carry paths as "[0].with.seat".
func Compile(rules []Rule, o Options) (*Program, problems.List) {
	p := &Program{templates: o.Templates, channels: o.Channels}
	var out problems.List
	names := map[string]bool{}
	for i, r := range rules {
		c := compiler{Options: o, rule: &rule{Rule: r}}
		c.compile()
		if names[r.Name] {
			c.problem("name", "is used twice; a rule's name makes its passes unique, so give each its own")
		}
		names[r.Name] = true
		out = append(out, c.found.Under(fmt.Sprintf("[%d]", i))...)
		p.rules = append(p.rules, c.rule)
	}
	return p, out
}

type compiler struct {
	Options
	rule  *rule
	scope expressions.Scope
	found problems.List
}

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func (c *compiler) problem(path, format string, args ...any) {
	c.found = append(c.found, problems.At(path, format, args...))
}

func (c *compiler) compile() {
	r := c.rule
	switch {
	case r.Name == "":
		c.problem("name", "is missing; give the rule a short name that never changes, such as concert")
	case !ruleName.MatchString(r.Name):
		c.problem("name", "may have a to z, 0 to 9, - and _ only, at most 64")
	}
	info := c.types()
	if !r.issues() {
		info.ForEach, info.Repeat = "", "" // it runs once
	}
	c.scope = expressions.NewScope(c.Expressions).With("event", eventSample).With("headers").With("data", info.Samples...)
	r.forEach = c.expr("for_each", choose(r.ForEach, info.ForEach))
	c.scope = c.scope.With("item", c.itemSamples(info.Samples)...)
	r.repeat = c.expr("repeat", choose(r.Repeat, info.Repeat))
	c.scope = c.scope.With("unit", 1)
	r.when = c.expr("when", r.When)
	c.scope = c.scope.With("number", 1).With("count", 1)
	c.reasons()
	c.key()
	if r.issues() {
		c.templateAndInputs()
		r.deliver, r.notify = c.targets("deliver", r.Deliver), c.targets("notify", r.Notify)
	} else {
		c.change()
	}
}

// eventSample closes the members of `event`.
var eventSample = map[string]any{"source": "", "type": "", "id": "", "time": nil, "live": true}

// choose is what the rule says, or the source's default where it says nothing.
func choose(o Optional, byDefault string) string {
	if o.Set {
		return o.Value
	}
	return byDefault
}

// expr compiles a bare expression; an empty one is nil.
func (c *compiler) expr(path, src string) *expressions.Expr {
	if src == "" {
		return nil
	}
	e, err := c.scope.Compile(src)
	c.fail(path, err)
	return e
}

func (c *compiler) text(path, src string) *expressions.Text {
	t, err := c.scope.CompileText(src)
	c.fail(path, err)
	return t
}

func (c *compiler) fail(path string, err error) {
	if err == nil {
		return
	}
	p := problems.At(path, "%v", err)
	if e, ok := err.(*expressions.Error); ok { //nolint:errorlint // Compile documents this type.
		p.Line, p.Column, p.Text = e.Line, e.Column, e.Message
	}
	c.found = append(c.found, p)
}

// types finds what is known of the rule's event types. Samples are kept only
// where every type has some: names must not be refused for a type nobody knows.
func (c *compiler) types() integrations.TypeInfo {
	var all []integrations.TypeInfo
	if len(c.rule.On) == 0 {
		c.problem("on", "is missing; name an event type, such as stripe.checkout.paid")
	}
	for _, pattern := range c.rule.On {
		var found []integrations.TypeInfo
		for name, info := range c.Types {
			if matches(pattern, name) || matches(name, pattern) { // a source may know its types by a pattern
				found = append(found, info)
			}
		}
		if len(found) == 0 {
			c.found = append(c.found, problems.Warn("on", "%s is no event type that passhook knows%s; the rule runs if such an event comes", pattern, nearest(pattern, c.Types)))
			found = []integrations.TypeInfo{{}}
		}
		all = append(all, found...)
	}
	return c.sample(common(all))
}

// common is what holds for all of the types.
func common(all []integrations.TypeInfo) integrations.TypeInfo {
	if len(all) == 0 {
		return integrations.TypeInfo{}
	}
	out := integrations.TypeInfo{ForEach: all[0].ForEach, Repeat: all[0].Repeat}
	for _, info := range all {
		if info.ForEach != out.ForEach || info.Repeat != out.Repeat {
			out.ForEach, out.Repeat = "", ""
		}
		out.Samples = append(out.Samples, info.Samples...)
	}
	if slices.ContainsFunc(all, func(i integrations.TypeInfo) bool { return len(i.Samples) == 0 }) {
		out.Samples = nil
	}
	return out
}

// sample adds the rule's own sample file, the data object of an event.
func (c *compiler) sample(info integrations.TypeInfo) integrations.TypeInfo {
	if c.rule.Sample == "" {
		return info
	}
	b, err := c.ReadFile(c.rule.Sample)
	if err != nil {
		c.problem("sample", "cannot be read: %v", err)
		return info
	}
	v, err := expressions.DecodeJSON(b)
	if err != nil {
		c.problem("sample", "is not JSON: %v", err)
		return info
	}
	info.Samples = append(info.Samples, v)
	return info
}

// itemSamples are the elements that for_each finds in the samples.
func (c *compiler) itemSamples(samples []any) []any {
	if c.rule.forEach == nil {
		return []any{nil}
	}
	var out []any
	for _, s := range samples {
		if list, err := c.rule.forEach.List(map[string]any{"event": eventSample, "data": s}); err == nil {
			out = append(out, list...)
		}
	}
	return out
}

func (c *compiler) templateAndInputs() {
	r := c.rule
	if r.Template == "" {
		c.problem("template", "is missing; name a folder NAME.pass in the templates folder%s", known(c.Templates))
		return
	}
	r.template = c.text("template", r.Template)
	var found problems.List
	with := map[string]any{}
	for k, v := range r.With {
		with[k] = expressions.Normalize(v)
	}
	r.with, found = c.scope.CompileTree(with)
	c.found = append(c.found, found.Under("with")...)
	if r.template == nil {
		return
	}
	if name, ok := r.template.Constant(); ok {
		t := c.Templates[name]
		if t == nil {
			c.problem("template", "%s does not exist%s", name, known(c.Templates))
			return
		}
		c.inputs(t)
	}
}

// inputs compares what the rule gives with what the template declares.
func (c *compiler) inputs(t *passes.Template) {
	declared := map[string]bool{}
	for _, in := range t.Inputs {
		declared[in.Name] = true
		if _, given := c.rule.With[in.Name]; !given && in.Required && in.Default == nil {
			c.problem("with", "lacks %s, which template %s requires", in.Name, t.Name)
		}
	}
	for name := range c.rule.With {
		if !declared[name] {
			c.problem("with."+name, "is no input of template %s; it has %s", t.Name, inputNames(t))
		}
	}
}

// targets compiles the lines of deliver or of notify.
func (c *compiler) targets(key string, lines []map[string]Text) (out []target) {
	for i, entry := range lines {
		path := fmt.Sprintf("%s[%d]", key, i)
		if len(entry) != 1 {
			c.problem(path, "must have one channel, as - email: ${{ data.customer_details.email }}")
		}
		for channel, address := range entry {
			at := path + "." + channel
			if c.Channels[channel] == nil {
				c.problem(at, "is no channel of this version; it has %s", strings.Join(slices.Sorted(maps.Keys(c.Channels)), ", "))
				continue
			}
			text := c.text(at, string(address))
			if text == nil {
				continue
			}
			if to, ok := text.Constant(); ok {
				if err := c.Channels[channel](to); err != nil {
					c.problem(at, "%v", err)
				}
			}
			out = append(out, target{channel, text})
		}
	}
	return out
}

// matches reports whether a rule's pattern names the type; * stands for any
// run of characters.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
