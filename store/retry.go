package store

import (
	"time"

	"github.com/passhook/passhook/integrations"
)

const (
	// giveUpAfter is how long temporary failures are tried again, as mail servers
	// do (RFC 5321, section 4.5.4.1).
	giveUpAfter = 5 * 24 * time.Hour
	// leastTries and leastUptime are what else it takes to give up: time in
	// which nobody tried does not count against a row.
	leastTries  = 8
	leastUptime = 2 * time.Hour
	// soonBack is the longest pause of a row whose service is unavailable: the
	// lane asks for all of them whether it is back.
	soonBack = 30 * time.Second
	// soonMended is that of a row which the operator has to do something for.
	soonMended = 5 * time.Minute
	// mostUnknown is how often a row is tried of which nobody knows whether the
	// other side has it.
	mostUnknown = 3
	// tooFar is longer than any pause: a row that is due later was given its
	// time by a clock that was wrong.
	tooFar = 3 * time.Hour
)

// pauses are the waits after the first, second, … failure; the last repeats.
var pauses = []time.Duration{
	2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour,
}

// pause is how long a row waits after so many attempts. It is spread by a
// quarter either way and is never shorter than the error asks for.
func pause(attempts int, err error, jitter float64) time.Duration {
	p := pauses[min(max(attempts, 1), len(pauses))-1]
	switch {
	case integrations.IsUnavailable(err):
		p = min(p, soonBack)
	case integrations.IsBlocked(err):
		p = min(p, soonMended)
	}
	p += time.Duration((jitter - 0.5) / 2 * float64(p))
	return max(p, min(integrations.RetryAfter(err), tooFar/2))
}

// final reports whether err ends the tries of a row. What is the operator's to
// mend, who is told, ends none.
func final(err error, r Row, now, started time.Time) bool {
	switch {
	case integrations.IsNever(err), integrations.IsAmbiguous(err) && r.Attempts >= mostUnknown:
		return true
	case integrations.IsUnavailable(err), integrations.IsBlocked(err):
		return false
	}
	return now.Sub(r.Since) >= giveUpAfter && r.Attempts >= leastTries && now.Sub(started) >= leastUptime
}
