package inspect

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

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
	p.found = append(p.found, problems.Problem{Severity: s, Rule: rule, File: p.file,
		Line: line, Column: column, Text: text, Effect: effect, Fix: fix})
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
		n.scalar = p.quoted()
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
		p.sayAt(at, problems.Warning, "json-trailing-comma", "a comma stands before "+string(end),
			"iPhones read it, and most other programs refuse it", "take the comma out")
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
	name := p.quoted()
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
		p.sayAt(at, problems.Warning, "json-duplicate-key", strconv.Quote(name)+" stands here twice",
			"which of them an iPhone shows is not certain", "keep one")
		n.members[i].value = v
		return
	}
	seen[name] = len(n.members)
	n.members = append(n.members, member{name, v})
}
