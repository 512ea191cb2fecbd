package integrations

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: Events in each Per, and so many at
// once.
type Rate struct {
	Events int
	Per    time.Duration
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// maxEvents is more than any machine takes in.
const maxEvents = 1_000_000

// ParseRate reads 50/s, 600/m or 1000/h.
func ParseRate(text string) (Rate, error) {
	number, per, _ := strings.Cut(text, "/")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 || n > maxEvents || periods[per] == 0 {
		return Rate{}, errors.New("is no rate; write it as 50/s, 600/m or 1000/h")
	}
	return Rate{int(n), periods[per]}, nil
}

func (r Rate) String() string {
	for unit, d := range periods {
		if d == r.Per {
			return fmt.Sprintf("%d/%s", r.Events, unit)
		}
	}
	return fmt.Sprintf("%d in %s", r.Events, r.Per)
}

// Pace lets things happen as often as a rate says. It is safe for concurrent
// use.
type Pace struct {
	mu      sync.Mutex
	limiter *rate.Limiter
}

// NewPace starts with all that may happen at once.
func NewPace(r Rate) *Pace {
	return &Pace{limiter: rate.NewLimiter(rate.Limit(float64(r.Events)/r.Per.Seconds()), r.Events)}
}

// Take takes one. Where there is none left it takes nothing, and says in how many
// seconds there is: a Retry-After.
func (p *Pace) Take(now time.Time) (seconds int, ok bool) {
	p.mu.Lock() // so that what is given back is the last that was taken
	defer p.mu.Unlock()
	r := p.limiter.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return 0, true
	}
	r.CancelAt(now)
	return max(1, int(math.Ceil(wait.Seconds()))), false
}
