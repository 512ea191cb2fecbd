package slack

import (
	"cmp"
	"strings"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/integrations"
)

// Slack's limits, in characters. Texts of others are cut before they are
// escaped, which makes each character up to five.
// https://docs.slack.dev/reference/block-kit/blocks
const (
	mostFields = 10
	mostTitle  = 150
	mostLabel  = 100
	mostValue  = 300
	mostText   = 580
	mostButton = 75
	// mostPasses is how many passes one message shows; the page has all.
	mostPasses = 10
)

// actions are the ids of buttons.
const (
	actionWallet   = "wallet"
	actionPage     = "page"
	actionQR       = "qr"
	actionVoid     = "void"
	actionResend   = "resend"
	actionTemplate = "template"
)

// mrkdwn is a text in which nothing is looked for: names in it call nobody.
func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

func plainText(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

func contextLine(text string) slack.Block { return slack.NewContextBlock("", mrkdwn(text)) }

func link(action, label, url string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(action, "", plainText(label)).WithURL(url)
}

// bold is a text of others in bold. Stars of its own would end it.
func bold(text string, most int) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(clip(text, most), "*", "∗")), " ")
	if text == "" {
		return ""
	}
	return "*" + escape(text) + "*"
}

// pictures says whether Slack can fetch pictures of passes.
type pictures bool

// pass is what one pass looks like in a message: its picture, its title and what
// its front says.
func (show pictures) pass(p integrations.Package) []slack.Block {
	var out []slack.Block
	name := cmp.Or(strings.TrimSpace(clip(p.Title, mostTitle)), "Pass")
	if bool(show) && !p.Voided {
		out = append(out, slack.NewImageBlock(p.Link+".png", name, "", nil))
	}
	title := bold(name, mostTitle)
	if p.Voided {
		title = "~" + title + "~ is no longer valid"
	}
	var fields []*slack.TextBlockObject
	for _, f := range p.Fields {
		text := strings.Trim(bold(f.Label, mostLabel)+"\n"+escape(clip(f.Value, mostValue)), "\n")
		if text != "" && len(fields) < mostFields {
			fields = append(fields, mrkdwn(text))
		}
	}
	return append(out, slack.NewSectionBlock(mrkdwn(title), fields, nil))
}

// wallet is the button that a holder looks for; what is void has none.
func wallet(p integrations.Package) []slack.Block {
	if p.Voided {
		return nil
	}
	return []slack.Block{slack.NewActionBlock("", link(actionWallet, "Add to Apple Wallet", p.Link))}
}

// manage are the buttons for whoever issued a pass.
func manage(p integrations.Package) slack.Block {
	buttons := []slack.BlockElement{link(actionQR, "Show its QR code", p.Link)}
	if !p.Voided {
		sure := slack.NewConfirmationBlockObject(plainText("Make it void?"), plainText("Its holder cannot use the pass any more."), plainText("Make it void"), plainText("Keep it"))
		buttons = append(buttons,
			slack.NewButtonBlockElement(actionResend, p.Serial, plainText("Send again")),
			slack.NewButtonBlockElement(actionVoid, p.Serial, plainText("Make void")).WithStyle(slack.StyleDanger).WithConfirm(sure))
	}
	return slack.NewActionBlock("", buttons...)
}

// titles is what notifications show of passes.
func titles(packages []integrations.Package) string {
	if len(packages) == 1 && packages[0].Title != "" {
		return clip(packages[0].Title, mostTitle)
	}
	return counted(len(packages), "pass", "passes")
}
