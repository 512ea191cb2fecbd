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

// parser reads d.text from at on.
type parser struct {
	*document
	at, values int
	// stopped: what follows cannot be understood.
	stopped bool
}

func (p *parser) say(s problems.Severity, rule, text, effect, fix string) {
	p.sayAt(p.at, s, rule, text, effect, fix)
}

// sayAt notes a finding. Only the first few of a rule are kept.
func (p *parser) sayAt(at int, s problems.Severity, rule, text, effect, fix string) {
	same := 0
	for _, f := range p.found {
		if f.Rule == rule {
			same++
		}
	}
	if same >= 5 {
		return
	}
	line, column := lineColumn(p.text, at)
	p.found = append(p.found, problems.Problem{Severity: s, Rule: rule, File: p.file, Line: line, Column: column, Text: text, Effect: effect, Fix: fix})
}

// stop is a finding after which nothing more is read.
func (p *parser) stop(text, fix string) {
	if !p.stopped {
		p.say(problems.Error, "json", text, refused, fix)
	}
	p.stopped = true
}

func (p *parser) peek() byte {
	if p.stopped || p.at >= len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// space skips white space and comments.
func (p *parser) space() {
	for !p.stopped && p.at < len(p.text) {
		rest := p.text[p.at:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.at++
		case bytes.HasPrefix(rest, []byte("//")) || c == '#':
			p.comment("\n", rest)
		case bytes.HasPrefix(rest, []byte("/*")):
			p.comment("*/", rest)
		default:
			return
		}
	}
}

func (p *parser) comment(end string, rest []byte) {
	p.say(problems.Error, "json-comment", "JSON has no comments", refused, "take it out")
	i := bytes.Index(rest[1:], []byte(end))
	if i < 0 {
		p.at = len(p.text)
		return
	}
	p.at += 1 + i + len(end)
}

func (p *parser) value(depth int) *node {
	p.space()
	n := &node{at: p.at}
	p.values++
	switch c := p.peek(); {
	case p.values > maxValues:
		p.stop(fmt.Sprintf("has more than %d values", maxValues), "")
	case depth > maxNesting:
		p.stop(fmt.Sprintf("is nested more than %d deep", maxNesting), "")
	case c == '{' || c == '[':
		n.kind = c
		p.at++
		p.list(n, depth)
	case c == '"':
		n.scalar = p.text1()
	case c == 0:
		p.stop("ends in the middle", "save it anew, whole")
	case c == '\'' || c == '`' || c >= 0x80:
		p.stop("texts stand between straight double quotes", `write "`)
	default:
		n.scalar = p.word()
	}
	return n
}

// list reads the members of an object or an array up to its end.
func (p *parser) list(n *node, depth int) {
	end := n.kind + 2 // '}' follows '{' in ASCII by two, and so does ']' '['.
	seen := map[string]int{}
	for first := true; !p.stopped; first = false {
		p.space()
		if p.peek() == end {
			p.at++
			return
		}
		if !first && !p.comma(end) {
			return
		}
		if n.kind == '[' {
			n.elems = append(n.elems, p.value(depth+1))
			continue
		}
		p.member(n, depth, seen)
	}
}

// comma reads the comma between two members; false is the end of the list.
func (p *parser) comma(end byte) bool {
	at := p.at
	if p.peek() != ',' {
		if p.at >= len(p.text) {
			p.stop("ends in the middle", "save it anew, whole")
			return false
		}
		p.say(problems.Error, "json", "a comma is missing", refused, "write , before this")
		if p.peek() != '"' && p.peek() != '{' {
			p.stopped = true
		}
		return !p.stopped
	}
	p.at++
	if p.space(); p.peek() == end {
		p.at++
		p.sayAt(at, problems.Warning, "json-trailing-comma", "a comma stands before "+string(end), "iPhones read it, and most other programs refuse it", "take the comma out")
		return false
	}
	return true
}

// member reads one member of an object; seen is where the names stand.
func (p *parser) member(n *node, depth int, seen map[string]int) {
	at := p.at
	if p.at >= len(p.text) {
		p.stop("ends in the middle", "save it anew, whole")
		return
	}
	if p.peek() != '"' {
		p.stop("a key between double quotes is missing", `write "key": value`)
		return
	}
	name := p.text1()
	if len(name) > maxKey {
		p.sayAt(at, problems.Error, "json", fmt.Sprintf("a key has %d bytes", len(name)), "", "shorten it")
		name = strings.ToValidUTF8(name[:maxKey], "")
	}
	if p.space(); p.peek() != ':' {
		p.stop("a colon is missing", "write : here")
		return
	}
	p.at++
	v := p.value(depth + 1)
	v.at = max(v.at, at)
	if i, twice := seen[name]; twice {
		p.sayAt(at, problems.Warning, "json-duplicate-key", strconv.Quote(name)+" stands here twice", "which of them an iPhone shows is not certain", "keep one")
		n.members[i].value = v
		return
	}
	seen[name] = len(n.members)
	n.members = append(n.members, member{name, v})
}

// text1 reads one text between quotes.
func (p *parser) text1() string {
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
			p.say(problems.Error, "json-control", "a text has a "+control(c)+" in it", refused, `write \n for a new line, \t for a tab`)
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
	p.sayAt(at, problems.Error, "json-escape", `a backslash stands before no character that it may stand before`, refused, `write \\ for a backslash`)
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
	p.sayAt(begin, problems.Error, "json-value", text, refused, "write a number, a text between double quotes, true, false or null")
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
