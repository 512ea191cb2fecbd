package integrations_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
)

// TestMain sets a proxy, which is read once in a process. A guard must not ask it
// to connect to what nobody judges: it would not get that far.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"HTTPS_PROXY": "http://192.0.2.1:1", "HTTP_PROXY": "http://192.0.2.1:1", "NO_PROXY": ""} {
		os.Setenv(name, value)
		os.Setenv(strings.ToLower(name), value)
	}
	os.Exit(m.Run())
}

// inside are listeners on addresses of this machine, all on one port, that count
// who connects.
type inside struct {
	t         *testing.T
	port      uint16
	listeners []net.Listener
	connected atomic.Int32
}

func listenInside(t *testing.T) *inside {
	t.Helper()
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &inside{t: t, port: addrPort(first.Addr()).Port()}
	in.accept(first)
	in.listen("::1", in.port)
	in.listen("127.0.0.2", in.port)
	return in
}

// listen listens on one more address, which not every system has.
func (in *inside) listen(host string, port uint16) {
	if l, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port))); err == nil {
		in.accept(l)
	}
}

func (in *inside) accept(l net.Listener) {
	in.listeners = append(in.listeners, l)
	in.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			in.connected.Add(1)
			conn.Close()
		}
	}()
}

// count is how many connected. A connection of its own comes after all that are
// still to be accepted.
func (in *inside) count() int {
	in.t.Helper()
	for _, l := range in.listeners {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			in.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, conn)
		conn.Close()
		in.connected.Add(-1)
	}
	return int(in.connected.Load())
}

func addrPort(a net.Addr) netip.AddrPort { return netip.MustParseAddrPort(a.String()) }

// names is a DNS server. A name has one address for each time that it is looked
// up, of which the last stays. There is no nowhere.test, and every other name is
// that of this machine.
type names struct {
	mu    sync.Mutex
	hosts map[string][]string
}

func resolver(hosts map[string][]string) *net.Resolver {
	n := &names{hosts: hosts}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // which is asked as over TCP
		go n.serve(server)
		return client, nil
	}}
}

func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		answer := n.answer(query)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func (n *names) answer(query []byte) []byte {
	var labels []string
	i := 12 // after the header
	for query[i] != 0 {
		labels = append(labels, string(query[i+1:i+1+int(query[i])]))
		i += 1 + int(query[i])
	}
	kind, end := query[i+2], i+5
	head := []byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}
	if labels[0] == "nowhere" {
		head[3] = 0x83
		return append(head, query[12:end]...)
	}
	ip := n.lookup(strings.Join(labels, "."), kind)
	if ip == nil {
		return append(head, query[12:end]...)
	}
	head[7] = 1
	answer := append(head, query[12:end]...)
	answer = append(answer, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(len(ip)))
	return append(answer, ip...)
}

// lookup answers a question of the kind A (1) or AAAA (28).
func (n *names) lookup(name string, kind byte) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	hosts, known := n.hosts[name]
	if !known {
		hosts = []string{map[byte]string{1: "127.0.0.1", 28: "::1"}[kind]}
	}
	a := netip.MustParseAddr(hosts[0])
	if kind == 1 && len(hosts) > 1 {
		n.hosts[name] = hosts[1:]
	}
	if a.Is4() != (kind == 1) {
		return nil
	}
	return a.AsSlice()
}

const (
	private = "the address leads to a private network, which is not asked"
	noHTTPS = "the address does not begin with https://"
	notFull = "the address is not a full one, such as https://example.com/logo.png"
	hasUser = "the address has a user name in it"
	noPort  = "the address has another port than 443, which is not asked"
	unknown = "the address is on a host that is not known"
)

// numbers are what inet_aton reads as addresses of this machine, and with it
// some resolvers of systems.
var numbers = []string{
	"https://127.1:PORT/", "https://127.0.1:PORT/", "https://2130706433:PORT/", "https://0177.0.0.1:PORT/", "https://017700000001:PORT/",
	"https://127.000.000.001:PORT/", "https://0:PORT/", "https://000.0.0.0:PORT/",
}

// forms are addresses of this machine, by why they are refused. PORT stands for
// that of the listeners.
var forms = map[string][]string{
	private: {
		"https://127.0.0.1:PORT/", "https://127.0.0.2:PORT/", "https://127.255.255.254:PORT/", "https://0.0.0.0:PORT/",
		"HTTPS://127.0.0.1:PORT/", "hTTpS://localhost:PORT/", "https://127.0.0.1:PORT#@example.com/", "https://127.0.0.1:PORT?@example.com/",
		"https://[::1]:PORT/", "https://[0:0:0:0:0:0:0:1]:PORT/", "https://[::]:PORT/", "https://[::ffff:127.0.0.1]:PORT/",
		"https://[::ffff:7f00:1]:PORT/", "https://[::FFFF:7F00:0001]:PORT/", "https://[::ffff:0.0.0.0]:PORT/", "https://[::127.0.0.1]:PORT/",
		"https://[::1%25lo]:PORT/", "https://[fe80::1%25lo]:PORT/", "https://[fe80::1]:PORT/",
		"https://localhost:PORT/", "https://LOCALHOST:PORT/", "https://localhost.:PORT/", "https://localhost.localdomain:PORT/",
		"https://127.0.0.1.nip.test:PORT/", "https://0x7f.1:PORT/", "https://0x7f000001:PORT/", "https://0x7f.0x0.0x0.0x1:PORT/",
		"https://１２７.０.０.１:PORT/", "https://①②⑦.⓪.⓪.①:PORT/", "https://127。0。0。1:PORT/", "https://ⓛocalhost:PORT/",
		"https://inside.test:PORT/", "https://INSIDE.test.:PORT/",
	},
	// Go's own resolver takes none of these for a name.
	unknown: append([]string{"https://127.0.0.1.:PORT/", "https://4294967297:PORT/"}, numbers...),
	hasUser: {
		"https://user:password@127.0.0.1:PORT/", "https://example.com@127.0.0.1:PORT/", "https://example.com:443@127.0.0.1:PORT/",
		"https://127.0.0.1:PORT@example.com/", "https://@127.0.0.1:PORT/", "https://example.com%23@127.0.0.1:PORT/",
	},
	noHTTPS: {
		"http://127.0.0.1:PORT/", "HTTP://127.0.0.1:PORT/", "http://localhost:PORT/", "http://[::1]:PORT/", "ftp://127.0.0.1:PORT/", "wss://127.0.0.1:PORT/",
		"gopher://127.0.0.1:PORT/_GET", "file:///etc/passwd", "file://127.0.0.1:PORT/", "unix:///run/x.sock", "data:text/plain,x", "javascript:1", "http:127.0.0.1:PORT",
	},
	notFull: {
		"https:127.0.0.1:PORT", "https:///127.0.0.1:PORT", "https://", "https://:PORT/", "https://127.0.0.1:PORT\\@example.com/", "https://%31%32%37.0.0.1:PORT/",
		"https://127.0.0.1:PORT\r\nX: y/", "https://127.0.0.1:PORT\x00/", " https://127.0.0.1:PORT/", "https://[::1:PORT/", "https://[127.0.0.1]:PORT/",
		"https://127.0.0.1:PORT:443/", "127.0.0.1:PORT", "https://example.com%40127.0.0.1:PORT/",
	},
	noPort: {"https://127.0.0.1:22/", "https://127.0.0.1:80/", "https://127.0.0.1:0/", "https://127.0.0.1:99999/", "https://inside.test:6379/"},
}

// far are addresses that nobody listens on here. All of them are refused.
var far = []string{
	"0.0.0.1", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2",
	"172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255",
	"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::2", "::a00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::8.8.8.8", "64:ff9b:1::1",
	"100::1", "100:0:0:1::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "3fff::1", "4000::1", "5f00::1",
	"fc00::1", "fd00:ec2::254", "fdaa::3", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1",
}

func on(form string, port uint16) string { return strings.ReplaceAll(form, "PORT", fmt.Sprint(port)) }

// guarded asks the names and is quick to give up.
func guarded(in *inside, hosts map[string][]string, allow ...netip.AddrPort) *integrations.Guard {
	return integrations.NewGuard(allow...).WithPort(in.port).WithResolver(resolver(hosts)).WithTimeout(20 * time.Second)
}

func get(t *testing.T, g *integrations.Guard, address string) error {
	t.Helper()
	body, _, err := g.Get(t.Context(), address, integrations.GetOptions{})
	if err != nil && body != nil {
		t.Errorf("%q: a body with the error %v", address, err)
	}
	return err
}

func TestNoAddressLeadsInside(t *testing.T) {
	in := listenInside(t)
	g := guarded(in, nil)
	for want, list := range forms {
		for _, form := range list {
			address := on(form, in.port)
			if err := get(t, g, address); err == nil || err.Error() != want || integrations.IsNever(err) != (want != unknown) {
				t.Errorf("%q: got %v, want %s", address, err, want)
			}
		}
	}
	// The system's resolver asks no server for them, whether it reads them or not.
	system := integrations.NewGuard().WithPort(in.port)
	for _, form := range numbers {
		if err := get(t, system, on(form, in.port)); err == nil || err.Error() != private && err.Error() != unknown {
			t.Errorf("%q, by the system: got %v", form, err)
		}
	}
	if n := in.count(); n != 0 {
		t.Errorf("%d connections arrived", n)
	}
}

func TestNoAddressLeadsIntoOtherNetworks(t *testing.T) {
	in := listenInside(t)
	hosts := map[string][]string{}
	for i, ip := range far {
		hosts[fmt.Sprintf("far-%d.test", i)] = []string{ip}
	}
	g := guarded(in, hosts).WithTimeout(time.Second)
	for i, ip := range far {
		for _, host := range []string{ip, fmt.Sprintf("far-%d.test", i)} {
			address := "https://" + net.JoinHostPort(host, fmt.Sprint(in.port)) + "/"
			if err := get(t, g, address); err == nil || err.Error() != private || !integrations.IsNever(err) {
				t.Errorf("%s (%s): got %v", address, ip, err)
			}
		}
		if integrations.Public(netip.MustParseAddr(ip)) {
			t.Errorf("%s is public", ip)
		}
	}
}

func TestPublicAddresses(t *testing.T) {
	for _, ip := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15", "169.253.255.255", "169.255.0.0",
		"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.101.0", "203.0.114.0", "223.255.255.255",
		"::ffff:8.8.8.8", "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001::1", "3ffe::1",
	} {
		if !integrations.Public(netip.MustParseAddr(ip)) {
			t.Errorf("%s is not public", ip)
		}
	}
	for _, a := range []netip.Addr{{}, netip.MustParseAddr("2606:4700:4700::1111%eth0"), netip.MustParseAddr("::ffff:8.8.8.8").WithZone("eth0")} {
		if integrations.Public(a) {
			t.Errorf("%s is public", a)
		}
	}
}

// It is the judgement of connections that keeps them away, and the listeners
// would notice.
func TestWithoutControlConnectionsArrive(t *testing.T) {
	in := listenInside(t)
	g := guarded(in, nil).WithoutControl()
	for _, form := range []string{
		"https://127.0.0.1:PORT/", "https://0.0.0.0:PORT/", "https://[::ffff:7f00:1]:PORT/", "https://localhost.:PORT/", "https://inside.test:PORT/",
		"https://0x7f.1:PORT/", "https://１２７.０.０.１:PORT/", "HTTPS://127.0.0.1:PORT/", "https://127.0.0.1:PORT#@example.com/",
	} {
		before := in.count()
		if err := get(t, g, on(form, in.port)); err == nil || integrations.IsNever(err) || in.count() == before {
			t.Errorf("%s: nothing arrived, got %v", form, err)
		}
	}
}

// outside is a server that a guard may ask, as example.com or by its IP address.
type outside struct {
	*httptest.Server
	addr netip.AddrPort
}

func serve(t *testing.T, h http.HandlerFunc) outside {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return outside{s, addrPort(s.Listener.Addr())}
}

func (o outside) as(host string) string { return fmt.Sprintf("https://%s:%d", host, o.addr.Port()) }

// guard may ask the servers.
func guard(in *inside, hosts map[string][]string, servers ...outside) *integrations.Guard {
	roots := x509.NewCertPool()
	var allow []netip.AddrPort
	for _, s := range servers {
		roots.AddCert(s.Certificate())
		allow = append(allow, s.addr)
	}
	return guarded(in, hosts, allow...).WithRoots(roots)
}

func TestNoRedirectLeadsInside(t *testing.T) {
	in := listenInside(t)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(r.FormValue("code"), &code)
		w.Header().Set("Location", r.FormValue("to"))
		w.WriteHeader(code)
	})
	g := guard(in, nil, s)
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, want := range []string{private, unknown, hasUser, noHTTPS, noPort} {
			for _, form := range forms[want] {
				to := on(form, in.port)
				err := get(t, g, s.URL+"/?"+fmt.Sprintf("code=%d&to=", code)+escape(to))
				if err == nil || err.Error() != "after a redirect: "+want || integrations.IsNever(err) != (want != unknown) {
					t.Errorf("%d to %q: got %v, want %s", code, to, err, want)
				}
			}
		}
		for _, to := range []string{"", "//127.0.0.1:PORT/", `\\127.0.0.1:PORT\`, "//[::1]:PORT", "https://%zz/"} {
			if err := get(t, g, s.URL+fmt.Sprintf("/?code=%d&to=", code)+escape(on(to, in.port))); err == nil {
				t.Errorf("%d to %q is followed", code, to)
			}
		}
	}
	if n := in.count(); n != 0 {
		t.Errorf("%d connections arrived", n)
	}
}

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func TestRedirects(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var left int
		if n, _ := fmt.Sscanf(r.URL.Path, "/%d", &left); n == 0 || left != 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d", left-1), http.StatusFound)
		}
	})
	g := guard(listenInside(t), nil, s)
	if err := get(t, g, s.URL+"/3"); err != nil {
		t.Errorf("three redirects: %v", err)
	}
	for _, path := range []string{"/4", "/loop"} {
		asked.Store(0)
		if err := get(t, g, s.URL+path); err == nil || err.Error() != "the address redirects more than 3 times" || !integrations.IsNever(err) || asked.Load() != 4 {
			t.Errorf("%s: got %v after %d requests", path, err, asked.Load())
		}
	}
}

// A name that is public at first and then leads inside: between two redirects,
// and between two requests. The server stands for the public address.
func TestRebinding(t *testing.T) {
	in := listenInside(t)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
	})
	const inner = "127.0.0.2"
	in.listen(inner, s.addr.Port())
	for path, want := range map[string][]string{"/away": {"after a redirect: " + private}, "/": {"", private}} {
		g := guard(in, map[string][]string{"example.com": {"127.0.0.1", inner}}, s).WithPort(s.addr.Port())
		for _, want := range want {
			if err := get(t, g, s.as("example.com")+path); fmt.Sprint(err) != want && (err != nil || want != "") {
				t.Errorf("%s: got %v, want %q", path, err, want)
			}
		}
	}
	if n := in.count(); n != 0 {
		t.Errorf("%d connections arrived", n)
	}
}

func TestAllowedServer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, r.Header.Get("Authorization"), r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
	})
	in := listenInside(t)
	g := guard(in, nil, s)
	header := http.Header{"Authorization": {"Bearer key"}}
	for _, address := range []string{s.URL, s.as("example.com"), s.as("EXAMPLE.com"), s.URL} {
		body, contentType, err := g.Get(t.Context(), address, integrations.GetOptions{Header: header, Hosts: []string{"example.com", "127.0.0.1"}})
		if err != nil || string(body) != "Bearer key" || contentType != "image/png" {
			t.Errorf("%s: got %q, %q, %v", address, body, contentType, err)
		}
	}
	if err := get(t, guarded(in, nil, s.addr), s.URL); err == nil || integrations.IsNever(err) || err.Error() != "the address is on a host whose certificate is not valid" {
		t.Errorf("an unknown certificate: got %v", err)
	}
}

// Stand-ins have no certificates. That holds for an address that is spelled out,
// so that no name and no other port is asked without TLS.
func TestAllowedWithoutTLS(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	in := listenInside(t)
	addr := addrPort(s.Listener.Addr())
	g := guarded(in, nil, netip.AddrPortFrom(netip.AddrFrom16(addr.Addr().As16()), addr.Port())) // mapped into IPv6
	if err := get(t, g, s.URL); err != nil {
		t.Error(err)
	}
	for _, address := range []string{fmt.Sprintf("http://localhost:%d/", addr.Port()), on("http://127.0.0.1:PORT/", in.port), "http://127.0.0.1/"} {
		if err := get(t, g, address); err == nil || err.Error() != noHTTPS {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

// That a port may be asked on one address opens it nowhere else.
func TestAllowedPortIsForItsAddress(t *testing.T) {
	in := listenInside(t)
	g := guarded(in, map[string][]string{"far.test": {"93.184.215.14"}}, netip.MustParseAddrPort("127.0.0.1:1")).WithTimeout(time.Second)
	for address, want := range map[string]string{"https://far.test:1/": noPort, "https://127.0.0.2:1/": private, "https://far.test:2/": noPort} {
		if err := get(t, g, address); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestOnlyTheHosts(t *testing.T) {
	var asked atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	first := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	g := guard(listenInside(t), nil, first, other)
	o := integrations.GetOptions{Hosts: []string{"example.com"}}
	for _, tc := range []struct{ address, want string }{
		{first.as("example.com"), "after a redirect: the address is on another host than example.com"},
		{first.as("api.example.com"), "the address is on another host than example.com"},
		{first.as("example.com."), "the address is on another host than example.com"},
		{first.as("example.com.test"), "the address is on another host than example.com"},
		{first.as("ｅxample.com"), "the address is on another host than example.com"},
		{other.URL, "the address is on another host than example.com"},
		{first.as("example.com@127.0.0.1"), hasUser},
	} {
		if _, _, err := g.Get(t.Context(), tc.address, o); err == nil || err.Error() != tc.want || !integrations.IsNever(err) {
			t.Errorf("%s: got %v", tc.address, err)
		}
	}
	if asked.Load() != 0 {
		t.Error("the other host was asked")
	}
}

func TestHeadersStayOnTheirHost(t *testing.T) {
	var mu sync.Mutex
	var got []string
	note := func(name string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, strings.TrimSpace(fmt.Sprint(name, r.URL.Path, " ", r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("Referer"), r.Header.Get("Cookie"))))
	}
	var first outside
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note("other", r)
		http.Redirect(w, r, first.as("example.com")+"/back", http.StatusTemporaryRedirect)
	})
	first = serve(t, func(w http.ResponseWriter, r *http.Request) {
		note("first", r)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/same", http.StatusFound)
		case "/same":
			http.Redirect(w, r, other.as("127.0.0.1")+"/", http.StatusFound)
		}
	})
	g := guard(listenInside(t), nil, first, other)
	_, _, err := g.Get(t.Context(), first.as("example.com")+"/?secret", integrations.GetOptions{Header: http.Header{"Authorization": {"key,"}, "X-Key": {"key"}}})
	if want := []string{"first/ key,key", "first/same key,key", "other/", "first/back"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestSizes(t *testing.T) {
	const most = 100_000
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.FormValue("n"), &n)
		body := bytes.Repeat([]byte("x"), n)
		switch r.URL.Path {
		case "/known":
			w.Header().Set("Content-Length", fmt.Sprint(n))
			_, _ = w.Write(body)
		case "/chunked":
			w.(http.Flusher).Flush()
			_, _ = w.Write(body)
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(body)
			if n <= 2*most {
				_ = z.Close()
			}
		}
		if n > 2*most { // and more, which nobody should wait for
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	g := guard(listenInside(t), nil, s)
	for _, path := range []string{"/known", "/chunked", "/gzip"} {
		for _, n := range []int{0, 1, most - 1, most, most + 1, 50 << 20} {
			body, _, err := g.Get(t.Context(), fmt.Sprintf("%s%s?n=%d", s.URL, path, n), integrations.GetOptions{Max: most})
			switch {
			case n <= most && (err != nil || len(body) != n):
				t.Errorf("%s of %d: got %d bytes, %v", path, n, len(body), err)
			case n > most && (err == nil || err.Error() != "what the address holds is larger than 100000 bytes" || !integrations.IsNever(err)):
				t.Errorf("%s of %d: got %v", path, n, err)
			}
		}
	}
	if _, _, err := g.Get(t.Context(), s.URL+"/known?n=2000000", integrations.GetOptions{}); !integrations.IsNever(err) {
		t.Errorf("above the default: got %v", err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 100_000))
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "not compressed")
		case "/short":
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "short")
		default:
			var code int
			_, _ = fmt.Sscanf(r.URL.Path, "/%d", &code)
			w.Header().Set("Retry-After", r.FormValue("after"))
			w.WriteHeader(code)
		}
	})
	g := guard(listenInside(t), nil, s)
	for path, tc := range map[string]struct {
		text  string
		never bool
		after time.Duration
	}{
		"/204":              {"", false, 0},
		"/300":              {"the address answered 300 Multiple Choices", true, 0},
		"/304":              {"the address answered 304 Not Modified", true, 0},
		"/401":              {"the address answered 401 Unauthorized", true, 0},
		"/404":              {"the address answered 404 Not Found", true, 0},
		"/408":              {"the address answered 408 Request Timeout", false, 0},
		"/425":              {"the address answered 425 Too Early", false, 0},
		"/429?after=7":      {"the address answered 429 Too Many Requests", false, 7 * time.Second},
		"/500":              {"the address answered 500 Internal Server Error", false, 0},
		"/503?after=60":     {"the address answered 503 Service Unavailable", false, time.Minute},
		"/503?after=999999": {"the address answered 503 Service Unavailable", false, 0},
		"/503?after=x":      {"the address answered 503 Service Unavailable", false, 0},
		"/599":              {"the address answered 599", false, 0},
		"/header":           {"what the address answered cannot be read", false, 0},
		"/gzip":             {"what the address answered cannot be read", false, 0},
		"/short":            {"what the address answered cannot be read", false, 0},
	} {
		err := get(t, g, s.URL+path)
		if err == nil {
			err = errors.New("")
		}
		if err.Error() != tc.text || integrations.IsNever(err) != tc.never || integrations.RetryAfter(err) != tc.after {
			t.Errorf("%s: got %v, never: %t, after %s", path, err, integrations.IsNever(err), integrations.RetryAfter(err))
		}
		var status *integrations.StatusError
		if errors.As(err, &status) != strings.HasPrefix(tc.text, "the address answered") || status != nil && !strings.HasPrefix(path, fmt.Sprintf("/%d", status.Code)) {
			t.Errorf("%s: got the status %v", path, status)
		}
	}
}

// Who does not answer in time is tried again: at no step does a guard wait for
// ever.
func TestTimeouts(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			fmt.Fprint(w, "a part")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	mute, err := net.Listen("tcp", "127.0.0.1:0") // whose connections wait to be accepted
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	g := guard(listenInside(t), nil, s, outside{s.Server, addrPort(mute.Addr())}).WithTimeout(200 * time.Millisecond)
	for _, address := range []string{s.URL + "/header", s.URL + "/body", "https://" + mute.Addr().String()} {
		err := get(t, g, address)
		if err == nil || err.Error() != "the address did not answer in time" || integrations.IsNever(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", address, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := g.Get(ctx, s.URL, integrations.GetOptions{}); !errors.Is(err, context.Canceled) || integrations.IsNever(err) {
		t.Errorf("given up: got %v", err)
	}
}

// What cannot be reached is tried again, and the error names nothing of this
// network.
func TestUnreachable(t *testing.T) {
	in := listenInside(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	g := guarded(in, nil, addrPort(closed.Addr()))
	deaf := guarded(in, nil).WithResolver(&net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("the resolver 10.0.0.53 is down")
	}})
	for _, tc := range []struct {
		guard         *integrations.Guard
		address, want string
	}{
		{g, "https://" + closed.Addr().String(), "the address could not be reached"},
		{g, on("https://nowhere.test:PORT/", in.port), unknown},
		{deaf, on("https://example.com:PORT/", in.port), "the address could not be reached"},
	} {
		if err := get(t, tc.guard, tc.address); err == nil || err.Error() != tc.want || integrations.IsNever(err) {
			t.Errorf("%s: got %v", tc.address, err)
		}
	}
}
