package mailer

import (
	"regexp"
	"strings"
	"unicode"
)

// The longest texts, in characters. What is longer is cut, with an ellipsis.
const (
	maxName    = 100
	maxSubject = 200
	maxValue   = 500
	maxIntro   = 4000
	maxNotice  = 100_000
)

// linkStart is where mail clients begin to make a link of plain text.
var linkStart = regexp.MustCompile(`(?i)(:)(//)|\b(www)(\.)`)

// breaksLine reports characters that end a line or are no text: controls and
// the two separators of Unicode.
func breaksLine(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// turnsText reports the characters that reorder what stands around them, so
// that a text reads differently from what it is.
func turnsText(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// line is s as one line of at most limit characters: line breaks, controls and
// runs of spaces become one space.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case breaksLine(r):
			return ' '
		case turnsText(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return cut(strings.Join(strings.Fields(s), " "), limit)
}

// lines is s with its line breaks kept, as \n, and each line made clean. At
// most one empty line in a row stays.
func lines(s string, limit int) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	var out []string
	for l := range strings.SplitSeq(s, "\n") {
		l = line(l, limit)
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return cut(strings.TrimSpace(strings.Join(out, "\n")), limit)
}

// unlinked is s with a zero-width word joiner where a mail client would begin
// a link: names come from strangers, and the only links of a mail are ours.
// Bare host names stay as they are, since any dotted word could be one.
func unlinked(s string) string {
	return linkStart.ReplaceAllString(s, "$1$3\u2060$2$4")
}

func cut(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return strings.TrimSpace(string(runes[:limit-1])) + "…"
}
