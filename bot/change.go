package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/store"
)

// changes are what the rules that update and void make of an event. A rule that
// fails keeps no other from its changes.
func (p *Program) changes(e integrations.Event, data any, plan *Plan) error {
	var errs []error
	for _, r := range p.rules {
		name, ok := r.matched(e)
		if !ok || r.issues() {
			continue
		}
		plan.Rules = append(plan.Rules, r.Name)
		vars := eventScope(e, name, data)
		vars["unit"], vars["number"], vars["count"] = 1, 1, 1
		change, ok, err := r.change(vars)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %s: %w", r.Name, err))
		}
		if ok {
			plan.Changes = append(plan.Changes, change)
		}
	}
	return errors.Join(errs...)
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
	if r.key != nil {
		if out.Key, err = r.keyOf(vars); err != nil {
			return out, false, err
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
	if out.inputs, err = json.Marshal(out.Inputs); err != nil {
		return out, false, fmt.Errorf("with: is no JSON: %w", err)
	}
	return out, true, nil
}

func wrap(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// storedChanges are what an event does, by rules and by itself, as rows.
func storedChanges(e integrations.Completed, plan *Plan) []store.Change {
	var out []store.Change
	for _, c := range plan.Changes {
		row := store.Change{Name: "rule " + c.Rule, Kind: store.ChangeVoid, Reason: store.ReasonRule + " " + c.Rule, Template: c.Template, Refs: e.Refs}
		if c.Key != "" {
			row.Refs = []string{keyRef(c.Key)}
		}
		if c.Action == ActionUpdate {
			row.Kind, row.Reason, row.Inputs = store.ChangeUpdate, "", c.inputs
		}
		out = append(out, row)
	}
	for i, effect := range e.Effects {
		if effect.Push {
			continue // it changes no pass
		}
		row := store.Change{Name: fmt.Sprintf("effect %d", i+1), Kind: store.ChangeVoid, Reason: effect.Reason, Refs: effect.Refs, Serial: effect.Serial}
		if effect.Lift {
			row.Kind = store.ChangeLift
		}
		if len(effect.Inputs) > 0 {
			row.Kind, row.Inputs = store.ChangeUpdate, effect.Inputs
		}
		out = append(out, row)
	}
	return out
}

// pushed is whom an event wakes without a change; nil: nobody.
func pushed(e integrations.Completed) *store.Push {
	for _, effect := range e.Effects {
		switch {
		case !effect.Push || e.Source != SourceOwn:
		case effect.Template != "":
			return &store.Push{Template: effect.Template}
		default:
			return &store.Push{Serial: effect.Serial}
		}
	}
	return nil
}

// walk brings the passes up to date that one transaction had no room for.
func (e *Engine) walk(ctx context.Context, w *store.Walk) error {
	program := e.Program()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, done, err := e.Store.Step(ctx, w, e.merge(program))
		if err != nil || done {
			return err
		}
	}
}

// merge puts updates over the inputs that a pass was issued with.
func (e *Engine) merge(program *Program) store.Merge {
	return func(p store.Pass, updates []store.Change) ([]byte, map[int]string) {
		m := merging{Engine: e, program: program, pass: p, template: program.templates[p.Template]}
		if m.template == nil {
			return p.Inputs, m.unfit(updates, fmt.Errorf("the template is gone%s; put it back", known(program.templates)))
		}
		issued, err := decodeInputs(p.Issued)
		if err != nil {
			return p.Inputs, m.unfit(updates, err)
		}
		// All together is what is true nearly always.
		if _, inputs, err := m.with(issued, updates...); err == nil {
			return inputs, nil
		}
		now, inputs, why := issued, p.Issued, map[int]string{}
		for i, u := range updates {
			next, merged, err := m.with(now, u)
			if err != nil {
				why[i] = m.text(u, err)
				continue
			}
			now, inputs = next, merged
		}
		return inputs, why
	}
}

// merging is one pass whose updates are put together.
type merging struct {
	*Engine
	program  *Program
	pass     store.Pass
	template *passes.Template
}

// with puts updates over inputs, and makes sure that the template takes them.
// Inputs that it does not have are left out: an update may be about passes of
// several templates.
func (m merging) with(inputs map[string]any, updates ...store.Change) (map[string]any, []byte, error) {
	with := map[string]any{}
	for _, in := range m.template.Inputs {
		with[in.Name] = inputs[in.Name]
	}
	for _, u := range updates {
		changed, err := decodeInputs(u.Inputs)
		if err != nil {
			return nil, nil, err
		}
		for name, v := range changed {
			if _, has := with[name]; has {
				with[name] = v
			}
		}
	}
	checked, err := m.template.Check(with)
	if err != nil {
		return nil, nil, err
	}
	out, err := json.Marshal(checked)
	if err != nil {
		return nil, nil, err
	}
	m.pass.Inputs = out
	r, err := m.render(m.program, m.pass)
	if err == nil {
		err = r.Rendered.Err()
	}
	return checked, out, err
}

func (m merging) unfit(updates []store.Change, err error) map[int]string {
	why := map[int]string{}
	for i, u := range updates {
		why[i] = m.text(u, err)
	}
	return why
}

func (m merging) text(u store.Change, err error) string {
	return fmt.Sprintf("the update by %s does not fit pass %s of template %s and was left out: %v; mend it, then: passhook events replay %s",
		u.Name, m.pass.Serial, m.pass.Template, err, u.EventID)
}

// decodeInputs reads stored inputs, a JSON object.
func decodeInputs(b []byte) (map[string]any, error) {
	v, err := expressions.DecodeJSON(b)
	if err != nil {
		return nil, fmt.Errorf("stored inputs: %w", err)
	}
	m, _ := v.(map[string]any)
	return m, nil
}
