package standins

import (
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	slackCode  = regexp.MustCompile("(?s)```(.+?)```|`([^`\n]+)`")
	slackAngle = regexp.MustCompile(`<([^<>|\n]+)(?:\|([^<>\n]*))?>`)
	slackHeld  = regexp.MustCompile("\uE000([0-9]+)\uE001")
	slackMarks = []struct {
		found *regexp.Regexp
		tag   string
	}{
		{regexp.MustCompile(`(^|[\s(_~>])\*([^*\n]+)\*($|[\s).,:;!?_~<])`), "strong"},
		{regexp.MustCompile(`(^|[\s(*~>])_([^_\n]+)_($|[\s).,:;!?*~<])`), "em"},
		{regexp.MustCompile(`(^|[\s(*_>])~([^~\n]+)~($|[\s).,:;!?*_<])`), "s"},
	}
)

// mrkdwn is a text in Slack's markup as HTML: bold, italic, struck out, code,
// links and mentions. Emoji stay the names that they are. Whatever else is in
// it is shown as it is.
// https://docs.slack.dev/messaging/formatting-message-text
func (r slackRenderer) mrkdwn(text string) template.HTML {
	var held []string
	hold := func(markup string) string {
		held = append(held, markup)
		return "\uE000" + strconv.Itoa(len(held)-1) + "\uE001"
	}
	text = strings.NewReplacer("\uE000", "", "\uE001", "").Replace(text)
	text = slackCode.ReplaceAllStringFunc(text, func(found string) string {
		part := slackCode.FindStringSubmatch(found)
		if part[1] != "" {
			return hold("<pre>" + shownText(strings.Trim(part[1], "\n")) + "</pre>")
		}
		return hold("<code>" + shownText(part[2]) + "</code>")
	})
	text = slackAngle.ReplaceAllStringFunc(text, func(found string) string {
		part := slackAngle.FindStringSubmatch(found)
		return hold(r.reference(part[1], part[2]))
	})
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = marked(line)
	}
	text = strings.Join(lines, "<br>\n")
	text = slackHeld.ReplaceAllStringFunc(text, func(found string) string {
		n, err := strconv.Atoi(slackHeld.FindStringSubmatch(found)[1])
		if err != nil || n >= len(held) {
			return ""
		}
		return held[n]
	})
	return template.HTML(text) //nolint:gosec // every piece of it was escaped
}

func marked(line string) string {
	quoted := strings.HasPrefix(line, "&gt;") || strings.HasPrefix(line, ">")
	if quoted {
		line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "&gt;"), ">"), " ")
	}
	line = shownText(line)
	for range 2 { // marks lie in each other
		for _, m := range slackMarks {
			line = m.found.ReplaceAllString(line, "$1<"+m.tag+">$2</"+m.tag+">$3")
		}
	}
	if quoted {
		return "<q>" + line + "</q>"
	}
	return line
}

// shownText is text whose &, < and > are escaped as Slack wants them, for HTML.
func shownText(text string) string {
	return html.EscapeString(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}

// reference is what stands between < and >: a link, or a mention.
func (r slackRenderer) reference(target, label string) string {
	id, isUser := strings.CutPrefix(target, "@")
	channel, isChannel := strings.CutPrefix(target, "#")
	special, isSpecial := strings.CutPrefix(target, "!")
	switch {
	case isUser:
		return mention("@" + or(label, r.name(id)))
	case isChannel:
		return mention("#" + or(label, r.name(channel)))
	case isSpecial:
		return mention(or(label, "@"+special))
	}
	address := strings.NewReplacer("&amp;", "&").Replace(target)
	if !safeLink(address) {
		return shownText(or(label, target))
	}
	return `<a href="` + html.EscapeString(address) + `" target="_blank" rel="noreferrer">` + shownText(or(label, target)) + "</a>"
}

// safeLink is true for what may be followed from a page.
func safeLink(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "mailto" || u.Scheme == "tel")
}

func mention(name string) string { return `<b class="mention">` + shownText(name) + "</b>" }

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
