package pages

import (
	"net/http"
	"net/netip"
	"strings"
)

// Clients tells clients apart. It holds the networks of the proxies whose
// X-Forwarded-For is believed.
type Clients []netip.Prefix

// Address is where a request comes from: the last address, seen from here, that
// is no trusted proxy's. ok is false where it cannot be known: who is on our own
// network may be a proxy that nobody named.
func (c Clients) Address(r *http.Request) (addr netip.Addr, ok bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return addr, false
	}
	addr = peer.Addr().Unmap()
	if !c.trusted(addr) {
		return addr, !addr.IsPrivate() && !addr.IsLoopback()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		if addr, ok = hop(hops[i]); !ok || !c.trusted(addr) {
			break
		}
	}
	return addr, ok
}

func (c Clients) trusted(addr netip.Addr) bool {
	for _, network := range c {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// hop reads one address of X-Forwarded-For. Some proxies add the port.
func hop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap(), true
	}
	addr, err := netip.ParseAddr(text)
	return addr.Unmap(), err == nil
}
