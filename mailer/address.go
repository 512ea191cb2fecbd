package mailer

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddress is the longest address taken, in bytes: 64 before the @ and 255
// behind it (RFC 5321 section 4.5.3.1). Longer input is not even parsed.
const maxAddress = 320

// parseAddress reads one mail address, with or without a name. Addresses that
// are allowed but never honest are refused: quoted local parts, in which a
// server could find a second command, and IP addresses as domain.
func parseAddress(s string) (*mail.Address, error) {
	if len(s) > maxAddress {
		return nil, fmt.Errorf("is %d bytes long; a mail address has at most %d", len(s), maxAddress)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, breaksLine) {
		return nil, errors.New("has control characters or line breaks")
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, errors.New("is no mail address")
	}
	local, domain := split(a.Address)
	switch {
	case local == "" || len(local) > 64 || strings.ContainsFunc(local, notAtom) || strings.Contains(local, ".."):
		return nil, errors.New("has an unusual part before the @; letters, digits and single dots are fine, quotes and spaces are not")
	case domain == "" || len(domain) > 255 || isASCII(domain) && !hostName.MatchString(domain):
		return nil, errors.New("has no host name behind the @")
	case strings.ContainsFunc(domain, notDomain):
		return nil, errors.New("has characters behind the @ that no domain has")
	}
	return a, nil
}

// split is what stands before and behind the last @.
func split(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

func domainOf(address string) string {
	_, domain := split(address)
	return domain
}

// notAtom reports what may not stand in an unquoted local part (RFC 5321
// section 4.1.2, RFC 6531 section 3.3).
func notAtom(r rune) bool {
	if r < utf8.RuneSelf {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r))
	}
	return unseen(r)
}

// notDomain reports what no domain in its written form has.
func notDomain(r rune) bool {
	if r < utf8.RuneSelf {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
	}
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
}

// unseen reports spaces, controls and other characters without a shape.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
