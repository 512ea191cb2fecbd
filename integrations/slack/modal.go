package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
)

// openWithin is how long Slack may take to open a form: a command is answered
// within 3 s, and its trigger lasts no longer.
const openWithin = 2 * time.Second

// callback is the id of the form.
const callback = "pass"

// Blocks of the form beside those of inputs.
const (
	blockTemplate = "template"
	blockUser     = "to.user"
	blockChannel  = "to.channel"
	blockEmail    = "to.email"
)

// remembered is what the form carries along.
type remembered struct {
	// Channel is where the command was typed, and Response where it is answered.
	Channel  string `json:"channel"`
	Response string `json:"response,omitempty"`
	// Template is the one whose fields the form shows.
	Template string `json:"template,omitempty"`
}

// open is /pass alone: it opens the form, or says why not.
func (h *Handler) open(ctx context.Context, c command) *reply {
	names := h.templates(c.person)
	if len(names) == 0 {
		return say(h.nothing())
	}
	m := remembered{Channel: c.channel, Response: c.response}
	if len(names) == 1 {
		m.Template = names[0]
	}
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	if _, err := h.Client.api.OpenViewContext(ctx, c.trigger, h.view(names, m)); err != nil {
		err = sorted(err)
		h.Log.Warn("slack: the form could not be opened", "error", err)
		return say("The form could not be opened: " + escape(err.Error()) + "\n`" + h.config.command() + " help` says how to do without")
	}
	return nil
}

// view is the form: which template, its inputs, and who gets the pass.
func (h *Handler) view(names []string, m remembered) slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: plainText("New pass"), Close: plainText("Cancel"), Submit: plainText("Next"),
	}
	if len(m.Response) > maxResponse {
		m.Response = ""
	}
	b, _ := json.Marshal(m) // strings only
	v.PrivateMetadata = string(b)
	blocks := []slack.Block{chooser(names, m.Template)}
	if t := h.Engine.Program().Templates()[m.Template]; t != nil {
		v.Submit = plainText("Make the pass")
		blocks = append(blocks, inputBlocks(t)...)
		blocks = append(blocks, h.recipientBlocks()...)
	}
	v.Blocks = slack.Blocks{BlockSet: blocks}
	return v
}

// maxResponse is the longest address that the form carries along.
const maxResponse = 2000

// chooser is the menu of templates; the form changes with it.
func chooser(names []string, chosen string) slack.Block {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Choose a template"), actionTemplate)
	if len(names) > mostOptions {
		none := 0
		e.Type, e.MinQueryLength = slack.OptTypeExternal, &none
	} else {
		e.Options = options(names)
	}
	if chosen != "" {
		e.InitialOption = options([]string{chosen})[0]
	}
	b := slack.NewInputBlock(blockTemplate, plainText("Template"), nil, e)
	b.DispatchAction = true
	return b
}

func options(names []string) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, name := range names {
		out = append(out, slack.NewOptionBlockObject(name, plainText(clip(name, mostButton)), nil))
	}
	return out
}

// inputBlock is the id of an input's field. Another template's is another field,
// so that nothing stays that was entered for that.
func inputBlock(t *passes.Template, in passes.Input) string {
	sum := sha256.Sum256([]byte(t.Name))
	return "in." + in.Name + "." + hex.EncodeToString(sum[:4])
}

func inputBlocks(t *passes.Template) []slack.Block {
	var out []slack.Block
	for _, in := range t.Inputs {
		e := fieldOf(in)
		if e == nil || len(out) == mostInputs {
			continue
		}
		label := clip(in.Label, mostTitle)
		if label == "" {
			label = in.Name
		}
		b := slack.NewInputBlock(inputBlock(t, in), plainText(label), nil, e)
		b.Optional = !in.Required || in.Default != nil
		out = append(out, b)
	}
	return out
}

// mostInputs is how many fields a form has, of the 100 blocks that Slack takes.
const mostInputs = 90

// recipientBlocks ask who gets the pass; whoever asks gets it where that is
// nobody.
func (h *Handler) recipientBlocks() []slack.Block {
	who := slack.NewInputBlock(blockUser, plainText("For a person in Slack"), plainText("Leave this and the fields below empty for a pass for just you."),
		slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainText("Just me"), action))
	channels := slack.NewOptionsSelectBlockElement(slack.OptTypeConversations, nil, action)
	channels.Filter = &slack.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeBotUsers: true}
	out := []*slack.InputBlock{who, slack.NewInputBlock(blockChannel, plainText("In a channel"), nil, channels)}
	if h.Engine.Channels[integrations.ChannelEmail] != nil {
		out = append(out, slack.NewInputBlock(blockEmail, plainText("By mail to"), nil, slack.NewEmailTextInputBlockElement(nil, action)))
	}
	var blocks []slack.Block
	for _, b := range out {
		b.Optional = true
		blocks = append(blocks, b)
	}
	return blocks
}
