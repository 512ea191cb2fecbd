package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// Limits of one event: a mistyped repeat must not print tickets for a stadium.
const (
	maxRepeat = 1_000
	maxOrder  = 5_000
)

// Plan is what an event would make: the passes of one order, and changes of
// others.
type Plan struct {
	Passes []PlannedPass `json:"passes"`
	// Changes are what it would do to passes that are there.
	Changes []PlannedChange `json:"changes"`
	// Rules are the names of the rules that listen to the event.
	Rules []string `json:"rules"`
}

// PlannedPass is one pass before it has a serial number.
type PlannedPass struct {
	Rule     string                   `json:"rule"`
	Template string                   `json:"template"`
	Item     string                   `json:"item"`
	Unit     int                      `json:"unit"`
	Inputs   map[string]any           `json:"inputs"`
	VoidOn   []string                 `json:"void_on"`
	To       []integrations.Recipient `json:"to"`
	// Notify are those who are told that it was issued.
	Notify []integrations.Recipient `json:"notify,omitempty"`
	// Key is that of an upsert: such a pass is updated where it is there.
	Key string `json:"key,omitempty"`
	// with is what the rule gives, a JSON object.
	with []byte
}

// name is what a person knows it by.
func (p PlannedPass) name() string {
	if p.Rule == "" {
		return "template " + p.Template
	}
	return "rule " + p.Rule + ", template " + p.Template
}

// PlannedChange is what a rule does to the passes that share a ref with the
// event.
type PlannedChange struct {
	Rule     string         `json:"rule"`
	Action   string         `json:"action"`
	Template string         `json:"template,omitempty"`
	Inputs   map[string]any `json:"inputs,omitempty"`
	// Key, where it is set, says which passes it reaches in the place of refs.
	Key string `json:"key,omitempty"`
	// inputs are Inputs as they are stored.
	inputs []byte
}

// unit is one pass that a rule's when let through.
type unit struct {
	rule *rule
	item string
	vars map[string]any
}

// place says where in a rule something is wrong.
func (u unit) place() string {
	out := "rule " + u.rule.Name
	if u.item != "" {
		out += ", item " + u.item
	}
	if u.rule.repeat != nil {
		out += fmt.Sprintf(", unit %d", u.vars["unit"])
	}
	return out
}

// Listens reports whether any rule is on one of the event's types.
func (p *Program) Listens(e integrations.Event) bool {
	for _, r := range p.rules {
		if _, ok := r.matched(e); ok {
			return true
		}
	}
	return false
}

// Prepare marks an event as ignored where neither a rule nor its source has
// anything to do with it. What was marked is stored, and not worked on.
func (p *Program) Prepare(e integrations.Event) integrations.Event {
	if e.Ignore == "" && !e.Wanted && !p.Listens(e) {
		e.Ignore = nobodyListens(e)
	}
	return e
}

// matched is the first of the event's types that the rule is on.
func (r *rule) matched(e integrations.Event) (string, bool) {
	if e.Rule != "" && e.Rule != r.Name {
		return "", false
	}
	for _, name := range e.Names() {
		for _, pattern := range r.On {
			if matches(pattern, name) {
				return name, true
			}
		}
	}
	return "", false
}

// Plan evaluates all rules on a completed event. Its errors name the rule and
// the key, and are final: the same event and the same rules fail again. Then the
// plan has those changes that could be evaluated.
func (p *Program) Plan(e integrations.Completed) (*Plan, error) {
	plan := &Plan{Passes: []PlannedPass{}, Changes: []PlannedChange{}}
	data, err := expressions.DecodeJSON(e.Data)
	if err != nil {
		return plan, fmt.Errorf("the event's data: %w", err)
	}
	changes := p.changes(e.Event, data, plan)
	var units []unit
	for _, r := range p.rules {
		name, ok := r.matched(e.Event)
		if !ok || !r.issues() {
			continue
		}
		plan.Rules = append(plan.Rules, r.Name)
		found, err := r.units(eventScope(e.Event, name, data))
		if err != nil {
			return plan, errors.Join(changes, fmt.Errorf("rule %s: %w", r.Name, err))
		}
		units = append(units, found...)
	}
	if len(units) > maxOrder {
		return plan, fmt.Errorf("the event asks for %d passes; %d is the most of one order", len(units), maxOrder)
	}
	if changes != nil {
		return plan, changes
	}
	for i, u := range units {
		u.vars["number"], u.vars["count"] = i+1, len(units)
		pass, err := p.pass(u, e)
		if err != nil {
			return plan, fmt.Errorf("%s: %w", u.place(), err)
		}
		plan.Passes = append(plan.Passes, pass)
	}
	for _, o := range e.Orders {
		pass, err := p.ordered(o, e)
		if err != nil {
			return plan, err
		}
		plan.Passes = append(plan.Passes, pass)
	}
	return plan, changes
}

// summary says which rules make how many passes.
func (p *Plan) summary() string {
	text := counted([]amount{{len(p.Passes), "pass", "passes"}})
	if len(p.Rules) == 0 {
		return text
	}
	return text + " by rule " + strings.Join(p.Rules, ", ")
}

// eventScope is what the expressions of a rule know of an event, before there is
// an item.
func eventScope(e integrations.Event, name string, data any) map[string]any {
	headers := make(map[string]any, len(e.Headers))
	for k, v := range e.Headers {
		headers[k] = v
	}
	event := map[string]any{
		"source": e.Source, "type": name, "id": e.ExternalID,
		"time": e.Time.Format(time.RFC3339), "live": e.Live,
	}
	return map[string]any{"event": event, "headers": headers, "data": data, "item": nil}
}

// units are the rule's passes: for each item, repeat times, when it says so.
func (r *rule) units(vars map[string]any) ([]unit, error) {
	items := []any{nil}
	if r.forEach != nil {
		var err error
		if items, err = r.forEach.List(vars); err != nil {
			return nil, fmt.Errorf("for_each: %w", err)
		}
	}
	var out []unit
	seen := map[string]bool{}
	for i, item := range items {
		vars["item"] = item
		n, err := r.times(vars)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		id := itemID(item, i, r.forEach != nil, seen)
		for k := 1; k <= n; k++ {
			u := unit{rule: r, item: id, vars: maps.Clone(vars)}
			u.vars["unit"] = k
			if r.when != nil {
				ok, err := r.when.Bool(u.vars)
				if err != nil {
					return nil, fmt.Errorf("when: %w", err)
				}
				if !ok {
					continue
				}
			}
			out = append(out, u)
		}
	}
	return out, nil
}

func (r *rule) times(vars map[string]any) (int, error) {
	if r.repeat == nil {
		return 1, nil
	}
	n, err := r.repeat.Int(vars)
	switch {
	case err != nil:
		return 0, fmt.Errorf("repeat: %w", err)
	case n < 0:
		return 0, fmt.Errorf("repeat: is %d; it must be 0 or more", n)
	case n > maxRepeat:
		return 0, fmt.Errorf("repeat: is %d; the most is %d", n, maxRepeat)
	}
	return n, nil
}

// itemID is what makes an item's passes unique within the object: the item's
// own id, text or a number, or its position where it has none or shares it.
func itemID(item any, i int, listed bool, seen map[string]bool) string {
	if !listed {
		return ""
	}
	m, _ := item.(map[string]any)
	id, ok := m["id"].(string)
	if n, isNumber := m["id"].(int); !ok && isNumber {
		id = strconv.Itoa(n)
	}
	if id == "" || seen[id] {
		id = "#" + strconv.Itoa(i+1)
	}
	seen[id] = true
	return id
}

func (p *Program) pass(u unit, e integrations.Completed) (PlannedPass, error) {
	out := PlannedPass{Rule: u.rule.Name, Item: u.item, Unit: u.vars["unit"].(int), VoidOn: u.rule.VoidOn} //nolint:forcetypeassert // set by units
	if out.VoidOn == nil {
		out.VoidOn = e.VoidOn
	}
	if out.VoidOn == nil {
		out.VoidOn = integrations.DefaultVoidOn
	}
	name, err := u.rule.template.String(u.vars)
	if err != nil {
		return out, fmt.Errorf("template: %w", err)
	}
	if name == "" {
		return out, errors.New("template: is empty for this event; the metadata that it reads may be missing")
	}
	t := p.templates[name]
	if t == nil {
		return out, fmt.Errorf("template: %q does not exist%s", name, known(p.templates))
	}
	out.Template = name
	with, err := u.rule.with.Eval(u.vars)
	if err != nil {
		return out, fmt.Errorf("with: %w", err)
	}
	given, _ := with.(map[string]any)
	if out.Inputs, err = t.Check(given); err != nil {
		return out, fmt.Errorf("with: %w", err)
	}
	if u.rule.key != nil {
		if out.Key, err = u.rule.keyOf(u.vars); err != nil {
			return out, err
		}
		if out.with, err = json.Marshal(given); err != nil {
			return out, fmt.Errorf("with: is no JSON: %w", err)
		}
	}
	if out.To, err = p.recipients(u, "deliver", u.rule.deliver, e.Redirect); err != nil {
		return out, err
	}
	out.Notify, err = p.recipients(u, "notify", u.rule.notify, e.Redirect)
	return out, err
}

// passKey is what a pass is unique by. Every part is quoted, so that no two
// keys can read the same.
func passKey(e integrations.Event, p PlannedPass) string {
	if p.Key != "" {
		e.Object = keyRef(p.Key) // later events have other objects
	}
	return fmt.Sprintf("%q", []string{e.Source, e.Account, strconv.FormatBool(e.Live), e.Object, p.Item, strconv.Itoa(p.Unit), p.Rule})
}
