package bot

import (
	"slices"
	"strings"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

// issues reports whether the rule makes passes.
func (r *rule) issues() bool {
	return r.Action == "" || r.Action == ActionIssue || r.Action == ActionUpsert
}

// key compiles the key of rules that have one.
func (c *compiler) key() {
	r := c.rule
	switch {
	case r.Key == "" && r.Action == ActionUpsert:
		c.problem("key", "is missing; name the id by which later events find the pass again, as key: ${{ data.id }}")
	case r.Key == "":
	case r.issues() && r.Action != ActionUpsert:
		c.problem("key", "belongs to the actions upsert, update and void; take it out, or write action: upsert")
	default:
		r.key = c.text("key", string(r.Key))
	}
}

func (c *compiler) reasons() {
	if c.rule.VoidOn != nil && !c.rule.issues() {
		c.problem("void_on", "belongs to rules that issue passes; take it out")
	}
	reasons := integrations.Reasons()
	for _, reason := range c.rule.VoidOn {
		if !slices.Contains(reasons, reason) {
			c.problem("void_on", "%s is no reason; there is %s", reason, strings.Join(reasons, ", "))
		}
	}
}

// change compiles a rule that updates or voids.
func (c *compiler) change() {
	r := c.rule
	if r.Action != ActionUpdate && r.Action != ActionVoid {
		c.problem("action", "%s is no action; there is %s%s", r.Action, strings.Join(actions, ", "), meant(problems.Nearest(r.Action, actions)))
		return
	}
	for _, key := range []struct {
		name string
		set  bool
	}{
		{"for_each", r.ForEach.Set && r.ForEach.Value != ""}, {"repeat", r.Repeat.Set && r.Repeat.Value != ""}, {"deliver", len(r.Deliver) > 0}, {"notify", len(r.Notify) > 0},
	} {
		if key.set {
			c.problem(key.name, "belongs to rules that issue passes; a rule with action %s runs once and reaches the passes that share a ref with the event", r.Action)
		}
	}
	if r.Template != "" {
		r.template = c.text("template", r.Template)
		c.only()
	}
	switch {
	case r.Action == ActionVoid && len(r.With) > 0:
		c.problem("with", "changes nothing when a pass is made void; take it out, or write action: update")
	case r.Action == ActionUpdate && len(r.With) == 0:
		c.problem("with", "is missing; name the inputs that change, as with: {seat: ${{ data.seat }}}")
	}
	with := map[string]any{}
	for k, v := range r.With {
		with[k] = expressions.Normalize(v)
		c.known(k)
	}
	tree, found := c.scope.CompileTree(with)
	r.with = tree
	c.found = append(c.found, found.Under("with")...)
}

func meant(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}

// only checks the template that narrows a rule.
func (c *compiler) only() {
	if c.rule.template == nil {
		return
	}
	if name, ok := c.rule.template.Constant(); ok && c.Templates[name] == nil {
		c.problem("template", "%s does not exist%s", name, known(c.Templates))
	}
}

// known wants an input that the rule changes to be one of its template, or of
// any where it names none.
func (c *compiler) known(input string) {
	has := func(t *passes.Template) bool {
		return t != nil && slices.ContainsFunc(t.Inputs, func(in passes.Input) bool { return in.Name == input })
	}
	if c.rule.template != nil {
		name, ok := c.rule.template.Constant()
		if t := c.Templates[name]; ok && t != nil && !has(t) {
			c.problem("with."+input, "is no input of template %s; it has %s", name, inputNames(t))
		}
		return
	}
	for _, t := range c.Templates {
		if has(t) {
			return
		}
	}
	c.problem("with."+input, "is no input of any template")
}
