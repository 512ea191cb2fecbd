package expressions

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// calendar is how one language writes dates. x/text has no dates; these are
// CLDR's names and medium formats for the languages we print.
type calendar struct {
	months, days     string // full names, space separated, from January and Sunday
	date, clock, all string // patterns of the layouts date, time and full
	shortMonth       int    // characters of a short month name
	shortDay         int
}

var calendars = map[string]calendar{
	"en": {
		"January February March April May June July August September October November December",
		"Sunday Monday Tuesday Wednesday Thursday Friday Saturday", "MMM d, yyyy", "h:mm a", "EEEE, MMMM d, yyyy, h:mm a", 3, 3,
	},
	"de": {
		"Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
		"Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag", "dd.MM.yyyy", "HH:mm", "EEEE, d. MMMM yyyy, HH:mm", 3, 2,
	},
	"fr": {
		"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"dimanche lundi mardi mercredi jeudi vendredi samedi", "d MMM yyyy", "HH:mm", "EEEE d MMMM yyyy, HH:mm", 4, 3,
	},
	"es": {
		"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
		"domingo lunes martes miércoles jueves viernes sábado", "d MMM yyyy", "H:mm", "EEEE, d 'de' MMMM 'de' yyyy, H:mm", 3, 3,
	},
	"it": {
		"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
		"domenica lunedì martedì mercoledì giovedì venerdì sabato", "d MMM yyyy", "HH:mm", "EEEE d MMMM yyyy, HH:mm", 3, 3,
	},
	"nl": {
		"januari februari maart april mei juni juli augustus september oktober november december",
		"zondag maandag dinsdag woensdag donderdag vrijdag zaterdag", "d MMM yyyy", "HH:mm", "EEEE d MMMM yyyy, HH:mm", 3, 2,
	},
}

// plain is for languages without a calendar: numbers that nobody misreads.
var plain = calendar{calendars["en"].months, calendars["en"].days, "yyyy-MM-dd", "HH:mm", "yyyy-MM-dd HH:mm", 3, 3}

func languageOf(locale string) string {
	tag, err := language.Parse(orEnglish(locale))
	if err != nil {
		return "en"
	}
	base, _ := tag.Base()
	return base.String()
}

func formatTime(t time.Time, layout, lang string) (string, error) {
	c, ok := calendars[lang]
	if !ok {
		c = plain
	}
	switch layout {
	case "", "full":
		layout = c.all
	case "date":
		layout = c.date
	case "time":
		layout = c.clock
	}
	return c.pattern(t, layout)
}

// pattern prints a CLDR date pattern.
// https://unicode.org/reports/tr35/tr35-dates.html#Date_Format_Patterns
func (c calendar) pattern(t time.Time, pattern string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		ch := pattern[i]
		if ch == '\'' {
			n := quotedText(pattern[i:], &b)
			i += n
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == ch {
			n++
		}
		if ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' {
			s, err := c.symbol(t, ch, n)
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		} else {
			b.WriteString(pattern[i : i+n])
		}
		i += n
	}
	return b.String(), nil
}

// quotedText writes what stands between quotes and returns how far that goes.
// Two quotes are one, inside and outside.
func quotedText(s string, b *strings.Builder) int {
	if strings.HasPrefix(s, "''") {
		b.WriteByte('\'')
		return 2
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			b.WriteByte(s[i])
		case strings.HasPrefix(s[i:], "''"):
			b.WriteByte('\'')
			i++
		default:
			return i + 1
		}
	}
	return len(s)
}

func (c calendar) symbol(t time.Time, symbol byte, n int) (string, error) {
	pad := func(v int) string { return fmt.Sprintf("%0*d", n, v) }
	switch symbol {
	case 'y':
		if n == 2 {
			return pad(t.Year() % 100), nil
		}
		return pad(t.Year()), nil
	case 'M', 'L':
		if n <= 2 {
			return pad(int(t.Month())), nil
		}
		return name(c.months, int(t.Month())-1, n, c.shortMonth), nil
	case 'd':
		return pad(t.Day()), nil
	case 'E':
		return name(c.days, int(t.Weekday()), n, c.shortDay), nil
	case 'H':
		return pad(t.Hour()), nil
	case 'h':
		return pad((t.Hour()+11)%12 + 1), nil
	case 'm':
		return pad(t.Minute()), nil
	case 's':
		return pad(t.Second()), nil
	case 'a':
		return t.Format("PM"), nil
	case 'z':
		return t.Format("MST"), nil
	case 'Z', 'X', 'x':
		return t.Format("-07:00"), nil
	}
	return "", fmt.Errorf("datetime: %s is no part of a date pattern; put words in quotes", strconv.Quote(string(symbol)))
}

// name is the i-th name, cut where the pattern asks for fewer than 4 letters.
func name(names string, i, n, short int) string {
	full := []rune(strings.Fields(names)[i])
	if n < 4 && len(full) > short {
		return string(full[:short])
	}
	return string(full)
}

// FormatTime prints a time as datetime() does: layout is date, time or full.
func FormatTime(t time.Time, layout string, s Settings) string {
	text, err := formatTime(t.In(s.location()), layout, languageOf(s.Locale))
	if err != nil {
		return t.Format(time.RFC3339)
	}
	return text
}
