package barcodes

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
)

// encoded is the message as the bytes of a character set, by its IANA name;
// empty is ISO 8859-1, as most scanners expect.
func encoded(message, charset string) (string, error) {
	if charset == "" {
		charset = "iso-8859-1"
	}
	if isUTF8(charset) {
		return message, nil
	}
	e, err := ianaindex.IANA.Encoding(charset)
	if err != nil || e == nil {
		return "", fmt.Errorf("%s is no character set that is known here", charset)
	}
	b, err := e.NewEncoder().String(message)
	if err != nil {
		return "", fmt.Errorf("has characters that %s does not have", charset)
	}
	return b, nil
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// decoded is the opposite of encoded.
func decoded(raw, charset string) (string, error) {
	if isUTF8(charset) {
		return raw, nil
	}
	if charset == "" {
		charset = "iso-8859-1"
	}
	e, err := ianaindex.IANA.Encoding(charset)
	if err != nil || e == nil {
		return "", fmt.Errorf("%s is no character set that is known here", charset)
	}
	return e.NewDecoder().String(raw)
}
