package mailer

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/passhook/passhook/integrations"
)

// stage is what a server can refuse.
type stage string

const (
	atSender    stage = "the sender"
	atRecipient stage = "the recipient"
	atData      stage = "DATA"
	atContent   stage = "the mail"
)

// refusal is what a 5xx means. A mail is given up only for what this recipient
// or this content will never pass; what is about us, or about the way, is the
// operator's to fix and tried again.
type refusal struct {
	at stage // empty: any
	// reply is the code with the enhanced status code, where there is one: "550
	// 5.1.1" (RFC 3463). text is what the server says, in lower case. nil: any.
	reply, text *regexp.Regexp
	final       bool
	// server is true where the server would refuse every mail.
	server bool
	advice string
}

const (
	adviceLogin     = "set mail.username and mail.password"
	adviceSender    = "check mail.from, and that the account at the mail server may send as it and is within its limits"
	adviceAccount   = "look at the account at the mail server: its permissions, its limits, and SPF, DKIM and DMARC of the sender's domain"
	adviceServer    = "ask whoever runs the mail server, if that lasts"
	adviceRecipient = "correct the address, or use another"
	adviceLarge     = "make the images of the template smaller"
	adviceContent   = "change the texts of the template"
)

// aboutUs are words by which servers without enhanced status codes mean the
// sender or the way: Gmail, Outlook, SES, SendGrid and Postfix say them.
const aboutUs = `relay|authenticat|log ?in\b|credential|\blimit|quota|too many|\brate\b|spam|policy|reputation|\bblock|black ?list|dkim|dmarc|\bspf\b|verified|suspended|paused|denied|not (authorized|permitted)|sender identity`

var re = regexp.MustCompile

// refusals are tried from the top; the first that fits counts, and the last always does.
var refusals = []refusal{
	{reply: re(`^53[0458]`), server: true, advice: adviceLogin},
	{at: atSender, server: true, advice: adviceSender},
	{reply: re(` 5\.1\.[78]$`), advice: adviceSender},
	{reply: re(` 5\.1\.`), final: true, advice: adviceRecipient},
	{reply: re(` (5\.2\.3|5\.3\.4)$`), final: true, advice: adviceLarge},
	{reply: re(` 5\.2\.[0124]$`), final: true, advice: adviceRecipient},
	{reply: re(` 5\.2\.`), advice: adviceAccount}, // Exchange's own, as 5.2.252: may not send as
	{reply: re(` 5\.3\.`), advice: adviceServer},
	{reply: re(` 5\.4\.1$`), text: re(`recipient address rejected`), final: true, advice: adviceRecipient}, // Exchange: no such mailbox
	{reply: re(` 5\.4\.5$`), advice: adviceAccount},                                                        // Gmail: daily limit
	{reply: re(` 5\.4\.`), advice: adviceServer},
	{at: atRecipient, reply: re(` 5\.5\.0$`), text: re(`mailbox unavailable`), final: true, advice: adviceRecipient}, // Outlook.com: no such mailbox
	{reply: re(` 5\.5\.`), advice: adviceServer},
	{reply: re(` 5\.6\.7$`), final: true, advice: adviceRecipient}, // takes ASCII addresses only
	{reply: re(` 5\.6\.`), final: true, advice: adviceContent},
	{reply: re(` 5\.7\.1[78]$`), final: true, advice: adviceRecipient}, // the mailbox has a new owner (RFC 7293)
	{reply: re(` 5\.7\.`), advice: adviceAccount},

	// The rest has no enhanced status code, or one that says nothing: 5.0.0.
	{at: atRecipient, text: re(`(?s)mailbox.*(full|quota)|quota.*mailbox`), final: true, advice: adviceRecipient},
	{at: atContent, reply: re(`^552`), final: true, advice: adviceLarge},
	{at: atContent, text: re(`too (large|big|long)|(?s:size.*exceed|exceed.*size)`), final: true, advice: adviceLarge},
	{text: re(aboutUs), advice: adviceAccount},
	{at: atRecipient, reply: re(`^(501|55[01236])`), final: true, advice: adviceRecipient},
	{at: atContent, final: true, advice: adviceContent},
	{advice: adviceServer},
}

// enhanced is an enhanced status code at the beginning of a text. Some write a #.
var enhanced = re(`^#?(5\.\d{1,3}\.\d{1,3})\b`)

// refused sorts what a server answered.
func refused(at stage, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return fmt.Errorf("broke off at %s: %w", at, err)
	}
	switch {
	case reply.Code == 421: // it closes the connection (RFC 5321 section 3.8)
		return integrations.Unavailable(fmt.Errorf("put off %s: %w", at, clean(err)))
	case reply.Code < 500:
		return fmt.Errorf("put off %s: %w", at, clean(err))
	}
	r := meaning(at, reply)
	out := fmt.Errorf("refused %s: %w; %s", at, clean(err), r.advice)
	switch {
	case r.final:
		return integrations.Never(out)
	case r.server:
		return integrations.Unavailable(out)
	}
	return out
}

// meaning is the first of refusals that fits a 5xx.
func meaning(at stage, e *textproto.Error) refusal {
	reply, text := strconv.Itoa(e.Code), strings.ToLower(e.Msg)
	if m := enhanced.FindStringSubmatch(text); m != nil {
		reply += " " + m[1]
	}
	return refusals[slices.IndexFunc(refusals, func(r refusal) bool {
		return (r.at == "" || r.at == at) && (r.reply == nil || r.reply.MatchString(reply)) && (r.text == nil || r.text.MatchString(text))
	})]
}
