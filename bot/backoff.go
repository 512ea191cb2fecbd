package bot

import (
	"time"

	"github.com/passhook/passhook/integrations"
)

// giveUpAfter is how long temporary failures are tried again, as mail servers
// do (RFC 5321, section 4.5.4.1).
const giveUpAfter = 5 * 24 * time.Hour

// pauses are the waits after the first, second, … failure; the last repeats.
var pauses = []time.Duration{
	2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour,
}

// next is when to try again after the given number of attempts. It spreads the
// pause by a quarter either way and is never sooner than the error asks for.
func (e *Engine) next(attempts int, err error) time.Time {
	pause := pauses[min(max(attempts, 1), len(pauses))-1]
	pause += time.Duration((e.Jitter() - 0.5) / 2 * float64(pause))
	return e.Now().Add(max(pause, integrations.RetryAfter(err)))
}

// final reports whether err ends the tries of what began at that time.
func (e *Engine) final(err error, began time.Time) bool {
	return integrations.IsNever(err) || e.Now().Sub(began) >= giveUpAfter
}
