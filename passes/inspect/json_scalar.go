package inspect

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/passhook/passhook/problems"
)

// quoted reads one text between quotes.
func (p *parser) quoted() string {
	var out []byte
	begin := p.at
	for p.at++; p.at < len(p.text); {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return string(out)
		case c == '\\':
			out = p.escape(out)
		case c < 0x20:
			p.say(problems.Error, "json-control", "a text has a "+control(c)+" in it",
				refused, `write \n for a new line, \t for a tab`)
			out = append(out, c)
			p.at++
		default:
			r, size := utf8.DecodeRune(p.text[p.at:])
			if r == utf8.RuneError && size == 1 {
				p.say(problems.Error, "json-utf8", "a byte is no UTF-8", refused, "save the file as UTF-8")
			}
			out = utf8.AppendRune(out, r)
			p.at += size
		}
	}
	p.at = begin
	p.stop("a text is never closed", `write " at its end`)
	p.at = len(p.text)
	return string(out)
}

func control(c byte) string {
	switch c {
	case '\n', '\r':
		return "line break"
	case '\t':
		return "tab"
	}
	return fmt.Sprintf("control character (%#02x)", c)
}

const simpleEscapes = "\"\"\\\\//b\bf\fn\nr\rt\t"

// escape reads what stands after a backslash.
func (p *parser) escape(out []byte) []byte {
	at := p.at
	p.at += 2
	if p.at > len(p.text) {
		return out
	}
	c := p.text[p.at-1]
	if c == 'u' {
		if r, ok := p.hex(); ok {
			return utf8.AppendRune(out, p.surrogates(at, r))
		}
	}
	for i := 0; i < len(simpleEscapes); i += 2 {
		if simpleEscapes[i] == c {
			return append(out, simpleEscapes[i+1])
		}
	}
	p.sayAt(at, problems.Error, "json-escape",
		`a backslash stands before no character that it may stand before`, refused, `write \\ for a backslash`)
	return append(out, c)
}

// surrogates is r with its other half, where it is one half of a character.
func (p *parser) surrogates(at int, r rune) rune {
	if !utf16.IsSurrogate(r) {
		return r
	}
	if bytes.HasPrefix(p.text[p.at:], []byte(`\u`)) {
		p.at += 2
		low, ok := p.hex()
		if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
			return r
		}
	}
	p.sayAt(at, problems.Error, "json-escape", "is half a character", refused, "write the character itself")
	return utf8.RuneError
}

func (p *parser) hex() (rune, bool) {
	if p.at+4 > len(p.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(p.text[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(v), true
}

// word reads a number, true, false or null.
func (p *parser) word() any {
	begin := p.at
	for p.at < len(p.text) && !bytes.ContainsRune([]byte(" \t\r\n,:]}[{\"/"), rune(p.text[p.at])) {
		p.at++
	}
	word := string(p.text[begin:p.at])
	switch word {
	case "true", "false":
		return word == "true"
	case "null":
		return nil
	}
	if i, err := strconv.ParseInt(word, 10, 64); err == nil && isNumber(word) {
		return i
	}
	f, err := strconv.ParseFloat(word, 64)
	finite := err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	if finite && isNumber(word) {
		return f
	}
	text := "is no JSON value"
	if len(word) <= maxKey && word != "" {
		text = strconv.Quote(word) + " " + text
	}
	p.sayAt(begin, problems.Error, "json-value", text, refused,
		"write a number, a text between double quotes, true, false or null")
	switch {
	case finite && !strings.ContainsAny(word, "xXpP_"):
		return f
	case word == "":
		p.stopped = true
	}
	return nil
}

// isNumber is the grammar of RFC 8259, section 6, for what strconv takes.
func isNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if strings.Trim(digits, "0123456789+-.eE") != "" || digits == "" || digits[0] < '0' || digits[0] > '9' {
		return false
	}
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	i := strings.IndexByte(s, '.')
	return i < 0 || i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
}
