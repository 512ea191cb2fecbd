package preview

import (
	"encoding/json"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// formatter prints values as people of one language write them.
type formatter struct {
	tag language.Tag
	// words are what pass.strings says in that language.
	words map[string]string
	// now is what relative dates are relative to; zero prints them in full.
	now time.Time
}

// localized is a text in the pass's language, or itself.
func (f formatter) localized(s string) string {
	if t, ok := f.words[s]; ok {
		return t
	}
	return s
}

var (
	tag  = regexp.MustCompile(`<[^<>]*>`)
	link = regexp.MustCompile(`^(https?://|www\.|tel:|mailto:)\S+$|^[^\s@]+@[^\s@]+\.[^\s@]+$`)
)

// field prints one field.
// https://developer.apple.com/documentation/walletpasses/passfieldcontent
func (f formatter) field(o object) field {
	out := field{label: f.localized(o.text("label")), align: alignments[o.text("textAlignment")]}
	if n, ok := o["row"].(json.Number); ok && n.String() == "1" {
		out.row = 1
	}
	out.value = f.value(o)
	if rich, ok := o["attributedValue"].(string); ok && rich != "" {
		rich = f.localized(rich)
		out.value = html.UnescapeString(tag.ReplaceAllString(rich, ""))
		out.link = strings.Contains(rich, "href")
	}
	out.link = out.link || link.MatchString(strings.TrimSpace(out.value))
	return out
}

// value prints a field's value.
func (f formatter) value(o object) string {
	switch v := o["value"].(type) {
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f.number(n, v.String(), o)
	case string:
		if o.text("dateStyle") != "" || o.text("timeStyle") != "" {
			if at, ok := parseTime(v); ok {
				return f.date(at, o)
			}
		}
		if n, err := strconv.ParseFloat(v, 64); err == nil && (o.text("currencyCode") != "" || o.text("numberStyle") != "") && n-n == 0 {
			return f.number(n, v, o)
		}
		return f.localized(v)
	}
	return ""
}

// number prints a number; plain is how pass.json has it.
func (f formatter) number(n float64, plain string, o object) string {
	p := message.NewPrinter(f.tag)
	if unit, err := currency.ParseISO(o.text("currencyCode")); err == nil {
		return f.money(p, n, unit)
	}
	switch o.text("numberStyle") {
	case "PKNumberStyleDecimal", "PKNumberStyleSpellOut": // words need a table for each language
		return p.Sprint(number.Decimal(n))
	case "PKNumberStylePercent":
		return p.Sprint(number.Percent(n))
	case "PKNumberStyleScientific":
		return p.Sprint(number.Scientific(n))
	}
	return plain
}

// symbolFirst are the languages that put the currency before the amount.
var symbolFirst = map[string]bool{"en": true, "ja": true, "zh": true, "ko": true, "hi": true, "th": true, "he": true}

func (f formatter) money(p *message.Printer, n float64, unit currency.Unit) string {
	sign := ""
	if n < 0 {
		n, sign = -n, "-"
	}
	scale, _ := currency.Standard.Rounding(unit)
	digits := p.Sprint(number.Decimal(n, number.Scale(scale)))
	symbol := p.Sprint(currency.NarrowSymbol(unit))
	if base, _ := f.tag.Base(); !symbolFirst[base.String()] {
		return sign + digits + "\u00a0" + symbol
	}
	if symbol == unit.String() {
		symbol += "\u00a0"
	}
	return sign + symbol + digits
}

// timeLayouts are the forms of W3C's note on dates that Wallet reads.
// https://www.w3.org/TR/NOTE-datetime
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", time.DateOnly}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
