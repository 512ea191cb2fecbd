package slack

import (
	"errors"
	"regexp"
	"strings"

	"github.com/passhook/passhook/integrations"
)

// ask is what a person asks of a command's text: a verb and what follows it, or
// a template with its inputs.
type ask struct {
	// verb is the first word; empty: there is none.
	verb string
	// rest are the words behind it that are neither input nor recipient, as Slack
	// sends them.
	rest []string
	// inputs are those that were given, as they were typed.
	inputs map[string]any
	to     []integrations.Recipient
}

var inputWord = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`)

// parseAsk reads the text of a command.
func parseAsk(text string) (ask, error) {
	out := ask{inputs: map[string]any{}}
	all, err := words(text)
	if err != nil || len(all) == 0 {
		return out, err
	}
	out.verb = plain(all[0])
	for i := 1; i < len(all); i++ {
		word := all[i]
		if to, ok := strings.CutPrefix(word, "to:"); ok {
			if to == "" && i+1 < len(all) { // to: @ada
				i++
				to = all[i]
			}
			r, me, err := recipient(to)
			if err != nil {
				return out, err
			}
			if !me {
				out.to = append(out.to, r)
			}
			continue
		}
		m := inputWord.FindString(word)
		if m == "" {
			out.rest = append(out.rest, word)
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(m, "="))
		if _, twice := out.inputs[name]; twice {
			return out, errors.New(name + " is given twice")
		}
		out.inputs[name] = plain(word[len(m):])
	}
	return out, nil
}

// what is the rest of a command, with people and channels by their ids.
func (a ask) what() string {
	var out []string
	for _, word := range a.rest {
		if id := mentioned(word); id != "" {
			word = id
		}
		out = append(out, plain(word))
	}
	return strings.Join(out, " ")
}

// mentioned is the id of the person or channel that a word is; empty: it is
// something else.
func mentioned(word string) string {
	if m := entity.FindStringSubmatch(word); m != nil && m[0] == word && strings.ContainsAny(m[1][:1], "@#") {
		return m[1][1:]
	}
	return ""
}

// recipient reads what follows to:. me is true for whoever asks.
func recipient(text string) (to integrations.Recipient, me bool, err error) {
	if id := mentioned(text); id != "" {
		return integrations.Recipient{Channel: Channel, Address: id}, false, CheckRecipient(id)
	}
	text = plain(text)
	switch {
	case text == "me":
		return to, true, nil
	case strings.HasPrefix(text, "#"):
		return integrations.Recipient{Channel: Channel, Address: text}, false, CheckRecipient(text)
	case strings.Contains(text, "@") && !strings.HasPrefix(text, "@"):
		return integrations.Recipient{Channel: integrations.ChannelEmail, Address: text}, false, nil
	}
	if strings.HasPrefix(text, "@") {
		return to, false, errors.New("Slack does not say who " + text + " is; write a space after to: and choose the person from the list that opens")
	}
	return to, false, errors.New("to: is followed by a person (@ada), a channel (#guests), a mail address or me")
}
