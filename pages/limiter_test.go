package pages_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/fstest"
	"time"

	"github.com/passhook/passhook/pages"
)

var proxies = pages.Clients{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("203.0.113.9/32")}

// from is a request of a peer, through proxies.
func from(peer string, forwarded ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = peer
	r.Header["X-Forwarded-For"] = forwarded
	return r
}

func TestOnlyTrustedProxiesSayWhoAsks(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    *http.Request
		want string // empty: it cannot be known
	}{
		{"nobody between", from("198.51.100.7:1234"), "198.51.100.7"},
		{"a stranger says that it is somebody else", from("198.51.100.7:1234", "1.2.3.4"), "198.51.100.7"},
		{"a proxy", from("10.1.1.1:1234", "198.51.100.7"), "198.51.100.7"},
		{"a proxy, and a client that made something up", from("10.1.1.1:1234", "1.2.3.4, 198.51.100.7"), "198.51.100.7"},
		{"in a header of its own", from("10.1.1.1:1234", "1.2.3.4", "198.51.100.7"), "198.51.100.7"},
		{"two proxies", from("10.1.1.1:1234", "1.2.3.4, 198.51.100.7, 203.0.113.9"), "198.51.100.7"},
		{"with a port", from("10.1.1.1:1234", "198.51.100.7:999"), "198.51.100.7"},
		{"IPv6", from("[fd00::1]:1234", "2001:db8::1"), "2001:db8::1"},
		{"IPv6 with a port", from("[fd00::1]:1234", "[2001:db8::1]:999"), "2001:db8::1"},
		{"IPv4 written as IPv6", from("[::ffff:10.1.1.1]:1234", "::ffff:198.51.100.7"), "198.51.100.7"},
		{"a proxy that says nothing", from("10.1.1.1:1234"), ""},
		{"a proxy that says nonsense", from("10.1.1.1:1234", "198.51.100.7, unknown"), ""},
		{"a proxy on our machine that nobody named", from("127.0.0.1:1234", "198.51.100.7"), ""},
		{"a proxy on our network that nobody named", from("192.168.1.1:1234"), ""},
		{"a proxy asks itself", from("10.1.1.1:1234", "10.1.1.2"), "10.1.1.2"},
	} {
		addr, ok := proxies.Address(tc.r)
		if ok != (tc.want != "") || ok && addr.String() != tc.want {
			t.Errorf("%s: got %s, %t", tc.name, addr, ok)
		}
	}
}

func TestAClientHasItsAllowance(t *testing.T) {
	now := time.Unix(0, 0)
	l := pages.NewLimiter(nil, 2, 5, func() time.Time { return now })
	allowed := func(peer string) (n int) {
		for range 20 {
			if l.Allow(from(peer)) {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		name, peer string
		later      time.Duration
		want       int
	}{
		{"at once", "198.51.100.7:1", 0, 5},
		{"from another port", "198.51.100.7:2", 0, 0},
		{"another client", "198.51.100.8:1", 0, 5},
		{"a second later", "198.51.100.7:1", time.Second, 2},
		{"an hour later", "198.51.100.7:1", time.Hour, 5},
		{"the clock steps back", "198.51.100.7:1", -time.Hour, 0},
		{"a network of IPv6", "[2001:db8::1]:1", 0, 5},
		{"the same network", "[2001:db8::2]:1", 0, 0},
		{"another network", "[2001:db8:0:1::1]:1", 0, 5},
		{"nobody knows who", "127.0.0.1:1", 0, 20},
	} {
		now = now.Add(step.later)
		if got := allowed(step.peer); got != step.want {
			t.Errorf("%s: %d requests are allowed, want %d", step.name, got, step.want)
		}
	}
	if !l.Exhausted(from("198.51.100.7:1")) || l.Exhausted(from("198.51.100.99:1")) {
		t.Error("who has none left is not known")
	}
}

func TestManyClientsAreForgotten(t *testing.T) {
	l := pages.NewLimiter(nil, 0, 1, func() time.Time { return time.Unix(0, 0) })
	for i := range 3 * pages.MaxClients {
		l.Allow(from(netip.AddrPortFrom(netip.AddrFrom4([4]byte{8, byte(i >> 16), byte(i >> 8), byte(i)}), 1).String())) //nolint:gosec // bytes of a number
	}
	if n := l.Known(); n > 2*pages.MaxClients {
		t.Errorf("%d clients are known", n)
	}
}

func TestPagesForClientsThatAskTooOften(t *testing.T) {
	set, err := pages.Parse(fstest.MapFS{"x/x.html": {}}, "x", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := set.Limited(pages.NewLimiter(nil, 0, 1, time.Now))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }))
	for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, from("198.51.100.7:1"))
		if w.Code != want || (w.Header().Get("Retry-After") != "") != (want != http.StatusOK) {
			t.Errorf("got %d %v", w.Code, w.Header())
		}
	}
}
