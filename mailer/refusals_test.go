package mailer

import (
	"net/textproto"
	"testing"

	"github.com/passhook/passhook/integrations"
)

// What servers say, as they or their documentation write it.
func TestARefusalIsFinalOnlyWhereItIsAboutTheRecipientOrTheContent(t *testing.T) {
	const again, never, unavailable = "again", "never", "unavailable"
	tests := []struct {
		at     stage
		code   int
		text   string
		want   string
		advice string
	}{
		// Gmail
		{atRecipient, 550, "5.1.1 The email account that you tried to reach does not exist.\n5.1.1 Please try double-checking", never, adviceRecipient},
		{atRecipient, 550, "5.2.1 The email account that you tried to reach is disabled.", never, adviceRecipient},
		{atRecipient, 552, "5.2.2 The email account that you tried to reach is over quota.", never, adviceRecipient},
		{atContent, 552, "5.3.4 Your message exceeded Google's message size limits.", never, adviceLarge},
		{atRecipient, 550, "5.4.5 Daily SMTP relay limit exceeded for user.", again, adviceAccount},
		{atContent, 550, "5.4.5 Daily user sending limit exceeded.", again, adviceAccount},
		{atSender, 550, "5.4.5 Daily user sending limit exceeded.", unavailable, adviceSender},
		{atContent, 550, "5.7.26 This mail has been blocked because the sender is unauthenticated.", again, adviceAccount},
		{atContent, 550, "5.7.1 Our system has detected that this message is likely unsolicited mail.", again, adviceAccount},
		{atSender, 530, "5.7.0 Authentication Required.", unavailable, adviceLogin},
		{atRecipient, 530, "5.7.0 Must issue a STARTTLS command first", unavailable, adviceLogin},
		{atRecipient, 555, "5.5.2 Syntax error, goodbye", again, adviceServer},
		{atRecipient, 503, "5.5.1 EHLO/HELO first", again, adviceServer},
		// Exchange Online and Outlook.com
		{atRecipient, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", never, adviceRecipient},
		{atRecipient, 550, "5.4.1 Recipient address rejected: Access denied.", never, adviceRecipient},
		{atRecipient, 550, "5.5.0 Requested action not taken: mailbox unavailable", never, adviceRecipient},
		{atContent, 554, "5.2.252 SendAsDenied; a@example.com not allowed to send as b@example.com", again, adviceAccount},
		{atSender, 530, "5.7.57 Client not authenticated to send mail.", unavailable, adviceLogin},
		{atRecipient, 550, "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", again, adviceAccount},
		{atRecipient, 550, "5.1.8 Access denied, bad outbound sender", again, adviceSender},
		{atContent, 550, "5.2.3 Message too large", never, adviceLarge},
		// Amazon SES
		{atContent, 554, "Message rejected: Email address is not verified. The following identities failed the check in region", again, adviceAccount},
		{atContent, 554, "Message rejected: Sending suspended for this account.", again, adviceAccount},
		{atContent, 554, "Access denied: User is not authorized to perform ses:SendRawEmail", again, adviceAccount},
		{atContent, 554, "Transaction failed: Missing start boundary", never, adviceContent},
		{atSender, 501, "Invalid MAIL FROM address provided", unavailable, adviceSender},
		{atRecipient, 501, "Invalid RCPT TO address provided", never, adviceRecipient},
		// SendGrid
		{atContent, 550, "The from address does not match a verified Sender Identity.", again, adviceAccount},
		// Postfix, Exim, Cisco
		{atRecipient, 554, "5.7.1 <anna@example.com>: Relay access denied", again, adviceAccount},
		{atRecipient, 554, "Relay access denied", again, adviceAccount},
		{atRecipient, 550, "relay not permitted, authentication required", again, adviceAccount},
		{atRecipient, 550, "#5.7.1 Your access to submit messages to this e-mail system has been rejected.", again, adviceAccount},
		{atRecipient, 550, "5.1.7 Bad sender's address", again, adviceSender},
		{atRecipient, 556, "5.1.10 Recipient address has null MX", never, adviceRecipient},
		{atRecipient, 550, "5.4.4 Unable to route", again, adviceServer},
		{atRecipient, 554, "5.3.5 System incorrectly configured", again, adviceServer},
		{atContent, 554, "5.6.1 Media not supported", never, adviceContent},
		{atRecipient, 553, "5.6.7 Non-ASCII addresses not permitted", never, adviceRecipient},
		{atRecipient, 550, "5.7.17 Mailbox owner has changed", never, adviceRecipient},
		// Nothing but the code
		{atRecipient, 550, "no such user", never, adviceRecipient},
		{atRecipient, 550, "5.0.0 no such user", never, adviceRecipient},
		{atRecipient, 551, "User not local", never, adviceRecipient},
		{atRecipient, 553, "mailbox name not allowed", never, adviceRecipient},
		{atRecipient, 552, "Mailbox quota exceeded", never, adviceRecipient},
		{atRecipient, 550, "Too many mails in this hour", again, adviceAccount},
		{atRecipient, 550, "quota of this account is used up", again, adviceAccount},
		{atRecipient, 554, "Transaction failed", again, adviceServer},
		{atRecipient, 502, "not implemented", again, adviceServer},
		{atSender, 550, "no", unavailable, adviceSender},
		{atSender, 550, "5.1.0 Sender denied", unavailable, adviceSender},
		{atData, 554, "no valid recipients", again, adviceServer},
		{atContent, 552, "Message exceeds the limit", never, adviceLarge},
		{atContent, 554, "Message is too long", never, adviceLarge},
		{atContent, 554, "rejected by spam policy", again, adviceAccount},
		{atContent, 550, "content refused", never, adviceContent},
	}
	for _, tt := range tests {
		reply := &textproto.Error{Code: tt.code, Msg: tt.text}
		t.Run(string(tt.at)+" "+reply.Error(), func(t *testing.T) {
			err := refused(tt.at, reply)
			got := again
			switch {
			case integrations.IsNever(err):
				got = never
			case integrations.IsUnavailable(err):
				got = unavailable
			}
			if advice := meaning(tt.at, reply).advice; got != tt.want || advice != tt.advice {
				t.Errorf("%s, %s; want %s, %s", got, advice, tt.want, tt.advice)
			}
		})
	}
}
