package integrations

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/passhook/passhook/pages"
)

// MaxBody is the largest body that is read, in bytes.
const MaxBody = 1 << 20

const (
	// unverified is how many bytes of bodies that nobody has verified are in
	// memory at once, of all requests together.
	unverified = 32 << 20
	// firstRead is what is set aside for a body before more of it has come.
	firstRead = 8 << 10
	// maxWait is how long a body waits for others to make room.
	maxWait = 2 * time.Second
	// A client may send a few requests that are refused, as while a secret is
	// changed, before it is asked to slow down.
	refusedRate, refusedBurst = 20, 100
	// logEvery is how often refused requests are logged, at most.
	logEvery = time.Minute
)

// Intake takes in what services post. What nobody has signed costs next to
// nothing: headers are judged before the body, and bodies share a budget of
// memory. One intake serves a process.
type Intake struct {
	now     func() time.Time
	log     *slog.Logger
	limiter *pages.Limiter
	room    *semaphore.Weighted
	wait    time.Duration // for room

	refused, unstored tally
}

// tally counts what is logged once in a while.
type tally struct {
	mu     sync.Mutex
	logged time.Time
	since  int
}

// add counts one more. ok is true where it is time to log how many there were.
func (t *tally) add(now time.Time) (since int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since++
	if !t.logged.IsZero() && now.Sub(t.logged).Abs() < logEvery {
		return 0, false
	}
	since, t.logged, t.since = t.since, now, 0
	return since, true
}

// NewIntake makes one.
func NewIntake(c pages.Clients, now func() time.Time, log *slog.Logger) *Intake {
	limiter := pages.NewLimiter(c, refusedRate, refusedBurst, now)
	return &Intake{now: now, log: log, limiter: limiter, room: semaphore.NewWeighted(unverified), wait: maxWait}
}

// Body reads a request's body, which the verifier's sender has signed. Where ok
// is false it has answered: 401 for a missing, wrong or stale signature, 413
// above MaxBody, 400 for a body that breaks off, 429 for a client whose requests
// were refused too often, and 503 where there is no room.
func (in *Intake) Body(w http.ResponseWriter, r *http.Request, v *Verifier) (body []byte, ok bool) {
	if in.limiter.Exhausted(r) {
		in.refuse(w, r, http.StatusTooManyRequests, "too many requests were refused; send fewer")
		return nil, false
	}
	header := v.header(r)
	err := v.Precheck(header, in.now())
	if err == nil {
		var held int64
		body, held, err = in.read(r)
		if err == nil {
			err = v.Verify(header, body, in.now())
		}
		in.room.Release(held)
	}
	switch {
	case err == nil:
		return body, true
	case errors.Is(err, errLarge):
		in.refuse(w, r, http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, errBroken):
		in.refuse(w, r, http.StatusBadRequest, err.Error())
	case errors.Is(err, errRoom):
		in.refuse(w, r, http.StatusServiceUnavailable, err.Error())
	default:
		if v.challenge != "" {
			w.Header().Set("WWW-Authenticate", v.challenge)
		}
		in.refuse(w, r, http.StatusUnauthorized, err.Error())
	}
	return nil, false
}

var (
	errLarge  = errors.New("the body is larger than 1 MiB")
	errBroken = errors.New("the body could not be read")
	errRoom   = errors.New("too many requests are being read; send it again")
)

// read reads the body. Memory is set aside as bytes come, so that a body that
// stalls holds little more than what it has sent; held is what was set aside.
func (in *Intake) read(r *http.Request) (body []byte, held int64, err error) {
	if r.ContentLength > MaxBody {
		return nil, 0, errLarge
	}
	size := int64(firstRead)
	if r.ContentLength >= 0 {
		size = min(size, r.ContentLength)
	}
	for {
		if err := in.acquire(r.Context(), size); err != nil {
			return nil, held, err
		}
		body = append(make([]byte, 0, size), body...)
		in.room.Release(held)
		held = size
		for err == nil && len(body) < cap(body) {
			var n int
			n, err = r.Body.Read(body[len(body):cap(body)])
			body = body[:len(body)+n]
		}
		switch {
		case errors.Is(err, io.EOF) || err == nil && size == r.ContentLength:
			return body, held, nil
		case err != nil:
			return nil, held, errBroken
		case size > MaxBody:
			return nil, held, errLarge
		}
		if size = min(2*size, MaxBody+1); r.ContentLength >= 0 {
			size = min(size, r.ContentLength)
		}
	}
}

// acquire sets memory aside.
func (in *Intake) acquire(ctx context.Context, n int64) error {
	if in.room.TryAcquire(n) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, in.wait)
	defer cancel()
	if in.room.Acquire(ctx, n) != nil {
		return errRoom
	}
	return nil
}

// refuse answers, and closes the connection where the body was not read. It logs
// one line a minute, whatever is sent.
func (in *Intake) refuse(w http.ResponseWriter, r *http.Request, code int, text string) {
	if code != http.StatusServiceUnavailable {
		in.limiter.Allow(r)
	}
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	w.Header().Set("Connection", "close")
	pages.WriteError(w, code, text)
	if n, ok := in.refused.add(in.now()); ok {
		in.log.Warn("refused requests that nobody vouches for; is the secret in the config, and is this clock right?", "requests", n, "status", code, "last", text)
	}
}

// Unstored answers 503 for what the store could not take, so that it is sent
// again. It logs one line a minute as well.
func (in *Intake) Unstored(w http.ResponseWriter, err error) {
	if n, ok := in.unstored.add(in.now()); ok {
		in.log.Error("events could not be stored; who sent them will send them again", "events", n, "error", err)
	}
	w.Header().Set("Retry-After", "5")
	pages.WriteError(w, http.StatusServiceUnavailable, "the event could not be stored; send it again")
}
