package passes_test

import (
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes"
)

func TestCheck(t *testing.T) {
	const description = `
inputs:
  holder: {required: true}
  seat: {default: free}
  count: {type: number}
  day: {type: date}
  doors: {type: time}
  email: {type: email}
  colour: {type: choice, options: [red, green]}
  friend: {type: person}
`
	zone := time.FixedZone("", 3600)
	template := load(t, files(map[string]string{"pass.json": minimal, "template.yaml": description}), passes.Settings{Expressions: expressions.Settings{Location: zone}})
	for _, tc := range []struct {
		name string
		with map[string]any
		// want is what comes out beside the inputs without a value.
		want map[string]any
		err  string
	}{
		{"defaults stand in", map[string]any{"holder": "Ada"}, map[string]any{}, ""},
		{"null is missing", map[string]any{"holder": "Ada", "seat": nil, "count": nil}, map[string]any{}, ""},
		{"a number as text", map[string]any{"holder": 7, "seat": 1.5}, map[string]any{"holder": "7", "seat": "1.5"}, ""},
		{"truth as text", map[string]any{"holder": true}, map[string]any{"holder": "true"}, ""},
		{"a number", map[string]any{"holder": "Ada", "count": 2}, map[string]any{"count": 2}, ""},
		{"a number from text", map[string]any{"holder": "Ada", "count": " 2 "}, map[string]any{"count": 2}, ""},
		{"a fraction from text", map[string]any{"holder": "Ada", "count": "2.5"}, map[string]any{"count": 2.5}, ""},
		{"a date", map[string]any{"holder": "Ada", "day": "2026-12-31"}, map[string]any{"day": "2026-12-31"}, ""},
		{"the date of a time, in the zone", map[string]any{"holder": "Ada", "day": "2026-12-31T23:30:00Z"}, map[string]any{"day": "2027-01-01"}, ""},
		{"a time", map[string]any{"holder": "Ada", "doors": "2026-12-31T20:00:00Z"}, map[string]any{"doors": "2026-12-31T20:00:00Z"}, ""},
		{"a time of a form, in the zone", map[string]any{"holder": "Ada", "doors": "2026-12-31T20:00"}, map[string]any{"doors": "2026-12-31T20:00:00+01:00"}, ""},
		{"a time of a table, in the zone", map[string]any{"holder": "Ada", "doors": "2026-12-31 20:00"}, map[string]any{"doors": "2026-12-31T20:00:00+01:00"}, ""},
		{"a time as a value", map[string]any{"holder": "Ada", "doors": now}, map[string]any{"doors": "2026-11-23T13:00:00+01:00"}, ""},
		{"an address", map[string]any{"holder": "Ada", "email": "ada@example.com"}, map[string]any{"email": "ada@example.com"}, ""},
		{"a choice", map[string]any{"holder": "Ada", "colour": "green"}, map[string]any{"colour": "green"}, ""},
		{"a person", map[string]any{"holder": "Ada", "friend": "Grace"}, map[string]any{"friend": "Grace"}, ""},

		{"required is missing", nil, nil, "holder is required and is null or missing"},
		{"required is null", map[string]any{"holder": nil}, nil, "holder is required and is null or missing"},
		{"a list", map[string]any{"holder": []any{"Ada"}}, nil, "holder must be text, not a list or an object"},
		{"an object", map[string]any{"holder": map[string]any{}}, nil, "holder must be text, not a list or an object"},
		{"too long", map[string]any{"holder": strings.Repeat("a", 16<<10+1)}, nil, "holder is longer than 16384 bytes"},
		{"no number", map[string]any{"holder": "Ada", "count": "two"}, nil, "count must be a number"},
		{"infinity is no number", map[string]any{"holder": "Ada", "count": "Inf"}, nil, "count must be a number"},
		{"truth is no number", map[string]any{"holder": "Ada", "count": true}, nil, "count must be a number"},
		{"no date", map[string]any{"holder": "Ada", "day": "31.12.2026"}, nil, "day must be a date, as 2026-12-31"},
		{"a date that does not exist", map[string]any{"holder": "Ada", "day": "2026-02-30"}, nil, "day must be a date, as 2026-12-31"},
		{"no time", map[string]any{"holder": "Ada", "doors": "20:00"}, nil, "doors must be a time, as 2026-12-31T20:00:00+01:00"},
		{"no address", map[string]any{"holder": "Ada", "email": "ada"}, nil, "email is not a mail address"},
		{"no choice", map[string]any{"holder": "Ada", "colour": "blue"}, nil, "colour must be one of red, green"},
		{"a slip in a name", map[string]any{"holder": "Ada", "seet": "1"}, nil, "seet is no input of template t; did you mean seat?"},
		{"a name far from all", map[string]any{"holder": "Ada", "wheelchair": "1"}, nil, "wheelchair is no input of template t; it has holder, seat, count, day, doors, email, colour, friend"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := template.Check(tc.with)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			want := map[string]any{"holder": "Ada", "seat": "free", "count": nil, "day": nil, "doors": nil, "email": nil, "colour": nil, "friend": nil}
			maps.Copy(want, tc.want)
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
	}
	t.Run("what comes out goes in", func(t *testing.T) {
		once, err := template.Check(map[string]any{"holder": 7, "count": "2.0", "day": now, "doors": "2026-12-31 20:00"})
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := template.Check(once); err != nil || !maps.Equal(once, twice) {
			t.Errorf("got %v, %v, want %v", twice, err, once)
		}
	})
}

// Every template can be shown before anyone bought anything.
func TestExamples(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal, "template.yaml": `
inputs:
  a: {required: true, example: Grace}
  b: {required: true}
  c: {required: true, type: number}
  d: {required: true, type: date}
  e: {required: true, type: time}
  f: {required: true, type: email}
  g: {required: true, type: choice, options: [red, green]}
  h: {required: true, type: person}
  i: {default: free}
  j: {}
`}), passes.Settings{})
	got, err := template.Examples()
	want := map[string]any{
		"a": "Grace", "b": "Ada Lovelace", "c": 1, "d": "2026-12-31", "e": "2026-12-31T20:00:00Z", "f": "ada@example.com",
		"g": "red", "h": "Ada Lovelace", "i": "free", "j": nil,
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestASampleHasTheGivenInputsAndExamplesOfTheOthers(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal, "template.yaml": "inputs: {a: {required: true, example: Grace}, b: {required: true, type: number}}"}), passes.Settings{})
	p, err := template.Sample(map[string]any{"b": 7})
	if want := map[string]any{"a": "Grace", "b": 7}; err != nil || !maps.Equal(p.Inputs, want) || p.Serial == "" {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, with := range []map[string]any{{"c": 1}, {"b": "x"}} {
		if _, err := template.Sample(with); err == nil {
			t.Errorf("%v was taken", with)
		}
	}
}

func TestCheckHasLimits(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal, "template.yaml": "inputs: {email: {type: email}, count: {type: number}}\n"}), passes.Settings{})
	for _, tc := range []struct {
		name string
		with map[string]any
		want string
	}{
		{"an address that is too long is not parsed", map[string]any{"email": strings.Repeat("(", 321)}, "email is longer than 320 bytes"},
		{"infinity", map[string]any{"count": math.Inf(1)}, "count must be a number"},
		{"no number", map[string]any{"count": math.NaN()}, "count must be a number"},
		{"of several unknown inputs the first", map[string]any{"d": 1, "c": 1, "b": 1, "zzzzzzz": 1}, "b is no input of template t; it has email, count"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := template.Check(tc.with); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
