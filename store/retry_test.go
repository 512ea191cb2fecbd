package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

func TestWhenARowIsGivenUp(t *testing.T) {
	t.Parallel()
	const days = 24 * time.Hour
	plain := errors.New("a hiccup")
	for name, c := range map[string]struct {
		err         error
		tries       int
		since, runs time.Duration
		want        bool
	}{
		"five days, eight tries, two hours":       {plain, 8, 5 * days, 2 * time.Hour, true},
		"not five days":                           {plain, 100, 5*days - time.Second, 5 * days, false},
		"not eight tries":                         {plain, 7, 6 * days, 5 * days, false},
		"just started":                            {plain, 100, 60 * days, 2*time.Hour - time.Second, false},
		"later":                                   {integrations.After(time.Hour, plain), 8, 5 * days, 2 * time.Hour, true},
		"never, at the first try":                 {integrations.Never(plain), 1, 0, 0, true},
		"never after a pause":                     {integrations.After(time.Hour, integrations.Never(plain)), 1, 0, 0, true},
		"unavailable, however old":                {integrations.Unavailable(plain), 1000, 500 * days, 500 * days, false},
		"blocked, however old":                    {integrations.Blocked(plain), 1000, 500 * days, 500 * days, false},
		"nobody knows whether it arrived, twice":  {integrations.Ambiguous(plain), 2, 0, 0, false},
		"nobody knows whether it arrived, thrice": {integrations.Ambiguous(plain), 3, 0, 0, true},
	} {
		now := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
		row := store.Row{Attempts: c.tries, Since: now.Add(-c.since)}
		if is := store.Final(c.err, row, now, now.Add(-c.runs)); is != c.want {
			t.Errorf("%s: %t", name, is)
		}
	}
}

func TestHowLongARowWaits(t *testing.T) {
	t.Parallel()
	plain := errors.New("a hiccup")
	for name, c := range map[string]struct {
		err    error
		tries  int
		jitter float64
		want   time.Duration
	}{
		"first":                          {plain, 1, 0.5, 2 * time.Second},
		"second":                         {plain, 2, 0.5, 10 * time.Second},
		"fifth":                          {plain, 5, 0.5, 5 * time.Minute},
		"eighth":                         {plain, 8, 0.5, time.Hour},
		"the last repeats":               {plain, 90, 0.5, time.Hour},
		"a quarter less":                 {plain, 8, 0, 45 * time.Minute},
		"a quarter more":                 {plain, 8, 1, 75 * time.Minute},
		"before any claim":               {plain, 0, 0.5, 2 * time.Second},
		"at least as long as asked for":  {integrations.After(10*time.Minute, plain), 1, 0.5, 10 * time.Minute},
		"its turn is to come":            {integrations.Turn(time.Second, plain), 8, 0.5, time.Second},
		"asked for less":                 {integrations.After(time.Second, plain), 8, 0.5, time.Hour},
		"asked for too long":             {integrations.After(48*time.Hour, plain), 1, 0.5, 90 * time.Minute},
		"unavailable, soon":              {integrations.Unavailable(plain), 1, 0.5, 2 * time.Second},
		"unavailable for long":           {integrations.Unavailable(plain), 90, 0.5, 30 * time.Second},
		"blocked for long":               {integrations.Blocked(plain), 90, 0.5, 5 * time.Minute},
		"nobody knows whether it's here": {integrations.Ambiguous(plain), 2, 0.5, 10 * time.Second},
	} {
		if is := store.Pause(c.tries, c.err, c.jitter); is != c.want {
			t.Errorf("%s: %s", name, is)
		}
	}
}
