package integrations_test

import (
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
)

func TestRates(t *testing.T) {
	for text, want := range map[string]integrations.Rate{
		"50/s": {Events: 50, Per: time.Second}, "600/m": {Events: 600, Per: time.Minute}, "1/h": {Events: 1, Per: time.Hour},
	} {
		if got, err := integrations.ParseRate(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "50", "0/s", "-1/s", "1.5/s", "50/d", "50/", "/s", "50 /s", "50/s/s", "9999999/s", "+1/s"} {
		if got, err := integrations.ParseRate(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestAPaceIsKept(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for _, tc := range []struct {
		rate    string
		seconds int
	}{{"3/s", 1}, {"3/m", 20}, {"3/h", 1200}} {
		r, err := integrations.ParseRate(tc.rate)
		if err != nil {
			t.Fatal(err)
		}
		p, now := integrations.NewPace(r), now
		for range 3 {
			if _, ok := p.Take(now); !ok {
				t.Fatalf("%s: too few at once", tc.rate)
			}
		}
		for range 5 { // who is refused takes nothing
			if wait, ok := p.Take(now); ok || wait != tc.seconds {
				t.Errorf("%s: got %d, %t", tc.rate, wait, ok)
			}
		}
		now = now.Add(time.Duration(tc.seconds) * time.Second)
		if _, ok := p.Take(now); !ok {
			t.Errorf("%s: nothing after the time that was named", tc.rate)
		}
	}
}
