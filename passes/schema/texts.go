package schema

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/text/currency"

	"github.com/passhook/passhook/problems"
)

// text looks at a text: empty, length, then what its type says.
func (c *checker) text(path string, k *Key, s string) {
	severity, effect := k.severity(ignores)
	if strings.TrimSpace(s) == "" && k.Required && k.element != "value" {
		if k.element == "text" {
			severity, effect = problems.Warning, "it does not work as meant"
		}
		c.add(severity, "required-key", path, k.Name+" is empty", effect, "write it: "+k.About)
		return
	}
	if n := float64(len(s)); k.Min != nil && n < *k.Min {
		c.add(severity, "too-short", path,
			fmt.Sprintf("has %d characters, and needs at least %v", len(s), *k.Min), effect, "")
	} else if k.Max != nil && n > *k.Max {
		c.add(problems.Warning, "too-long", path,
			fmt.Sprintf("has %d bytes, and at most %v are read", len(s), *k.Max), "the rest is cut off", "")
	}
	if check := textTypes[k.element]; check.ok != nil && !check.ok(s) {
		if check.mild {
			severity, effect = problems.Warning, "it does not work as meant"
		}
		text, fix := check.say(s)
		c.add(severity, check.rule, path, text, effect, fix)
	}
}

// textTypes are the types that are texts of a certain form. mild ones are
// warnings whatever the key.
var textTypes = map[string]struct {
	rule string
	mild bool
	ok   func(string) bool
	say  func(string) (text, fix string)
}{
	"date":   {"bad-date", false, isDate, explainDate},
	"colour": {"bad-colour", false, isColour, saying("%q is no colour", "write it as rgb(23, 42, 70) or #172a46")},
	"url":    {"bad-url", false, isURL, saying("%q is no address", "write it in full, as https://example.com/page")},
	"email": {"bad-email", true, emailForm.MatchString,
		saying("%q is no email address", "write it as help@example.com")},
	"uuid": {"bad-uuid", false, uuidForm.MatchString,
		saying("%q is no UUID", "write it as 8 characters, 4, 4, 4 and 12")},
	"zone": {"bad-time-zone", true, zoneForm.MatchString,
		saying("%q is no time zone", "write its name, as Europe/Berlin")},
	"currency": {"bad-currency", true, isCurrency,
		saying("%q is no currency", "write its three letters in capitals, as EUR (ISO 4217)")},
}

func saying(format, fix string) func(string) (string, string) {
	return func(s string) (string, string) { return fmt.Sprintf(format, s), fix }
}

var (
	emailForm = regexp.MustCompile(`^[^\s@]+@[^\s@]+$`)
	uuidForm  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	zoneForm  = regexp.MustCompile(`^([A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+|UTC|GMT|UCT|Zulu|[A-Z]{2,4}|[A-Z]{3}\d[A-Z]{3})$`)
)

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "") &&
		!strings.ContainsAny(s, " \t\n")
}

func isCurrency(s string) bool {
	_, err := currency.ParseISO(s)
	return err == nil && s == strings.ToUpper(s)
}
