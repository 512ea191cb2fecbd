package preview

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
)

// A field's value, its language, and what the picture says.
func TestValues(t *testing.T) {
	now := time.Date(2027, 5, 14, 23, 30, 0, 0, time.UTC)
	for _, c := range []struct{ lang, field, want string }{
		{"en", `{"value": "text"}`, "text"},
		{"en", `{"value": 12}`, "12"},
		{"en", `{"value": 1234567.5}`, "1234567.5"},
		{"en", `{"value": null}`, ""},
		{"en", `{"value": ["a"]}`, ""},
		{"en", `{"value": 34.5, "currencyCode": "EUR"}`, "€34.50"},
		{"de", `{"value": 1234.5, "currencyCode": "EUR"}`, "1.234,50 €"},
		{"en", `{"value": 1234, "currencyCode": "JPY"}`, "¥1,234"},
		{"en", `{"value": -5, "currencyCode": "USD"}`, "-$5.00"},
		{"en", `{"value": "19.99", "currencyCode": "USD"}`, "$19.99"},
		{"en", `{"value": 12, "currencyCode": "none"}`, "12"},
		{"en", `{"value": 1280, "numberStyle": "PKNumberStyleDecimal"}`, "1,280"},
		{"de", `{"value": 1280, "numberStyle": "PKNumberStyleDecimal"}`, "1.280"},
		{"en", `{"value": 0.25, "numberStyle": "PKNumberStylePercent"}`, "25%"},
		{"en", `{"value": "2027-05-14T20:00:00+02:00", "dateStyle": "PKDateStyleShort"}`, "5/14/27"},
		{"en", `{"value": "2027-05-14T20:00:00+02:00", "dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleShort"}`, "May 14, 2027, 8:00 PM"},
		{"en", `{"value": "2027-05-14T20:00+02:00", "timeStyle": "PKDateStyleShort"}`, "8:00 PM"},
		{"de", `{"value": "2027-05-14T20:00:00Z", "dateStyle": "PKDateStyleFull", "timeStyle": "PKDateStyleNone"}`, "Freitag, 14. Mai 2027"},
		{"fr-CA", `{"value": "2027-05-14T20:00:00Z", "dateStyle": "PKDateStyleLong"}`, "14 mai 2027"},
		{"ja", `{"value": "2027-05-14T20:00:00Z", "dateStyle": "PKDateStyleFull", "timeStyle": "PKDateStyleMedium"}`, "2027-05-14, 20:00:00"},
		{"en", `{"value": "2027-05-15T01:00:00+02:00", "dateStyle": "PKDateStyleShort", "isRelative": true}`, "Today"},
		{"de", `{"value": "2027-05-15T20:00:00Z", "dateStyle": "PKDateStyleShort", "isRelative": true}`, "Morgen"},
		{"en", `{"value": "2027-05-20T20:00:00Z", "dateStyle": "PKDateStyleShort", "isRelative": true}`, "5/20/27"},
		{"en", `{"value": "soon", "dateStyle": "PKDateStyleShort"}`, "soon"},
		{"en", `{"value": "plain", "attributedValue": "<a href='https://x.example'>Tom &amp; Co</a>"}`, "Tom & Co"},
		{"de", `{"value": "HELLO"}`, "Hallo"},
	} {
		var o object
		d := json.NewDecoder(strings.NewReader(c.field))
		d.UseNumber()
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		f := formatter{tag: language.Make(c.lang), now: now}
		if c.lang == "de" {
			f.words = map[string]string{"HELLO": "Hallo"}
		}
		if got := strings.ReplaceAll(f.field(o).value, "\u00a0", " "); got != c.want {
			t.Errorf("in %s %s is %q, not %q", c.lang, c.field, got, c.want)
		}
	}
}

// Addresses on the back are blue, as a tap leads somewhere.
func TestLinks(t *testing.T) {
	for value, want := range map[string]bool{
		"https://tickets.example.com/p/1": true, "www.example.com": true, "desk@library.example": true, "tel:+4930123456": true,
		"text": false, "see https://example.com": false, "": false,
	} {
		if got := (formatter{}).field(object{"value": value}).link; got != want {
			t.Errorf("%q is a link: %v", value, got)
		}
	}
}
