package expressions

import (
	"errors"
	"strings"
)

// Text is a compiled string that may hold ${{ }}, safe for concurrent use.
type Text struct {
	settings Settings
	parts    []part
}

// part is literal text, or an expression.
type part struct {
	literal string
	expr    *Expr
}

const opening, closing = "${{", "}}"

// CompileText compiles a string. $${{ stands for a literal ${{. The error is an
// *Error.
func (s Scope) CompileText(src string) (*Text, error) {
	t := &Text{settings: s.settings}
	literal := strings.Builder{}
	for at := 0; at < len(src); {
		next := strings.Index(src[at:], opening)
		if next < 0 {
			literal.WriteString(src[at:])
			break
		}
		begin := at + next
		if begin > at && src[begin-1] == '$' {
			literal.WriteString(src[at:begin-1] + opening)
			at = begin + len(opening)
			continue
		}
		literal.WriteString(src[at:begin])
		inner := begin + len(opening)
		length := end(src[inner:])
		if length < 0 {
			line, column := position(src, begin)
			return nil, &Error{Line: line, Column: column, Message: "${{ is never closed; add }}"}
		}
		e, err := s.compile(src[inner:inner+length], src, inner)
		if err != nil {
			return nil, err
		}
		t.add(literal.String(), e)
		literal.Reset()
		at = inner + length + len(closing)
	}
	t.add(literal.String(), nil)
	return t, nil
}

func (t *Text) add(literal string, e *Expr) {
	if literal != "" {
		t.parts = append(t.parts, part{literal: literal})
	}
	if e != nil {
		t.parts = append(t.parts, part{expr: e})
	}
}

// end is how long the expression is that src begins with, up to its }}; -1
// where there is none. Braces and quotes of the expression are its own.
func end(src string) int {
	depth := 0
	for i := 0; i < len(src); i++ {
		switch c := src[i]; c {
		case '"', '\'', '`':
			n := quoted(src[i:])
			if n < 0 {
				return -1
			}
			i += n
		case '{':
			depth++
		case '}':
			if depth == 0 {
				if strings.HasPrefix(src[i:], closing) {
					return i
				}
				return -1
			}
			depth--
		}
	}
	return -1
}

// quoted is where the string literal that src begins with ends, or -1.
func quoted(src string) int {
	for i := 1; i < len(src); i++ {
		switch {
		case src[i] == '\\' && src[0] != '`':
			i++
		case src[i] == src[0]:
			return i
		}
	}
	return -1
}

// Constant is the text, and true, where it holds no expression.
func (t *Text) Constant() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].expr == nil:
		return t.parts[0].literal, true
	}
	return "", false
}

// Eval is the value: one expression alone keeps its type, but a time becomes
// RFC 3339 text; everything else is a string, with null as empty.
func (t *Text) Eval(vars map[string]any) (any, error) {
	if len(t.parts) == 1 && t.parts[0].expr != nil {
		v, err := t.parts[0].expr.Eval(vars)
		return printable(v, t.settings), err
	}
	return t.String(vars)
}

// String is the value as text.
func (t *Text) String(vars map[string]any) (string, error) {
	if s, ok := t.Constant(); ok {
		return s, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.expr == nil {
			b.WriteString(p.literal)
			continue
		}
		v, err := p.expr.Eval(vars)
		if err != nil {
			return "", err
		}
		b.WriteString(Stringify(v, t.settings))
		if b.Len() > maxText {
			return "", errors.New(p.expr.source + ": the text is longer than 1 MiB")
		}
	}
	return b.String(), nil
}

// maxText is the longest text that is made, in bytes.
const maxText = 1 << 20
