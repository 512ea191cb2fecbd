package integrations

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// guardTimeout is for all of a Get: redirects, and the body to its end.
	guardTimeout = 10 * time.Second
	// maxRedirects are followed in a Get.
	maxRedirects = 3
	// maxAnswerHeader is the largest header of an answer, in bytes.
	maxAnswerHeader = 64 << 10
)

// Guard fetches from addresses that others choose: where a picture is, where the
// object of an event is. It asks public hosts alone, over TLS on port 443. What it
// judges is the IP address that it connects to, so that no spelling, no name and
// no redirect leads into a private network. It is safe for concurrent use.
type Guard struct {
	allow     []netip.AddrPort
	port      uint16
	timeout   time.Duration
	dialer    *net.Dialer
	transport *http.Transport
}

// NewGuard makes one. Addresses in allow may be asked although they are not
// public or have another port, without TLS as well where a URL spells them out:
// that is for stand-ins on this machine.
func NewGuard(allow ...netip.AddrPort) *Guard {
	g := &Guard{port: 443, timeout: guardTimeout, dialer: &net.Dialer{Timeout: guardTimeout}}
	for _, a := range allow {
		g.allow = append(g.allow, unmap(a))
	}
	g.dialer.Control = g.control
	// Proxy is not set: a proxy would connect to what nobody has judged.
	g.transport = &http.Transport{
		DialContext:            g.dialer.DialContext,
		TLSHandshakeTimeout:    guardTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		MaxIdleConns:           16,
		IdleConnTimeout:        time.Minute,
	}
	return g
}

// GetOptions are what a Get may do.
type GetOptions struct {
	// Hosts are the names of the only hosts that may be asked, in lower case;
	// none: every public one.
	Hosts []string
	// Max is the largest body, in bytes after decompression; 0: MaxBody.
	Max int64
	// Header is sent to the host of the address, and to no other that it
	// redirects to.
	Header http.Header
}

// StatusError is an answer that is neither a success nor a redirect.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the address answered %d %s", e.Code, http.StatusText(e.Code)))
}

// Get fetches what is at address. The text of its error is for the person who
// wrote the address. The error is Never where the address is at fault: it may not
// be asked, what it holds is too large, or it answers so. All others are worth
// another try. A StatusError is in it where there was an answer.
func (g *Guard) Get(ctx context.Context, address string, o GetOptions) (body []byte, contentType string, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", errAddress
	}
	header := o.Header
	for redirects := 0; ; redirects++ {
		resp, err := g.ask(ctx, u, header, o.Hosts)
		if err != nil {
			return nil, "", redirected(redirects, err)
		}
		if !isRedirect(resp) {
			body, err := read(resp, cmp.Or(o.Max, MaxBody))
			return body, resp.Header.Get("Content-Type"), redirected(redirects, err)
		}
		_ = resp.Body.Close()
		if redirects == maxRedirects {
			return nil, "", errRedirects
		}
		next, err := resp.Location()
		if err != nil {
			return nil, "", redirected(redirects+1, errAddress)
		}
		// What has left the host stays without the header, even on the way back.
		if next.Scheme != u.Scheme || next.Host != u.Host {
			header = nil
		}
		u = next
	}
}

var (
	errAddress   = Never(errors.New("the address is not a full one, such as https://example.com/logo.png"))
	errScheme    = Never(errors.New("the address does not begin with https://"))
	errUser      = Never(errors.New("the address has a user name in it"))
	errPort      = Never(errors.New("the address has another port than 443, which is not asked"))
	errPrivate   = Never(errors.New("the address leads to a private network, which is not asked"))
	errRedirects = Never(fmt.Errorf("the address redirects more than %d times", maxRedirects))
)

// ask sends one request. The caller closes the answer's body.
func (g *Guard) ask(ctx context.Context, u *url.URL, header http.Header, hosts []string) (*http.Response, error) {
	if err := g.check(u, hosts); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, errAddress
	}
	if header != nil {
		req.Header = header.Clone()
	}
	// The transport itself, not a client: that would follow redirects with
	// headers and a Referer.
	resp, err := g.transport.RoundTrip(req)
	if err != nil {
		return nil, unanswered(err)
	}
	return resp, nil
}

// check judges what can be seen before anybody is asked, even for an IP address.
func (g *Guard) check(u *url.URL, hosts []string) error {
	port, err := strconv.ParseUint(cmp.Or(u.Port(), strconv.Itoa(int(g.port))), 10, 16)
	literal, _ := netip.ParseAddrPort(u.Host)
	switch {
	case u.User != nil:
		return errUser
	case u.Scheme != "https" && (u.Scheme != "http" || !slices.Contains(g.allow, unmap(literal))):
		return errScheme
	case u.Hostname() == "":
		return errAddress
	case len(hosts) > 0 && !slices.Contains(hosts, strings.ToLower(u.Hostname())):
		return Never(fmt.Errorf("the address is on another host than %s", strings.Join(hosts, " or ")))
	case err != nil || !g.mayBePort(uint16(port)):
		return errPort
	}
	return nil
}

func (g *Guard) mayBePort(port uint16) bool {
	return port == g.port || slices.ContainsFunc(g.allow, func(a netip.AddrPort) bool { return a.Port() == port })
}

// control is asked after names are looked up and before each connection.
func (g *Guard) control(network, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return errPrivate
	}
	switch {
	case slices.Contains(g.allow, unmap(a)):
		return nil
	case !public(a.Addr()):
		return errPrivate
	case a.Port() != g.port:
		return errPort
	}
	return nil
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// Of IPv6 only the block that global addresses are given out from is public.
// Mapped and embedded IPv4, unique local, link-local and multicast addresses are
// outside of it.
var global6 = netip.MustParsePrefix("2000::/3")

// notPublic are the blocks that IANA's registries of special-purpose addresses
// name and what clouds add to them.
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this network
	netip.MustParsePrefix("10.0.0.0/8"),       // private
	netip.MustParsePrefix("100.64.0.0/10"),    // of carriers
	netip.MustParsePrefix("127.0.0.0/8"),      // loopback
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's host, seen from its machines
	netip.MustParsePrefix("169.254.0.0/16"),   // link-local, and clouds' metadata
	netip.MustParsePrefix("172.16.0.0/12"),    // private
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation
	netip.MustParsePrefix("192.88.99.0/24"),   // relays of 6to4
	netip.MustParsePrefix("192.168.0.0/16"),   // private
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("224.0.0.0/4"),      // multicast
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),        // protocol assignments, and Teredo
	netip.MustParsePrefix("2001:db8::/32"),    // documentation
	netip.MustParsePrefix("2002::/16"),        // 6to4
	netip.MustParsePrefix("3fff::/20"),        // documentation
}

// public reports whether a is a host on the internet.
func public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	return (a.Is4() || global6.Contains(a)) && !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirected says that it is not the address itself that err is about.
func redirected(redirects int, err error) error {
	if redirects == 0 || err == nil {
		return err
	}
	return fmt.Errorf("after a redirect: %w", err)
}

// read reads and closes an answer.
func read(resp *http.Response, most int64) ([]byte, error) {
	defer resp.Body.Close()
	if err := checkStatus(resp); err != nil {
		return nil, err
	}
	large := Never(fmt.Errorf("what the address holds is larger than %d bytes", most))
	if resp.ContentLength > most {
		return nil, large
	}
	// The transport decompresses as this reads.
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil {
		// Out of time, the transport hangs up, at which a server may end the body
		// as if that were all.
		err = resp.Request.Context().Err()
	}
	switch {
	case err != nil:
		return nil, unanswered(err)
	case int64(len(body)) > most:
		return nil, large
	}
	return body, nil
}

func checkStatus(resp *http.Response) error {
	code, err := resp.StatusCode, error(&StatusError{resp.StatusCode})
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		const most = 3600
		if seconds, e := strconv.Atoi(resp.Header.Get("Retry-After")); e == nil && seconds > 0 && seconds <= most {
			return After(time.Duration(seconds)*time.Second, err)
		}
		return err
	case code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooEarly:
		return err
	}
	return Never(err)
}

// unansweredError says why there is no answer. Its cause may name what only this
// network knows, as the server that was asked for a name.
type unansweredError struct {
	text  string
	cause error
}

func (e *unansweredError) Error() string { return e.text }

func (e *unansweredError) Unwrap() error { return e.cause }

// unanswered puts an error of the transport in plain words.
func unanswered(err error) error {
	var never neverError
	if errors.As(err, &never) {
		return never
	}
	var (
		timeout     net.Error
		lookup      *net.DNSError
		certificate *tls.CertificateVerificationError
		dial        *net.OpError
	)
	text := "what the address answered cannot be read"
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		text = "the address did not answer in time"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		text = "the address is on a host that is not known"
	case errors.As(err, &certificate):
		text = "the address is on a host whose certificate is not valid"
	case errors.As(err, &lookup) || errors.As(err, &dial):
		text = "the address could not be reached"
	}
	return &unansweredError{text, err}
}
