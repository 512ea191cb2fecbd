package apns

import "sync"

// tally tells dead tokens from a mistake of our own: where Apple refuses many, it
// is the certificate or the address that is wrong, and no phone is forgotten.
type tally struct {
	mu sync.Mutex
	// last are the latest answers, true for a token that was taken.
	last []bool
}

const (
	// remembered is how many answers count, and leastGood how many of them must
	// have been taken before one that is refused is believed to be dead.
	remembered, leastGood = 200, 20
	// mostBad is how many of a hundred may be refused.
	mostBad = 5
)

// add counts an answer. dead is true where a refused token is believed to be one.
func (t *tally) add(taken bool) (dead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last = append(t.last, taken); len(t.last) > remembered {
		t.last = t.last[1:]
	}
	good := 0
	for _, taken := range t.last {
		if taken {
			good++
		}
	}
	bad := len(t.last) - good
	return !taken && good >= leastGood && bad*100 <= mostBad*len(t.last)
}
