package integrations_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
)

var intakeNow = time.Unix(1700000000, 0)

// desk is an intake behind HTTP that answers 200 with the body.
type desk struct {
	*integrations.Intake
	now      time.Time
	log      strings.Builder
	verifier *integrations.Verifier
}

func newDesk(t *testing.T, c pages.Clients) *desk {
	t.Helper()
	d := &desk{now: intakeNow}
	var err error
	if d.verifier, err = integrations.NewVerifier(stripeScheme, []string{"whsec_new"}); err != nil {
		t.Fatal(err)
	}
	d.Intake = integrations.NewIntake(c, func() time.Time { return d.now }, slog.New(slog.NewTextHandler(&d.log, nil)))
	return d
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if body, ok := d.Body(w, r, d.verifier); ok {
		_, _ = w.Write(body)
	}
}

func (d *desk) post(body io.Reader, header string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	if header != "" {
		r.Header.Set("Stripe-Signature", header)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func signed(body string) string {
	mac := hmac.New(sha256.New, []byte("whsec_new"))
	fmt.Fprintf(mac, "%d.%s", intakeNow.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", intakeNow.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// forged has the form of a signature.
var forged = fmt.Sprintf("t=%d,v1=%s", intakeNow.Unix(), strings.Repeat("0", 64))

// touched is a body that remembers that it was read.
type touched struct{ read bool }

func (b *touched) Read([]byte) (int, error) {
	b.read = true
	return 0, errors.New("broken")
}

func TestHeadersAreJudgedBeforeTheBody(t *testing.T) {
	for header, want := range map[string]bool{"": false, "junk": false, "t=1,v1=" + strings.Repeat("0", 64): false, forged: true} {
		d, body := newDesk(t, nil), &touched{}
		if w := d.post(body, header); body.read != want || !want && w.Code != http.StatusUnauthorized {
			t.Errorf("%q: got %d, read: %t", header, w.Code, body.read)
		}
	}
}

func TestBodiesOfEverySize(t *testing.T) {
	for _, n := range []int{0, 1, 8<<10 - 1, 8 << 10, 8<<10 + 1, 100_000, integrations.MaxBody - 1, integrations.MaxBody, integrations.MaxBody + 1, 5 << 20} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{"of known length": func(r io.Reader) io.Reader { return r }, "chunked": func(r io.Reader) io.Reader { return struct{ io.Reader }{r} }} {
			d, body := newDesk(t, nil), strings.Repeat("x", n)
			w := d.post(wrap(strings.NewReader(body)), signed(body))
			if n > integrations.MaxBody {
				if w.Code != http.StatusRequestEntityTooLarge {
					t.Errorf("%d bytes %s: got %d", n, name, w.Code)
				}
			} else if w.Code != http.StatusOK || w.Body.String() != body {
				t.Errorf("%d bytes %s: got %d, %d bytes", n, name, w.Code, w.Body.Len())
			}
			if !d.Free(32 << 20) {
				t.Errorf("%d bytes %s: memory is set aside for ever", n, name)
			}
		}
	}
}

func TestWhyABodyIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		body   io.Reader
		header string
		want   int
	}{
		"not signed":           {strings.NewReader("x"), "", http.StatusUnauthorized},
		"another body":         {strings.NewReader("x"), signed("y"), http.StatusUnauthorized},
		"too large, by length": {strings.NewReader(strings.Repeat("x", integrations.MaxBody+1)), forged, http.StatusRequestEntityTooLarge},
		"too large":            {struct{ io.Reader }{strings.NewReader(strings.Repeat("x", integrations.MaxBody+1))}, forged, http.StatusRequestEntityTooLarge},
		"broken off":           {&touched{}, forged, http.StatusBadRequest},
	} {
		d := newDesk(t, nil)
		w := d.post(tc.body, tc.header)
		if w.Code != tc.want || w.Header().Get("Content-Type") != "application/json" || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
		if !d.Free(32 << 20) {
			t.Errorf("%s: memory is set aside for ever", name)
		}
	}
}

// Bodies that stall hold no more than the budget, all together; who comes when
// it is used up is told to come again, and is served when there is room.
func TestStalledBodiesShareABudget(t *testing.T) {
	d := newDesk(t, nil)
	d.WithRoom(1 << 20)
	server := httptest.NewServer(d)
	const clients, sent = 200, 60 << 10 // for which 64 KiB are set aside, and 32 more while it grows
	codes := make(chan string, clients)
	var conns []net.Conn
	for range clients {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
		go func() {
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nStripe-Signature: %s\r\nContent-Length: 1048576\r\n\r\n%s", forged, strings.Repeat("x", sent))
			line, _ := bufio.NewReader(conn).ReadString('\n')
			codes <- strings.TrimSpace(line)
		}()
	}
	for range clients - 16 {
		select {
		case got := <-codes:
			if got != "HTTP/1.1 503 Service Unavailable" {
				t.Fatalf("got %q", got)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("more bodies are held than there is room for")
		}
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	for range 16 {
		<-codes
	}
	server.Close() // which waits for requests under way
	if !d.Free(1 << 20) {
		t.Fatal("memory is set aside for ever")
	}
	if w := d.post(strings.NewReader("hello"), signed("hello")); w.Code != http.StatusOK {
		t.Errorf("with room: got %d", w.Code)
	}
}

// A client that sends what nobody has signed is answered at once, though its
// body never comes.
func TestWhoIsRefusedNeedNotSendTheBody(t *testing.T) {
	server := httptest.NewServer(newDesk(t, nil))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, " 401 ") {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestRefusalsAreOneLineAMinute(t *testing.T) {
	d := newDesk(t, nil)
	for _, step := range []struct {
		later time.Duration
		want  string
	}{{0, "requests=1 "}, {59 * time.Second, ""}, {time.Second, "requests=1000 "}} {
		d.now = d.now.Add(step.later)
		d.log.Reset()
		for range 500 {
			d.post(strings.NewReader("x"), "")
		}
		if got := d.log.String(); strings.Count(got, "\n") != min(1, len(step.want)) || !strings.Contains(got, step.want) {
			t.Errorf("got %q", got)
		}
	}
}

func TestEventsThatCannotBeStoredAreOneLineAMinute(t *testing.T) {
	d := newDesk(t, nil)
	for _, want := range []string{"events=1 ", "events=500 "} {
		d.log.Reset()
		for range 500 {
			w := httptest.NewRecorder()
			if d.Unstored(w, errors.New("disk full")); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
		}
		if got := d.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, want) || !strings.Contains(got, "disk full") {
			t.Errorf("got %q", got)
		}
		d.now = d.now.Add(time.Minute)
	}
}

// Who is refused again and again is asked to slow down; others are not.
func TestAClientThatIsRefusedTooOften(t *testing.T) {
	d := newDesk(t, pages.Clients{netip.MustParsePrefix("192.0.2.0/24")}) // httptest's own address
	client := "198.51.100.7"
	post := func(header string) int {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x"))
		r.Header.Set("Stripe-Signature", header)
		r.Header.Set("X-Forwarded-For", client)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	for range 1000 {
		if code := post(signed("x")); code != http.StatusOK {
			t.Fatalf("what is signed is not counted: got %d", code)
		}
	}
	for range 100 {
		post("junk")
	}
	if code := post("junk"); code != http.StatusTooManyRequests {
		t.Errorf("got %d", code)
	}
	client = "198.51.100.8"
	if code := post("junk"); code != http.StatusUnauthorized {
		t.Errorf("another client: got %d", code)
	}
	client = "198.51.100.7"
	d.now = d.now.Add(time.Second)
	if code := post(signed("x")); code != http.StatusOK {
		t.Errorf("a second later: got %d", code)
	}
}
