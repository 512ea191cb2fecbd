package orders

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/passhook/passhook/bot"
)

// Rename changes what the buyer may change of a pass of this delivery, and
// returns when it is done. Errors that are the buyer's are Refused.
func (o *Orders) Rename(ctx context.Context, d *Delivery, serial string, given map[string]string) error {
	i := slices.IndexFunc(d.Passes, func(p DeliveryPass) bool { return p.Serial == serial })
	if i < 0 {
		return Refused{"this ticket is not in your order"}
	}
	p := d.Passes[i]
	if len(p.Inputs) == 0 {
		return Refused{"the names can no longer be changed"}
	}
	changed, err := p.changed(given)
	if err != nil || len(changed) == 0 {
		return err
	}
	ev, err := bot.OwnEvent(bot.TypeUpdate, serial, changed, bot.ByBuyer, o.engine.Now())
	if err != nil {
		return err
	}
	return o.engine.Do(ctx, ev)
}

// changed are the inputs that got another value, checked; nil is one that was
// emptied.
func (p DeliveryPass) changed(given map[string]string) (map[string]any, error) {
	out := map[string]any{}
	for _, in := range p.Inputs {
		v, ok := given[in.Name]
		v = typed(v)
		switch {
		case !ok || v == in.Value:
			continue
		case v == "" && in.Required:
			return nil, Refused{in.Label + " must not be empty"}
		case v == "":
			out[in.Name] = nil
			continue
		case utf8.RuneCountInString(v) > maxTyped:
			return nil, Refused{in.Label + " is too long"}
		}
		checked, err := p.Template.CheckInput(in.Input, v)
		if err != nil {
			return nil, Refused{err.Error()}
		}
		out[in.Name] = checked
	}
	return out, nil
}

// maxTyped is the longest text that a buyer may enter, in characters.
const maxTyped = 200

// typed is what a person typed, without what nobody sees: signs that turn the
// direction of text would reorder the list at the door.
func typed(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s))
}
