package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/passhook/passhook/passes"
)

// command is a slash command.
// https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
type command struct {
	person
	text, trigger, response string
}

func commandOf(form url.Values) command {
	return command{
		person: person{team: form.Get("team_id"), user: form.Get("user_id"), channel: form.Get("channel_id")},
		text:   form.Get("text"), trigger: form.Get("trigger_id"), response: form.Get("response_url"),
	}
}

// command answers a slash command. The error is that it is none.
func (h *Handler) command(ctx context.Context, c command) (any, error) {
	if !userID.MatchString(c.user) || c.team == "" || c.trigger == "" {
		return nil, errors.New("the command lacks user_id, team_id or trigger_id")
	}
	a, err := parseAsk(c.text)
	if err != nil {
		return say(h.oops(c.person, a.verb, err)), nil
	}
	verbs := map[string]func(context.Context, command, ask) *reply{
		"help": h.help, "list": h.list, "find": h.find, "void": h.voidOne, "resend": h.resendOne, "status": h.status,
	}
	switch f := verbs[a.verb]; {
	case a.verb == "":
		if problem := h.open(ctx, c); problem != nil {
			return problem, nil
		}
		return nil, nil //nolint:nilnil // an empty answer
	case f != nil:
		return f(ctx, c, a), nil
	}
	return h.issueOne(ctx, c, a), nil
}

// oops says what is wrong with a command, and how it is written right.
func (h *Handler) oops(p person, template string, err error) string {
	text := escape(clip(err.Error(), mostText))
	if t := h.Engine.Program().Templates()[template]; t != nil && h.may(p, template) {
		return text + "\nWrite it as " + h.usage(t)
	}
	return text + "\nSee `" + h.config.command() + " help`"
}

// usage is how a template's pass is issued: all its inputs, those in brackets
// may be left out.
func (h *Handler) usage(t *passes.Template) string {
	parts := []string{h.config.command(), t.Name}
	for _, in := range t.Inputs {
		if fieldOf(in) == nil {
			continue
		}
		text := in.Name + "=" + quote(in.Word())
		if !in.Required || in.Default != nil {
			text = "[" + text + "]"
		}
		parts = append(parts, text)
	}
	return "`" + escape(strings.ReplaceAll(strings.Join(append(parts, "[to: @someone]"), " "), "`", "'")) + "`"
}

// quote is a word as it is typed.
func quote(word string) string {
	if word != "" && !strings.ContainsAny(word, " "+quotes) {
		return word
	}
	return `"` + strings.ReplaceAll(strings.ReplaceAll(word, `\`, `\\`), `"`, `\"`) + `"`
}

// help says what there is.
func (h *Handler) help(_ context.Context, _ command, _ ask) *reply {
	name := h.config.command()
	return say(strings.Join([]string{
		"*Passes for Apple Wallet*",
		"`" + name + "` opens a form",
		"`" + name + " TEMPLATE name=value … [to: @someone | to: #channel | to: ada@example.com]` makes a pass at once, for yourself or for others",
		"`" + name + " list` shows the templates that you may use",
		"`" + name + " find WHAT` finds passes by serial number or by who got them",
		"`" + name + " void SERIAL` makes a pass void",
		"`" + name + " resend SERIAL` sends a pass again",
		"`" + name + " status` says how things are",
	}, "\n"))
}

// list shows the templates that a person may use, with how.
func (h *Handler) list(_ context.Context, c command, _ ask) *reply {
	names := h.templates(c.person)
	if len(names) == 0 {
		return say(h.nothing())
	}
	all := h.Engine.Program().Templates()
	var lines []string
	for _, name := range names[:min(len(names), mostListed)] {
		lines = append(lines, h.usage(all[name]))
	}
	if more := len(names) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return say(strings.Join(lines, "\n"))
}

// mostListed is how much one answer lists.
const mostListed = 20

// nothing is for who may issue no template here.
func (h *Handler) nothing() string {
	return "You may not issue passes here. Whoever runs passhook allows people, user groups and channels under `slack.templates`."
}

// allowed is the template that a person asks for, or what to say instead.
func (h *Handler) allowed(p person, name string) (*passes.Template, *reply) {
	names := h.templates(p)
	if slices.Contains(names, name) {
		return h.Engine.Program().Templates()[name], nil
	}
	if len(names) == 0 {
		return nil, say(h.nothing())
	}
	return nil, say(fmt.Sprintf("There is no template %s that you may issue here; there is %s. See `%s help`",
		bold(name, mostLabel), escape(clip(strings.Join(names, ", "), mostText)), h.config.command()))
}
