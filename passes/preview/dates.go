package preview

import (
	"math"
	"strings"
	"time"

	"github.com/passhook/passhook/expressions"
)

// datePatterns are how a language writes dates and times.
type datePatterns struct {
	// dates are from short to full, clocks are short and with seconds.
	dates  [4]string
	clocks [2]string
	// days are yesterday, today and tomorrow.
	days [3]string
}

// calendars are CLDR's patterns for the languages that expressions knows names
// of months in; other languages get numbers that nobody misreads.
var calendars = map[string]datePatterns{
	"en": {[4]string{"M/d/yy", "MMM d, yyyy", "MMMM d, yyyy", "EEEE, MMMM d, yyyy"}, [2]string{"h:mm a", "h:mm:ss a"}, [3]string{"Yesterday", "Today", "Tomorrow"}},
	"de": {[4]string{"dd.MM.yy", "dd.MM.yyyy", "d. MMMM yyyy", "EEEE, d. MMMM yyyy"}, [2]string{"HH:mm", "HH:mm:ss"}, [3]string{"Gestern", "Heute", "Morgen"}},
	"fr": {[4]string{"dd/MM/yyyy", "d MMM yyyy", "d MMMM yyyy", "EEEE d MMMM yyyy"}, [2]string{"HH:mm", "HH:mm:ss"}, [3]string{"Hier", "Aujourd’hui", "Demain"}},
	"es": {[4]string{"d/M/yy", "d MMM yyyy", "d 'de' MMMM 'de' yyyy", "EEEE, d 'de' MMMM 'de' yyyy"}, [2]string{"H:mm", "H:mm:ss"}, [3]string{"Ayer", "Hoy", "Mañana"}},
	"it": {[4]string{"dd/MM/yy", "d MMM yyyy", "d MMMM yyyy", "EEEE d MMMM yyyy"}, [2]string{"HH:mm", "HH:mm:ss"}, [3]string{"Ieri", "Oggi", "Domani"}},
	"nl": {[4]string{"dd-MM-yyyy", "d MMM yyyy", "d MMMM yyyy", "EEEE d MMMM yyyy"}, [2]string{"HH:mm", "HH:mm:ss"}, [3]string{"Gisteren", "Vandaag", "Morgen"}},
}

var otherCalendar = datePatterns{
	[4]string{"yyyy-MM-dd", "yyyy-MM-dd", "yyyy-MM-dd", "yyyy-MM-dd"}, [2]string{"HH:mm", "HH:mm:ss"}, [3]string{},
}

// dateSizes are places in datePatterns. Missing styles are as none.
// https://developer.apple.com/documentation/walletpasses/passfieldcontent
var (
	dateSizes  = map[string]int{"PKDateStyleShort": 0, "PKDateStyleMedium": 1, "PKDateStyleLong": 2, "PKDateStyleFull": 3}
	clockSizes = map[string]int{"PKDateStyleShort": 0, "PKDateStyleMedium": 1, "PKDateStyleLong": 1, "PKDateStyleFull": 1}
)

// date prints a time with the clock that pass.json has: a picture has no time
// zone of its own.
func (f formatter) date(t time.Time, o object) string {
	base, _ := f.tag.Base()
	c, ok := calendars[base.String()]
	if !ok {
		c = otherCalendar
	}
	print := func(pattern string) string {
		return expressions.FormatTime(t, pattern, expressions.Settings{Locale: base.String(), Location: t.Location()})
	}
	var parts []string
	relative, _ := o["isRelative"].(bool)
	if size, ok := dateSizes[o.text("dateStyle")]; ok {
		day := ""
		if relative && !f.now.IsZero() {
			day = c.day(daysBetween(f.now.In(t.Location()), t))
		}
		if day == "" {
			day = print(c.dates[size])
		}
		parts = append(parts, day)
	}
	if size, ok := clockSizes[o.text("timeStyle")]; ok {
		parts = append(parts, print(c.clocks[size]))
	}
	return strings.Join(parts, ", ")
}

// day is the word for a day so many days from now, or empty.
func (c datePatterns) day(from int) string {
	if from < -1 || from > 1 {
		return ""
	}
	return c.days[from+1]
}

func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(math.Round(day(b).Sub(day(a)).Hours() / 24))
}
