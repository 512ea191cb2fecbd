package config

import (
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/problems"
)

func TestPositionsInsideValues(t *testing.T) {
	const text = `plain: ab cd
single: 'it''s x'
double: "ä \"x\" \u00e9 y"
literal: |
  one

    two x
folded: >-
    one
    two x

    three
long: one
  two x
anchored: &a one
list: [aa, "bb"]
empty:
`
	doc, wrong := parse([]byte(text))
	if wrong != nil {
		t.Fatal(wrong)
	}
	for _, c := range []struct {
		path                 string
		line, column         int
		wantLine, wantColumn int
		valueIs              string
	}{
		{"plain", 1, 1, 1, 8, "ab cd"},
		{"plain", 1, 4, 1, 11, "ab cd"},
		{"plain", 1, 99, 1, 13, "ab cd"},
		{"single", 1, 1, 2, 10, "it's x"},
		{"single", 1, 6, 2, 16, "it's x"},
		{"double", 1, 3, 3, 12, `ä "x" é y`},
		{"double", 1, 4, 3, 14, `ä "x" é y`},
		{"double", 1, 9, 3, 9, `ä "x" é y`}, // \u is not followed: the start.
		{"literal", 1, 1, 5, 3, "one\n\n  two x\n"},
		{"literal", 3, 7, 7, 9, "one\n\n  two x\n"},
		{"folded", 1, 1, 9, 5, "one two x\nthree"},
		{"folded", 1, 9, 10, 9, "one two x\nthree"},
		{"folded", 2, 2, 12, 6, "one two x\nthree"},
		{"long", 1, 9, 14, 7, "one two x"},
		{"anchored", 1, 2, 15, 11, "one"},
		{"list[1]", 1, 2, 16, 14, "bb"},
		{"list", 0, 0, 16, 7, ""},
		{"list[1]", 0, 0, 16, 12, "bb"},
		{"list[2]", 0, 0, 16, 1, ""},
		{"empty", 0, 0, 17, 1, ""},
		{"empty.below", 1, 1, 17, 1, ""},
		{"nothing", 0, 0, 1, 1, ""},
	} {
		p := problems.Problem{Path: c.path, Line: c.line, Column: c.column}
		if line, column := doc.place(p); line != c.wantLine || column != c.wantColumn {
			t.Errorf("%s %d:%d is at %d:%d; want %d:%d", c.path, c.line, c.column, line, column, c.wantLine, c.wantColumn)
		}
		if _, v, rest := doc.find(c.path); rest == "" && v.Kind == yaml.ScalarNode && v.Value != c.valueIs {
			t.Errorf("%s is %q; want %q", c.path, v.Value, c.valueIs)
		}
	}
}
