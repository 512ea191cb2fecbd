package bot

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
)

// ordered is a pass that the event asks for itself, without a rule.
func (p *Program) ordered(o integrations.Order, e integrations.Completed) (PlannedPass, error) {
	out := PlannedPass{Template: o.Template, Item: o.Name, Unit: 1, VoidOn: []string{}}
	t := p.templates[o.Template]
	if t == nil {
		return out, fmt.Errorf("template: %q does not exist%s", o.Template, known(p.templates))
	}
	var err error
	if out.Inputs, err = t.Check(o.Inputs); err != nil {
		return out, fmt.Errorf("template %s: %w", o.Template, err)
	}
	for _, to := range o.To {
		if p.channels[to.Channel] == nil {
			return out, fmt.Errorf("deliver: %s is no channel here; there is %s", to.Channel, strings.Join(slices.Sorted(maps.Keys(p.channels)), ", "))
		}
		if e.Redirect.Address != "" {
			to = e.Redirect
		}
		if err := p.checkRecipient("deliver", to); err != nil {
			return out, err
		}
		out.To = append(out.To, to)
	}
	return out, nil
}

// Draft says what is wrong with an order before there is one: its template, its
// inputs, or who is to get it. nil: it can be issued.
func (p *Program) Draft(o integrations.Order) error {
	planned, err := p.ordered(o, integrations.Completed{})
	if err != nil {
		return err
	}
	_, err = p.Try(planned.Template, planned.Inputs)
	return err
}

// recipients are those of the lines of deliver or of notify.
func (p *Program) recipients(u unit, key string, lines []target, redirect integrations.Recipient) ([]integrations.Recipient, error) {
	var out []integrations.Recipient
	for _, t := range lines {
		address, err := t.address.String(u.vars)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", key, t.channel, err)
		}
		to := integrations.Recipient{Channel: t.channel, Address: strings.TrimSpace(address)}
		if redirect.Address != "" {
			to = redirect
		}
		if to.Address == "" {
			return nil, fmt.Errorf("%s: %s: there is no address; the event does not carry one", key, t.channel)
		}
		if err := p.checkRecipient(key, to); err != nil {
			return nil, err
		}
		out = append(out, to)
	}
	return out, nil
}

// checkRecipient asks the channel.
func (p *Program) checkRecipient(key string, to integrations.Recipient) error {
	if check := p.channels[to.Channel]; check != nil {
		if err := check(to.Address); err != nil {
			return fmt.Errorf("%s: %s: the address %w", key, to.Channel, err)
		}
	}
	return nil
}

// Try renders a template as it would be rendered for a pass, with these inputs
// and the examples of the others, to find what is wrong before there is one.
func (p *Program) Try(template string, inputs map[string]any) (*passes.Rendered, error) {
	t := p.templates[template]
	if t == nil {
		return nil, fmt.Errorf("%q does not exist%s", template, known(p.templates))
	}
	pass, err := t.Sample(inputs)
	if err != nil {
		return nil, err
	}
	r, err := t.Render(pass)
	if err != nil {
		return nil, err
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r, r.Readable()
}
