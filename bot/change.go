package bot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// changes are what the rules that update and void make of an event.
func (p *Program) changes(e integrations.Event, data any, plan *Plan) error {
	for _, r := range p.rules {
		name, ok := r.matched(e)
		if !ok || r.issues() {
			continue
		}
		plan.Rules = append(plan.Rules, r.Name)
		vars := map[string]any{"event": eventVars(e, name), "data": data, "item": nil, "unit": 1, "number": 1, "count": 1}
		change, ok, err := r.change(vars)
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.Name, err)
		}
		if ok {
			plan.Changes = append(plan.Changes, change)
		}
	}
	return nil
}

func (r *rule) change(vars map[string]any) (PlannedChange, bool, error) {
	out := PlannedChange{Rule: r.Name, Action: r.Action}
	if r.when != nil {
		if ok, err := r.when.Bool(vars); err != nil || !ok {
			return out, false, wrap("when", err)
		}
	}
	var err error
	if r.template != nil {
		if out.Template, err = r.template.String(vars); err != nil {
			return out, false, wrap("template", err)
		}
	}
	if r.Action == ActionVoid {
		return out, true, nil
	}
	with, err := r.with.Eval(vars)
	if err != nil {
		return out, false, wrap("with", err)
	}
	out.Inputs, _ = with.(map[string]any)
	return out, true, nil
}

func wrap(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// storedChanges are what an event does, by rules and by itself, as rows.
func storedChanges(e integrations.Completed, plan *Plan) ([]store.Change, error) {
	var out []store.Change
	for _, c := range plan.Changes {
		row := store.Change{Name: "rule " + c.Rule, Kind: store.ChangeVoid, Reason: "rule " + c.Rule, Template: c.Template, Refs: e.Refs}
		if c.Action == ActionUpdate {
			var err error
			if row.Inputs, err = json.Marshal(c.Inputs); err != nil {
				return nil, fmt.Errorf("rule %s: the inputs are no JSON: %w", c.Rule, err)
			}
			row.Kind, row.Reason = store.ChangeUpdate, ""
		}
		out = append(out, row)
	}
	for i, effect := range e.Effects {
		row := store.Change{Name: fmt.Sprintf("effect %d", i+1), Kind: store.ChangeVoid, Reason: effect.Reason, Refs: effect.Refs, Serial: effect.Serial}
		if effect.Lift {
			row.Kind = store.ChangeLift
		}
		if len(effect.Inputs) > 0 {
			row.Kind, row.Inputs = store.ChangeUpdate, effect.Inputs
		}
		out = append(out, row)
	}
	return out, nil
}

// fold makes of a pass, as it was issued, what its changes say that it is.
func (e *Engine) fold(program *Program) func(store.Pass, []store.Change) (store.Pass, error) {
	return func(p store.Pass, changes []store.Change) (store.Pass, error) {
		void := map[string]bool{}
		merged := map[string]any{}
		for _, c := range changes {
			switch {
			case c.Template != "" && c.Template != p.Template:
			case c.Kind == store.ChangeLift:
				delete(void, c.Reason)
			case c.Kind == store.ChangeVoid && slices.Contains(integrations.Reasons(), c.Reason) && !slices.Contains(p.VoidOn, c.Reason):
			case c.Kind == store.ChangeVoid:
				void[c.Reason] = true
			case c.Kind == store.ChangeUpdate:
				v, err := expressions.DecodeJSON(c.Inputs)
				if err != nil {
					return p, fmt.Errorf("a stored change of pass %s: %w", p.Serial, err)
				}
				inputs, _ := v.(map[string]any)
				maps.Copy(merged, inputs)
			}
		}
		p.Void, p.Inputs = slices.Sorted(maps.Keys(void)), p.Issued
		if len(merged) == 0 {
			return p, nil
		}
		return e.merge(program, p, merged)
	}
}

// merge puts changed inputs over those that the pass was issued with. Inputs
// that its template does not have are left out: a change may be about passes of
// several templates.
func (e *Engine) merge(program *Program, p store.Pass, changed map[string]any) (store.Pass, error) {
	t := program.templates[p.Template]
	if t == nil {
		return p, integrations.Never(fmt.Errorf("template %s of pass %s is gone%s; put it back", p.Template, p.Serial, known(program.templates)))
	}
	v, err := expressions.DecodeJSON(p.Issued)
	if err != nil {
		return p, fmt.Errorf("the stored inputs of pass %s: %w", p.Serial, err)
	}
	issued, _ := v.(map[string]any)
	with := map[string]any{}
	for _, in := range t.Inputs {
		with[in.Name] = issued[in.Name]
		if v, ok := changed[in.Name]; ok {
			with[in.Name] = v
		}
	}
	checked, err := t.Check(with)
	if err != nil {
		return p, integrations.Never(fmt.Errorf("pass %s of template %s: %w", p.Serial, p.Template, err))
	}
	if p.Inputs, err = json.Marshal(checked); err != nil {
		return p, err
	}
	r, err := e.render(program, p)
	if err == nil {
		err = r.Rendered.Err()
	}
	if err != nil {
		return p, integrations.Never(fmt.Errorf("pass %s of template %s: %w", p.Serial, p.Template, err))
	}
	return p, nil
}
