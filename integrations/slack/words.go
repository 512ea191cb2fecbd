package slack

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// words takes a command's text apart at spaces. Quotes keep spaces, also those
// that phones type, and what Slack has put into angle brackets is one piece.
func words(text string) ([]string, error) {
	var out []string
	var word strings.Builder
	begun, quoted, escaped, bracket := false, false, false, false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
			word.WriteRune(r)
		case quoted && r == '\\':
			escaped = true
		case !bracket && strings.ContainsRune(quotes, r):
			quoted, begun = !quoted, true
		case !quoted && !bracket && unicode.IsSpace(r):
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			begun = true
			bracket = (bracket || r == '<') && r != '>'
			word.WriteRune(r)
		}
	}
	if quoted || escaped {
		return nil, errors.New(`a quote is not closed; write it as name="Ada Lovelace"`)
	}
	if begun {
		out = append(out, word.String())
	}
	return out, nil
}

const quotes = "\"“”„"

// entity is what Slack makes of people, channels and addresses.
// https://docs.slack.dev/messaging/formatting-message-text
var entity = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is text as somebody typed it, from what Slack made of that.
func plain(text string) string {
	text = entity.ReplaceAllStringFunc(text, func(s string) string {
		m := entity.FindStringSubmatch(s)
		target, label := m[1], m[2]
		switch target[0] {
		case '@', '#':
			if label != "" {
				return strings.TrimSuffix(target[:1], "@") + label
			}
			return target
		case '!':
			return "@" + target[1:]
		}
		return strings.TrimPrefix(target, "mailto:")
	})
	return unescape.Replace(text)
}

// escape is text that Slack shows as it is: nobody is called by it, and nothing
// in it is a link.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// clip shortens a text to so many characters, without what nobody sees.
func clip(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
