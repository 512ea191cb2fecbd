package passes

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/problems"
)

// Types of inputs.
const (
	typeText   = "text"
	typeNumber = "number"
	typeDate   = "date"
	typeTime   = "time"
	typeEmail  = "email"
	typeChoice = "choice"
	typePerson = "person"
	// Programs fill these in: any JSON, and files of one pass alone.
	typeJSON     = "json"
	typePictures = "pictures"
)

var inputTypes = []string{typeText, typeNumber, typeDate, typeTime, typeEmail, typeChoice, typePerson, typeJSON, typePictures}

// Input is one value that a template takes.
type Input struct {
	Name, Label string
	// Type is text, number, date, time, email, choice or person; or, for
	// programs, json, which is any JSON, or pictures, which is an object of file
	// names, as logo@2x.png, with the ids of files.
	Type string
	// Options are what a choice may be.
	Options  []string
	Required bool
	// Default stands in for a missing value, Example is what check renders
	// with; nil is none.
	Default, Example any
}

// Check completes the values that a rule gives: defaults are filled in, types
// are checked, every input has a key. The result is plain JSON, so that it can
// be stored and rendered again.
func (t *Template) Check(with map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(t.Inputs))
	for _, in := range t.Inputs {
		v := with[in.Name]
		if v == nil {
			v = in.Default
		}
		if v == nil {
			if in.Required {
				return nil, fmt.Errorf("%s is required and is null or missing", in.Name)
			}
			out[in.Name] = nil
			continue
		}
		checked, err := in.check(t.settings, v)
		if err != nil {
			return nil, err
		}
		out[in.Name] = checked
	}
	for _, name := range slices.Sorted(maps.Keys(with)) {
		if _, ok := out[name]; !ok {
			return nil, t.unknownInput(name)
		}
	}
	return out, nil
}

func (t *Template) unknownInput(name string) error {
	names := make([]string, len(t.Inputs))
	for i, in := range t.Inputs {
		names[i] = in.Name
	}
	if near := problems.Nearest(name, names); near != "" {
		return fmt.Errorf("%s is no input of template %s; did you mean %s?", name, t.Name, near)
	}
	return fmt.Errorf("%s is no input of template %s; it has %s", name, t.Name, strings.Join(names, ", "))
}

// CheckInput checks one value as Check does; the error names the input by its
// label, for whoever typed it.
func (t *Template) CheckInput(in Input, v any) (any, error) {
	in.Name = in.Label
	return in.check(t.settings, v)
}

// BuyerUntil is when the buyer's changes end, for a pass with these inputs; zero
// is never. A time without a zone is in the config's.
func (t *Template) BuyerUntil(inputs map[string]any) (time.Time, error) {
	if t.buyerUntil == nil {
		return time.Time{}, nil
	}
	vars := map[string]any{"serial": "", "link": "", "now": time.Time{}}
	for _, in := range t.Inputs {
		vars[in.Name] = inputs[in.Name]
	}
	text, err := t.buyerUntil.String(vars)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	until, err := Input{Name: "buyer.until"}.time(t.settings, text)
	if err != nil {
		return time.Time{}, err
	}
	s, _ := until.(string)
	return time.Parse(time.RFC3339, s)
}

// Examples are the inputs' examples, or their defaults, or a word of their type.
func (t *Template) Examples() (map[string]any, error) {
	with := map[string]any{}
	for _, in := range t.Inputs {
		switch {
		case in.Example != nil:
			with[in.Name] = in.Example
		case in.Default != nil || !in.Required:
		default:
			with[in.Name] = in.sample()
		}
	}
	return t.Check(with)
}

// sample is a value for a required input without an example.
func (in Input) sample() any {
	switch in.Type {
	case typeNumber:
		return 1
	case typeDate:
		return "2026-12-31"
	case typeTime:
		return "2026-12-31T20:00:00Z"
	case typeEmail:
		return "ada@example.com"
	case typeChoice:
		return in.Options[0]
	case typeJSON:
		return []any{}
	case typePictures:
		return map[string]any{}
	}
	return "Ada Lovelace"
}

// maxInput is the longest text of an input, in bytes.
const maxInput = 16 << 10

// maxAddress is the longest mail address, in bytes (RFC 3696, section 3).
const maxAddress = 320

func (in Input) check(s expressions.Settings, v any) (any, error) {
	switch in.Type {
	case typeNumber:
		return in.number(v)
	case typeJSON:
		return in.json(v)
	case typePictures:
		return in.pictures(v)
	}
	switch v.(type) {
	case string, int, float64, bool, time.Time:
	default:
		return nil, fmt.Errorf("%s must be %s, not a list or an object", in.Name, in.Type)
	}
	text := expressions.Stringify(v, s)
	if len(text) > maxInput {
		return nil, fmt.Errorf("%s is longer than %d bytes", in.Name, maxInput)
	}
	switch in.Type {
	case typeDate:
		return in.date(s, text)
	case typeTime:
		return in.time(s, text)
	case typeEmail:
		if len(text) > maxAddress {
			return nil, fmt.Errorf("%s is longer than %d bytes", in.Name, maxAddress)
		}
		if _, err := mail.ParseAddress(text); err != nil {
			return nil, fmt.Errorf("%s is not a mail address", in.Name)
		}
	case typeChoice:
		if !slices.Contains(in.Options, text) {
			return nil, fmt.Errorf("%s must be one of %s", in.Name, strings.Join(in.Options, ", "))
		}
	}
	return text, nil
}

func (in Input) number(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case float64:
		if v-v == 0 { // neither infinite nor NaN, which JSON cannot hold
			return v, nil
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil && f-f == 0 {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s must be a number", in.Name)
}

func (in Input) date(s expressions.Settings, text string) (any, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.Format(time.DateOnly), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("%s must be a date, as 2026-12-31", in.Name)
	}
	if s.Location != nil {
		t = t.In(s.Location)
	}
	return t.Format(time.DateOnly), nil
}

func (in Input) time(s expressions.Settings, text string) (any, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.Format(time.RFC3339), nil
	}
	zone := s.Location
	if zone == nil {
		zone = time.UTC
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.Format(time.RFC3339), nil
		}
	}
	return nil, fmt.Errorf("%s must be a time, as 2026-12-31T20:00:00+01:00", in.Name)
}

// Word is a value as somebody may type it: the example, the default, or a word
// of the input's type.
func (in Input) Word() string {
	for _, v := range []any{in.Example, in.Default, in.sample()} {
		if v != nil {
			return expressions.Stringify(v, expressions.Settings{})
		}
	}
	return ""
}
