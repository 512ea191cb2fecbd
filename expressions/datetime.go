package expressions

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// toTime understands what events and templates carry: RFC 3339, a date, a date
// and a time without a zone (in the location), Unix seconds, or a time.
func toTime(s Settings, v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, errNoTime
	case time.Time:
		return v.In(s.location()), nil
	case int:
		return time.Unix(int64(v), 0).In(s.location()), nil
	case string:
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.In(s.location()), nil
			}
		}
		for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime} {
			if t, err := time.ParseInLocation(layout, v, s.location()); err == nil {
				return t, nil
			}
		}
		if sec, err := strconv.ParseInt(v, 10, 64); err == nil && len(v) >= 9 {
			return time.Unix(sec, 0).In(s.location()), nil
		}
		return time.Time{}, errors.New("this is no time; write it as 2026-11-01 or 2026-11-01T20:00:00+01:00")
	}
	return time.Time{}, fmt.Errorf("a time cannot be %s", kind(v))
}

// datetime(t, layout?, zone?) prints a time. The layout is date, time, full
// (the default), or a CLDR pattern such as EEE d MMM.
func datetime(s Settings, args []any) (any, error) {
	if err := count("datetime", args, 1, 3); err != nil {
		return nil, err
	}
	t, err := toTime(s, args[0])
	if err != nil {
		return nil, fmt.Errorf("datetime: %w", err)
	}
	layout, err := textArgument("datetime", args, 1)
	if err != nil {
		return nil, err
	}
	name, err := textArgument("datetime", args, 2)
	if err != nil {
		return nil, err
	}
	if name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			return nil, fmt.Errorf("datetime: %.40q is no time zone; write it as Europe/Berlin", name)
		}
		t = t.In(zone)
	}
	return formatTime(t, layout, languageOf(s.Locale))
}

// dateAdd adds calendar time, such as "2 days" or "-1 month", in the location.
func dateAdd(s Settings, args []any) (any, error) {
	if err := count("date_add", args, 2, 2); err != nil {
		return nil, err
	}
	t, err := toTime(s, args[0])
	if err != nil {
		return nil, fmt.Errorf("date_add: %w", err)
	}
	span, err := textArgument("date_add", args, 1)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(span)
	if len(words) == 0 || len(words)%2 != 0 {
		return nil, errSpan
	}
	for i := 0; i < len(words); i += 2 {
		if t, err = addSpan(t, words[i], words[i+1]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

var errSpan = errors.New(`date_add: write the span as "2 days", "1 month 3 hours" or "-15 minutes"`)

func addSpan(t time.Time, amount, unit string) (time.Time, error) {
	n, err := strconv.Atoi(amount)
	if err != nil || n > 1_000_000 || n < -1_000_000 {
		return t, errSpan
	}
	switch strings.TrimSuffix(unit, "s") {
	case "year":
		return addMonths(t, 12*n), nil
	case "month":
		return addMonths(t, n), nil
	case "week":
		return t.AddDate(0, 0, 7*n), nil
	case "day":
		return t.AddDate(0, 0, n), nil
	case "hour":
		return t.Add(time.Duration(n) * time.Hour), nil
	case "minute":
		return t.Add(time.Duration(n) * time.Minute), nil
	}
	return t, errSpan
}

// addMonths keeps to the month it reaches: a month after January 31 is the last
// day of February.
func addMonths(t time.Time, n int) time.Time {
	out := t.AddDate(0, n, 0)
	if out.Day() != t.Day() {
		out = out.AddDate(0, 0, -out.Day())
	}
	return out
}

// endOfDay is the last second of the day in the location.
func endOfDay(s Settings, args []any) (any, error) {
	if err := count("end_of_day", args, 1, 1); err != nil {
		return nil, err
	}
	t, err := toTime(s, args[0])
	if err != nil {
		return nil, fmt.Errorf("end_of_day: %w", err)
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 23, 59, 59, 0, t.Location()), nil
}
