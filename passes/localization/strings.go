// Package localization reads the texts of a pass in its languages: the
// pass.strings files of the .lproj folders.
//
// https://developer.apple.com/documentation/walletpasses/creating-the-source-for-a-pass
package localization

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"github.com/passhook/passhook/problems"
)

// maxStrings is how many texts of one file are read.
const maxStrings = 10_000

// Strings reads a .strings file: lines such as
//
//	/* comment */ "key" = "text";
//
// in UTF-8 or UTF-16. What can be read is in the map, and what is wrong in the
// findings, which have a line and a column and no file.
func Strings(b []byte) (map[string]string, problems.List) {
	p := &parser{texts: map[string]string{}}
	p.decode(b)
	if p.text == nil {
		return p.texts, p.found
	}
	for p.space(); p.at < len(p.text); p.space() {
		if len(p.texts) == maxStrings {
			p.say(problems.Warning, "strings-form",
				fmt.Sprintf("has more than %d texts; the rest is not read", maxStrings), "", "")
			break
		}
		if !p.entry() {
			break
		}
	}
	return p.texts, p.found
}

type parser struct {
	text  []byte
	at    int
	texts map[string]string
	found problems.List
}

// maxFindings is how many findings of one file are reported.
const maxFindings = 20

func (p *parser) say(s problems.Severity, rule, text, effect, fix string) {
	p.sayAt(p.at, s, rule, text, effect, fix)
}

func (p *parser) sayAt(at int, s problems.Severity, rule, text, effect, fix string) {
	if len(p.found) == maxFindings {
		return
	}
	before := p.text[:min(at, len(p.text))]
	p.found = append(p.found, problems.Problem{Severity: s, Rule: rule, Text: text, Effect: effect, Fix: fix,
		Line: bytes.Count(before, []byte("\n")) + 1, Column: len(before) - bytes.LastIndexByte(before, '\n')})
}

const shown = "iPhones in this language show the keys in place of the texts"

// decode brings the file into UTF-8; text stays nil where there is none.
func (p *parser) decode(b []byte) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(b, []byte("bplist")):
		p.say(problems.Note, "strings-form", "is a binary property list, which is not looked into",
			"", `write it as text: "key" = "text";`)
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		p.text = FromUTF16(b, unicode.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		p.text = FromUTF16(b, unicode.BigEndian)
	case len(b) > 1 && (b[0] == 0) != (b[1] == 0):
		p.say(problems.Warning, "strings-encoding", "is UTF-16 without a byte order mark", shown, "save it as UTF-8")
		order := unicode.LittleEndian
		if b[0] == 0 {
			order = unicode.BigEndian
		}
		p.text = FromUTF16(b, order)
	case !utf8.Valid(b):
		p.text = []byte(strings.ToValidUTF8(string(b), "\ufffd"))
		p.at = invalid(b)
		p.say(problems.Warning, "strings-encoding", "is neither UTF-8 nor UTF-16", shown, "save it as UTF-8")
		p.at = 0
	case bytes.HasPrefix(bytes.TrimSpace(b), []byte("<?xml")):
		p.say(problems.Note, "strings-form", "is an XML property list, which is not looked into",
			"", `write it as text: "key" = "text";`)
	default:
		p.text = append([]byte{}, b...)
	}
}

// invalid is where the first byte stands that is no UTF-8.
func invalid(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// FromUTF16 decodes UTF-16 with or without a byte order mark. What is no
// character becomes U+FFFD.
func FromUTF16(b []byte, order unicode.Endianness) []byte {
	out, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(b)
	if err != nil {
		return []byte{}
	}
	return bytes.TrimPrefix(out, []byte("\ufeff"))
}

// space skips white space and comments.
func (p *parser) space() {
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		end := ""
		switch {
		case bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0:
			p.at++
			continue
		case bytes.HasPrefix(rest, []byte("//")):
			end = "\n"
		case bytes.HasPrefix(rest, []byte("/*")):
			end = "*/"
		default:
			return
		}
		i := bytes.Index(rest[2:], []byte(end))
		if i < 0 {
			if end == "*/" {
				p.say(problems.Warning, "strings-form", "a comment is never closed", shown, "write */ at its end")
			}
			p.at = len(p.text)
			return
		}
		p.at += 2 + i + len(end)
	}
}

// entry reads one "key" = "text"; and is false where nothing more can be read.
func (p *parser) entry() bool {
	at := p.at
	key, ok := p.word()
	if !ok {
		p.say(problems.Warning, "strings-form",
			"a key between double quotes is missing", shown, `write "key" = "text";`)
		return p.nextLine()
	}
	p.space()
	if !p.sign('=') {
		if p.sign(';') { // "key"; stands for "key" = "key";
			p.texts[key] = key
			return true
		}
		p.say(problems.Warning, "strings-form", "the = after the key is missing", shown, `write "key" = "text";`)
		return p.nextLine()
	}
	p.space()
	text, ok := p.word()
	if !ok {
		p.say(problems.Warning, "strings-form",
			"the text between double quotes is missing", shown, `write "key" = "text";`)
		return p.nextLine()
	}
	end := p.at
	p.space()
	if !p.sign(';') {
		p.sayAt(end, problems.Warning, "strings-form", "the semicolon at the end is missing", shown, "write ; here")
	}
	if _, twice := p.texts[key]; twice {
		p.sayAt(at, problems.Warning, "strings-duplicate", fmt.Sprintf("%q stands here twice", short(key)),
			"which of them an iPhone shows is not certain", "keep one")
	}
	p.texts[key] = text
	return true
}

func (p *parser) sign(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// nextLine goes on after what could not be read; it is false at the end.
func (p *parser) nextLine() bool {
	i := bytes.IndexByte(p.text[p.at:], '\n')
	if i < 0 {
		return false
	}
	p.at += i + 1
	return true
}

// word reads a text in quotes, or a bare word.
func (p *parser) word() (string, bool) {
	if p.at >= len(p.text) {
		return "", false
	}
	if p.text[p.at] == '"' {
		return p.quoted()
	}
	begin := p.at
	for p.at < len(p.text) && isBare(p.text[p.at]) {
		p.at++
	}
	return string(p.text[begin:p.at]), p.at > begin
}

// isBare is true for what old property lists take without quotes.
func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.IndexByte("_.-$:", c) >= 0
}

func (p *parser) quoted() (string, bool) {
	begin := p.at
	var out []byte
	for p.at++; p.at < len(p.text); {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			return string(out), true
		case '\\':
			out = p.escape(out)
		default:
			out = append(out, c)
			p.at++
		}
	}
	p.at = begin
	p.say(problems.Warning, "strings-form", "a text is never closed", shown, `write " at its end`)
	p.at = len(p.text)
	return "", false
}

const escapes = "n\nt\tr\ra\ab\bf\fv\v"

// escape reads what stands after a backslash: \n, \", \U00e9, \351.
func (p *parser) escape(out []byte) []byte {
	rest := p.text[p.at+1:]
	if len(rest) == 0 {
		p.at++
		return out
	}
	p.at += 2
	if rest[0] == 'U' || rest[0] == 'u' {
		var r rune
		digits := 0
		for digits < 4 && 1+digits < len(rest) {
			d := bytes.IndexByte([]byte("0123456789abcdef"), rest[1+digits]|0x20)
			if d < 0 {
				break
			}
			r, digits = r<<4|rune(d), digits+1
		}
		p.at += digits
		return utf8.AppendRune(out, r)
	}
	for i := 0; i < len(escapes); i += 2 {
		if escapes[i] == rest[0] {
			return append(out, escapes[i+1])
		}
	}
	return append(out, rest[0])
}

func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
