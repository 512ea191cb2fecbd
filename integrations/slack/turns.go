package slack

import (
	"sync"
	"time"

	"github.com/passhook/passhook/integrations"
)

// between is the time between two messages to one person or channel.
// https://docs.slack.dev/apis/web-api/rate-limits
const between = time.Second

// mostTurns is how many turns are remembered before those that are past are
// forgotten.
const mostTurns = 1000

// turns spreads messages to the same person or channel. Nobody waits for a turn:
// a message comes back when it has one.
type turns struct {
	mu sync.Mutex
	// next is when the next message may have its turn, and last when one had, by
	// whom they are for; given is when a message's turn is, by its id.
	next, last, given map[string]time.Time
}

func newTurns() *turns {
	return &turns{next: map[string]time.Time{}, last: map[string]time.Time{}, given: map[string]time.Time{}}
}

// take is nil where it is a message's turn, and says otherwise when that is.
func (t *turns) take(to, id string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.given[id]
	if !known {
		at = t.next[to]
		if at.Before(now) {
			at = now
		}
		t.next[to] = at.Add(between)
	}
	if last := t.last[to].Add(between); at.Before(last) { // that one came late
		at = last
	}
	if at.After(now) {
		t.given[id] = at
		return integrations.Turn(at.Sub(now), errLimited)
	}
	delete(t.given, id)
	t.last[to] = now
	if len(t.next)+len(t.given) > mostTurns {
		t.forget(now)
	}
	return nil
}

// limited has the others wait as long as Slack wants one of them to.
func (t *turns) limited(to string, err error, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := now.Add(integrations.RetryAfter(err)); at.After(t.next[to]) {
		t.next[to] = at
		t.last[to] = at.Add(-between)
	}
}

// forget drops what is past.
func (t *turns) forget(now time.Time) {
	for _, m := range []map[string]time.Time{t.next, t.last, t.given} {
		for k, at := range m {
			if at.Add(between).Before(now) {
				delete(m, k)
			}
		}
	}
}
