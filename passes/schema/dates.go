package schema

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// dateLayouts are the two forms of a date that Wallet reads: seconds may be
// left out, a fraction of them may be there, the zone is Z or ±HH:MM.
// https://www.w3.org/TR/NOTE-datetime
var dateLayouts = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"}

func parseDate(s string) (time.Time, error) {
	t, err := time.Parse(dateLayouts[0], s)
	if err != nil {
		t, err = time.Parse(dateLayouts[1], s)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("no date of the form YYYY-MM-DDTHH:MM with a time zone: %w", err)
	}
	return t, nil
}

func isDate(s string) bool {
	_, err := parseDate(s)
	return err == nil && !strings.Contains(s, ",")
}

// dateMistakes are what dates in the wild get wrong, and what to do.
var dateMistakes = []struct {
	form      *regexp.Regexp
	text, fix string
}{
	{regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+ \d\d:?\d\d$`),
		"has a space where the + of the time zone was", "encode the + on its way here, as %2B"},
	{regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d{4}$`), "has a time zone without a colon", "write it as +01:00"},
	{regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d:?\d\d$`),
		"has a time zone with one digit for the hour", "write it as +01:00"},
	{regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?$`),
		"has no time zone", "add Z or one like +01:00"},
	{regexp.MustCompile(`^\d{4}-\d\d-\d\d$`), "has no time", "write it as 2027-03-01T19:30:00+01:00"},
	{regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d`),
		"has a space where a T belongs", "write it as 2027-03-01T19:30:00+01:00"},
	{regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$`),
		"is no day of the calendar, or no time of the day", "correct it"},
}

func explainDate(s string) (text, fix string) {
	for _, m := range dateMistakes {
		if m.form.MatchString(s) {
			return fmt.Sprintf("%q %s", s, m.text), m.fix
		}
	}
	return fmt.Sprintf("%q is no date", s), "write it as 2027-03-01T19:30:00+01:00"
}

// date is the date at a key, false where it is no date or not known yet.
func date(m map[string]any, key string) (time.Time, bool) {
	s, ok := text(m, key)
	if !ok {
		return time.Time{}, false
	}
	t, err := parseDate(s)
	return t, err == nil
}

// checkExpired compares expirationDate with the clock.
func checkExpired(c *checker) {
	t, ok := date(c.pass, "expirationDate")
	if ok && !c.Now.IsZero() && t.Before(c.Now) {
		c.warn("expirationDate", "lies in the past",
			"Wallet shows the pass as expired and hides it among the expired passes",
			"write a later date, or leave it if the pass is over")
	}
}

func checkVoided(c *checker) {
	if c.pass["voided"] == true {
		c.note("voided", "the pass is void", "Wallet shows it in grey", "")
	}
}

// checkEventDates compares the dates of the semantics.
func checkEventDates(c *checker) {
	s := object(c.pass, "semantics")
	for _, pair := range [][2]string{
		{"eventStartDate", "eventEndDate"}, {"originalDepartureDate", "originalArrivalDate"},
		{"originalBoardingDate", "originalDepartureDate"},
	} {
		first, a := date(s, pair[0])
		second, b := date(s, pair[1])
		if a && b && second.Before(first) {
			c.warn("semantics."+pair[1], "lies before "+pair[0], "Siri and Calendar go by it", "correct one of them")
		}
	}
}

// checkRelevantDates looks at each entry by itself.
func checkRelevantDates(c *checker) {
	for i, entry := range objects(c.pass, "relevantDates") {
		at := fmt.Sprintf("relevantDates[%d]", i)
		_, hasStart := entry["startDate"]
		_, hasEnd := entry["endDate"]
		if _, hasMoment := moment(entry); !hasMoment && (!hasStart || !hasEnd) {
			c.warn(at, "needs date, or startDate and endDate", ignores, "add what is missing")
			continue
		}
		start, a := date(entry, "startDate")
		end, b := date(entry, "endDate")
		switch {
		case !a || !b:
		case end.Before(start):
			c.warn(at+".endDate", "lies before startDate", ignores, "correct one of them")
		case end.Sub(start) > 24*time.Hour:
			c.warn(at, "lasts more than 24 hours",
				"Wallet does not show the pass on the lock screen", "write one entry for each day")
		}
	}
}

// moment is the moment of an entry, by whichever key.
func moment(entry map[string]any) (any, bool) {
	for _, key := range []string{"date", "relevantDate"} {
		if v, given := entry[key]; given {
			return v, true
		}
	}
	return nil, false
}

// checkRelevantKeys looks for what each iOS reads: 17 the top level, 18
// relevantDate, 26 date. passhook writes them all, so that a template need not.
func checkRelevantKeys(c *checker) {
	if c.Unsigned {
		return
	}
	for i, entry := range objects(c.pass, "relevantDates") {
		_, now := entry["date"]
		_, old := entry["relevantDate"]
		at := fmt.Sprintf("relevantDates[%d]", i)
		switch {
		case now && !old:
			c.warn(at+".relevantDate", "is missing beside date",
				"iOS 18 does not show the pass on the lock screen", "write the same as date")
		case old && !now:
			c.warn(at+".date", "is missing beside relevantDate",
				"iOS 26 and newer do not show the pass on the lock screen", "write the same as relevantDate")
		}
	}
	if _, given := c.pass["relevantDate"]; !given && len(list(c.pass, "relevantDates")) > 0 {
		c.note("relevantDate", "is missing beside relevantDates",
			"iOS 17 and older do not show the pass on the lock screen", "write the first date")
	}
}

// RelevantDates completes relevantDates and relevantDate in pass, in place, so
// that every iOS reads them: both keys in each entry with a moment, and at the
// top level the first moment or start. What is given is kept.
func RelevantDates(pass map[string]any) {
	for _, entry := range objects(pass, "relevantDates") {
		v, ok := moment(entry)
		if ok {
			entry["date"], entry["relevantDate"] = or(entry, "date", v), or(entry, "relevantDate", v)
		} else {
			v, ok = entry["startDate"]
		}
		if _, given := pass["relevantDate"]; ok && !given {
			pass["relevantDate"] = v
		}
	}
}

func or(m map[string]any, key string, otherwise any) any {
	if v, given := m[key]; given {
		return v
	}
	return otherwise
}
