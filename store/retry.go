package store

import (
	"time"

	"github.com/passhook/passhook/integrations"
)

// retries says how long the rows of a table are tried.
type retries struct {
	// pauses are the waits after the first, second, … failure; the last repeats.
	pauses []time.Duration
	// giveUpAfter is how long temporary failures are tried again.
	giveUpAfter time.Duration
	// outlast: what waits for a service that is unavailable, or for the operator,
	// is tried more often and is never given up.
	outlast bool
	// byAge: a row is worked on again and again for other reasons, so that not its
	// attempts but how long it has been tried says how long it waits.
	byAge bool
	// tooFar is longer than any pause: a row that is due later was given its time
	// by a clock that was wrong.
	tooFar time.Duration
}

var (
	// patient gives up as mail servers do (RFC 5321, section 4.5.4.1).
	patient = retries{
		pauses: []time.Duration{
			2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
			15 * time.Minute, 30 * time.Minute, time.Hour,
		},
		giveUpAfter: 5 * 24 * time.Hour, outlast: true, tooFar: 3 * time.Hour,
	}
	// waking is for phones, which are woken for each change.
	waking = retries{pauses: patient.pauses, giveUpAfter: patient.giveUpAfter, outlast: true, byAge: true, tooFar: patient.tooFar}
	// spaced is the way of Standard Webhooks: 13 tries within a bit more than
	// three days, whatever is wrong.
	spaced = retries{
		pauses: []time.Duration{
			5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
			2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
		},
		giveUpAfter: 3 * 24 * time.Hour, tooFar: 36 * time.Hour,
	}
)

const (
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
)

// tries is the number of the pause that a row is at.
func (r retries) tries(row Row, now time.Time) int {
	if !r.byAge {
		return row.Attempts
	}
	n, age := 0, now.Sub(row.Since)
	for ; n < len(r.pauses) && age >= 0; n++ {
		age -= r.pauses[n]
	}
	return n
}

// pause is how long a row waits after so many attempts. It is spread by a
// quarter either way and is never shorter than the error asks for.
func (r retries) pause(attempts int, err error, jitter float64) time.Duration {
	if integrations.IsTurn(err) {
		return min(integrations.RetryAfter(err), r.tooFar/2)
	}
	p := r.pauses[min(max(attempts, 1), len(r.pauses))-1]
	switch {
	case !r.outlast:
	case integrations.IsUnavailable(err):
		p = min(p, soonBack)
	case integrations.IsBlocked(err):
		p = min(p, soonMended)
	}
	p += time.Duration((jitter - 0.5) / 2 * float64(p))
	return max(p, min(integrations.RetryAfter(err), r.tooFar/2))
}

// final reports whether err ends the tries of a row. What is the operator's to
// mend, who is told, ends none of those that outlast it.
func (r retries) final(err error, row Row, now, started time.Time) bool {
	switch {
	case integrations.IsNever(err), integrations.IsAmbiguous(err) && row.Attempts >= mostUnknown:
		return true
	case r.outlast && (integrations.IsUnavailable(err) || integrations.IsBlocked(err)):
		return false
	}
	return now.Sub(row.Since) >= r.giveUpAfter && row.Attempts >= leastTries && now.Sub(started) >= leastUptime
}
