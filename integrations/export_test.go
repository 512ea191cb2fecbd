package integrations

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"golang.org/x/sync/semaphore"
)

// WithRoom gives an intake another budget for bodies, in bytes, and no patience.
func (in *Intake) WithRoom(n int64) *Intake {
	in.room, in.wait = semaphore.NewWeighted(n), 100*time.Millisecond
	return in
}

// Free reports whether n bytes of the budget are free.
func (in *Intake) Free(n int64) bool {
	if !in.room.TryAcquire(n) {
		return false
	}
	in.room.Release(n)
	return true
}

// Public is what a guard takes for a public address.
var Public = public

// WithPort gives a guard another port than 443, so that only the IP address is
// left to refuse a listener for.
func (g *Guard) WithPort(port uint16) *Guard {
	g.port = port
	return g
}

// WithResolver has a guard look names up there.
func (g *Guard) WithResolver(r *net.Resolver) *Guard {
	g.dialer.Resolver = r
	return g
}

// WithRoots has a guard trust only those.
func (g *Guard) WithRoots(roots *x509.CertPool) *Guard {
	g.transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return g
}

// WithTimeout gives a guard another patience.
func (g *Guard) WithTimeout(d time.Duration) *Guard {
	g.timeout = d
	return g
}

// WithoutControl takes a guard's judgement of connections away.
func (g *Guard) WithoutControl() *Guard {
	g.dialer.Control = nil
	return g
}
