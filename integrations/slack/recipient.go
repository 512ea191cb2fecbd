package slack

import (
	"errors"
	"net/mail"
	"regexp"
)

var (
	// ids are those of people, and of channels and conversations.
	userID         = regexp.MustCompile(`^[UW][A-Z0-9]{4,}$`)
	conversationID = regexp.MustCompile(`^[CGD][A-Z0-9]{4,}$`)
	channelName    = regexp.MustCompile(`^#[^\s#@<>&|,]{1,80}$`)
)

// isAddress is true for a mail address, by which Slack finds a person.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 320
}

// CheckRecipient says what is wrong with a recipient in Slack; nil: it can be
// one.
func CheckRecipient(to string) error {
	if userID.MatchString(to) || conversationID.MatchString(to) || channelName.MatchString(to) || isAddress(to) {
		return nil
	}
	return errors.New("is nobody in Slack; write the id of a person (U…) or a channel (C…), a channel's name (#box-office) or a mail address")
}
