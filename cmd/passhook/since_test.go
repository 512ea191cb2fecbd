package main

import (
	"testing"
	"time"
)

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 3600)
	for text, want := range map[string]time.Time{
		"30d": now.AddDate(0, 0, -30), "36h": now.Add(-36 * time.Hour), "90m": now.Add(-90 * time.Minute), "0d": now,
		"2026-11-01": time.Date(2026, 11, 1, 0, 0, 0, 0, zone),
	} {
		if got, err := parseSince(text, now, zone); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-3d", "-1h", "d", "yesterday", "2026-13-01"} {
		if got, err := parseSince(text, now, zone); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}
