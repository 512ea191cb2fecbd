package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseSince reads how far a verb looks back: 30d, 36h or 2026-11-01.
func parseSince(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return at, nil
	}
	return now, wrongUse(fmt.Sprintf("--since %s is not a time; write 30d, 36h or 2026-11-01", s))
}
