package pages

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/mux"
)

// Limiter bounds how often one client asks: each has a number of requests at
// once, and gets new ones over time. Clients whose address cannot be known are
// not bounded. An IPv6 client is its network of 64 bits.
type Limiter struct {
	clients     Clients
	rate, burst float64
	now         func() time.Time

	mu sync.Mutex
	// recent are the clients of late. When they are too many they become older,
	// and those of before are forgotten.
	recent, older map[netip.Addr]allowance
}

// allowance is what a client had left at a time.
type allowance struct {
	left float64
	at   time.Time
}

// maxClients is how many clients one of the two tables has, of about 60 bytes
// each.
const maxClients = 50_000

// NewLimiter gives every client rate requests a second, and burst of them at
// once.
func NewLimiter(c Clients, rate, burst float64, now func() time.Time) *Limiter {
	return &Limiter{clients: c, rate: rate, burst: burst, now: now, recent: map[netip.Addr]allowance{}}
}

// Allow takes one request from the client's allowance. ok is false where it has
// none left.
func (l *Limiter) Allow(r *http.Request) (ok bool) { return l.take(r, 1) }

// Exhausted reports whether the client has no request left; it takes none.
func (l *Limiter) Exhausted(r *http.Request) bool { return !l.take(r, 0) }

func (l *Limiter) take(r *http.Request, n float64) bool {
	addr, ok := l.clients.Address(r)
	if !ok {
		return true
	}
	if addr.Is6() {
		network, _ := addr.Prefix(64) // it fails for more than 128 bits
		addr = network.Addr()
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.recent[addr]
	if !ok {
		a, ok = l.older[addr]
	}
	if !ok {
		a = allowance{left: l.burst, at: now}
	}
	a.left = min(l.burst, a.left+l.rate*max(0, now.Sub(a.at).Seconds()))
	a.at = now
	if a.left < 1 {
		n = 0
	}
	allowed := a.left >= 1
	a.left -= n
	if len(l.recent) >= maxClients {
		l.older, l.recent = l.recent, map[netip.Addr]allowance{}
	}
	l.recent[addr] = a
	return allowed
}

// Limited answers 429 to clients that ask for pages too often.
func (s *Set) Limited(l *Limiter) mux.MiddlewareFunc {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if l.Allow(r) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Retry-After", "1")
			s.Problem(w, r, http.StatusTooManyRequests, "Just a moment", "There were very many requests from your network. Please try again in a few seconds.")
		})
	}
}
