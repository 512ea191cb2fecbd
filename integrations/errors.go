package integrations

import (
	"errors"
	"time"
)

// The error of a Source or a Channel says what the engine does next: Never
// gives up at once, After waits at least that long, Turn waits just that long, Unavailable waits until the
// service is back, Ambiguous is tried again few times only, every other error is
// tried again with growing pauses.

type neverError struct{ error }

func (e neverError) Unwrap() error { return e.error }

type afterError struct {
	error
	wait time.Duration
}

func (e afterError) Unwrap() error { return e.error }

type turnError struct{ error }

func (e turnError) Unwrap() error { return e.error }

// Turn says that it is not the turn of a row yet, which is no failure of it: it
// comes back after just that long.
func Turn(wait time.Duration, err error) error { return turnError{After(wait, err)} }

// IsTurn reports whether err was marked with Turn.
func IsTurn(err error) bool {
	var e turnError
	return errors.As(err, &e)
}

type ambiguousError struct{ error }

func (e ambiguousError) Unwrap() error { return e.error }

// Never marks err as final: trying again would not help.
func Never(err error) error { return neverError{err} }

// After marks err as temporary and names the shortest wait before the next try.
func After(wait time.Duration, err error) error { return afterError{err, wait} }

// Ambiguous marks err as an end after which nobody knows whether the other side
// took the delivery: trying again may deliver it twice.
func Ambiguous(err error) error { return ambiguousError{err} }

// IsAmbiguous reports whether err was marked with Ambiguous.
func IsAmbiguous(err error) bool {
	var e ambiguousError
	return errors.As(err, &e)
}

// IsNever reports whether err was marked with Never.
func IsNever(err error) bool {
	var e neverError
	return errors.As(err, &e)
}

// RetryAfter is the wait that After named, or 0.
func RetryAfter(err error) time.Duration {
	var e afterError
	if errors.As(err, &e) {
		return e.wait
	}
	return 0
}

type unavailableError struct{ error }

func (e unavailableError) Unwrap() error { return e.error }

// Unavailable marks err as one of the service itself, whatever it was asked:
// it cannot be reached, refuses the login or is out of order. Until it is back,
// one try after another asks it, and the rest waits.
func Unavailable(err error) error { return unavailableError{err} }

// IsUnavailable reports whether err was marked with Unavailable.
func IsUnavailable(err error) bool {
	var e unavailableError
	return errors.As(err, &e)
}

type blockedError struct{ error }

func (e blockedError) Unwrap() error { return e.error }

// Blocked marks err as one that only the operator can mend, as a certificate that
// has expired: it is tried again every few minutes, however long that takes.
func Blocked(err error) error { return blockedError{err} }

// IsBlocked reports whether err was marked with Blocked.
func IsBlocked(err error) bool {
	var e blockedError
	return errors.As(err, &e)
}

type goneError struct{ error }

func (e goneError) Unwrap() error { return e.error }

// Gone marks err as the word of the other side that it wants no messages any
// more.
func Gone(err error) error { return goneError{err} }

// IsGone reports whether err was marked with Gone.
func IsGone(err error) bool {
	var e goneError
	return errors.As(err, &e)
}
