package expressions

import (
	"fmt"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// money(minor_units, currency, locale?) prints an amount as people of the
// locale write it: $19.99, 19,99 €, ¥1,999. Minor units are Stripe's: cents
// for most currencies, yen for JPY.
func money(s Settings, args []any) (any, error) {
	if err := count("money", args, 2, 3); err != nil {
		return nil, err
	}
	amount, ok := args[0].(int)
	if !ok {
		return nil, fmt.Errorf("money: the amount is %s, not a whole number of the smallest unit", kind(args[0]))
	}
	code, err := textArgument("money", args, 1)
	if err != nil {
		return nil, err
	}
	unit, err := currency.ParseISO(strings.ToUpper(code))
	if err != nil {
		return nil, fmt.Errorf("money: %.10q is no currency", code)
	}
	locale, err := textArgument("money", args, 2)
	if err != nil {
		return nil, err
	}
	if locale == "" {
		locale = s.Locale
	}
	tag, err := language.Parse(orEnglish(locale))
	if err != nil {
		return nil, fmt.Errorf("money: %.20q is no locale", locale)
	}
	return formatMoney(amount, unit, tag), nil
}

func orEnglish(locale string) string {
	if locale == "" {
		return "en"
	}
	return locale
}

func formatMoney(amount int, unit currency.Unit, tag language.Tag) string {
	scale, ok := scales[unit.String()]
	if !ok {
		scale = 2
	}
	value, sign := float64(amount), ""
	if value < 0 {
		value, sign = -value, "-"
	}
	for range scale {
		value /= 10
	}
	digits := message.NewPrinter(tag).Sprint(number.Decimal(value, number.Scale(scale)))
	symbol := message.NewPrinter(tag).Sprint(currency.NarrowSymbol(unit))
	if base, _ := tag.Base(); symbolFirst[base.String()] {
		if len([]rune(symbol)) > 1 && symbol == unit.String() {
			symbol += "\u00a0"
		}
		return sign + symbol + digits
	}
	return sign + digits + "\u00a0" + symbol
}

// scales are the currencies whose smallest unit in Stripe's amounts is no
// hundredth. CLDR would print several others, such as ISK and COP, without
// decimals. https://docs.stripe.com/currencies#zero-decimal
var scales = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "JPY": 0, "KMF": 0, "KRW": 0, "MGA": 0, "PYG": 0, "RWF": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3,
}

// symbolFirst are the languages that put the currency before the amount.
var symbolFirst = map[string]bool{"en": true, "ja": true, "zh": true, "ko": true, "hi": true, "th": true, "he": true}
