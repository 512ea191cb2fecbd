package passes

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/passhook/passhook/problems"
)

// places says where the values of a JSON file begin, by their JSON pointer
// (RFC 6901), as byte offsets.
type places struct {
	text []byte
	at   map[string]int
}

// positions reads a file that is valid JSON.
func positions(b []byte) places {
	p := places{text: b, at: map[string]int{"": 0}}
	dec := jsontext.NewDecoder(bytes.NewReader(b))
	for {
		before := int(dec.InputOffset())
		if _, err := dec.ReadToken(); err != nil {
			return p
		}
		pointer := string(dec.StackPointer())
		// White space and punctuation stand before the token. A name comes
		// before its value, whose place wins.
		begin := before + len(b[before:]) - len(bytes.TrimLeft(b[before:], " \t\r\n,:"))
		if closing := b[begin] == '}' || b[begin] == ']'; !closing {
			p.at[pointer] = begin
		}
	}
}

// place turns a problem with a path into one with a line and column.
func (p places) place(problem problems.Problem) problems.Problem {
	path := problem.Path
	for {
		offset, ok := p.at[pointer(path)]
		if !ok {
			path = parent(path)
			continue
		}
		line, column := lineColumn(p.text, offset)
		if ok && problem.Line == 1 && path == problem.Path {
			column += problem.Column // the quote before the text is one
		}
		if problem.Path != "" {
			problem.Text = problem.Path + ": " + problem.Text
		}
		problem.Path, problem.Line, problem.Column = "", line, column
		return problem
	}
}

// pointer turns a.b[0].c into /a/b/0/c.
func pointer(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(path)
}

func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

func lineColumn(b []byte, offset int) (line, column int) {
	before := b[:min(offset, len(b))]
	return bytes.Count(before, []byte("\n")) + 1, len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
}

// jsonPosition is where a file stops being JSON.
func jsonPosition(b []byte, err error) (line, column int) {
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		dec := jsontext.NewDecoder(bytes.NewReader(b))
		for {
			if _, e := dec.ReadToken(); e != nil {
				if errors.As(e, &syntactic) {
					return lineColumn(b, int(syntactic.ByteOffset))
				}
				return lineColumn(b, int(dec.InputOffset()))
			}
		}
	}
	return lineColumn(b, int(syntactic.ByteOffset))
}
