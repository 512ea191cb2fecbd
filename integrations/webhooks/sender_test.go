package webhooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/webhooks"
)

const (
	secretA = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secretB = "whsec_c2VjcmV0LWItc2VjcmV0LWItc2VjcmV0LWItYg=="
	text    = "a text of at least 24 characters"
)

// request is one that an endpoint got.
type request struct {
	http.Header
	body []byte
}

// endpoint is a server that answers as it is told.
type endpoint struct {
	*httptest.Server
	mu  sync.Mutex
	got []request
}

func newEndpoint(t testing.TB, answer http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s, %v", r.Method, err)
		}
		e.mu.Lock()
		e.got = append(e.got, request{r.Header, b})
		e.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func sender(t testing.TB, url string, secrets ...string) *webhooks.Sender {
	t.Helper()
	s, err := webhooks.New(webhooks.Endpoint{Name: "crm", URL: url, Secret: secrets}, webhooks.Options{Now: time.Now, UserAgent: "passhook/test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func message() integrations.Message {
	return integrations.Message{
		ID: "0190f3a2-5c1e-7a3b-9d4f-3c2b1a000000", Type: "pass.issued", Time: time.Date(2026, 11, 20, 19, 0, 0, 0, time.FixedZone("", 3600)),
		Data: map[string]any{"serial_number": "A <&> B"},
	}
}

func TestAMessageIsSignedAsStandardWebhooksHasIt(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, status(http.StatusNoContent))
	if err := sender(t, e.URL, secretA).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	got := e.got[0]
	judge, err := standardwebhooks.NewWebhook(secretA)
	if err != nil {
		t.Fatal(err)
	}
	if err := judge.Verify(got.body, got.Header); err != nil {
		t.Error(err)
	}
	if err := judge.Verify(append(got.body, ' '), got.Header); err == nil {
		t.Error("a changed body is signed as well")
	}
	for name, want := range map[string]string{"webhook-id": message().ID, "Content-Type": "application/json", "User-Agent": "passhook/test"} {
		if is := got.Get(name); is != want {
			t.Errorf("%s: %s", name, is)
		}
	}
	var body struct {
		Type, Timestamp string
		Data            map[string]string
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.Type != "pass.issued" || body.Timestamp != "2026-11-20T18:00:00Z" || body.Data["serial_number"] != "A <&> B" {
		t.Errorf("%v: %s", err, got.body)
	}
}

// While a secret is exchanged, receivers know one of them.
func TestAllSecretsSign(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, status(http.StatusOK))
	if err := sender(t, e.URL, secretA, secretB, text).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	got := e.got[0]
	for _, secret := range []string{secretA, secretB} {
		judge, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = judge.Verify(got.body, got.Header)
		}
		if err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
	judge, err := standardwebhooks.NewWebhookRaw([]byte(text))
	if err == nil {
		err = judge.Verify(got.body, got.Header)
	}
	if n := len(strings.Fields(got.Get("webhook-signature"))); err != nil || n != 3 {
		t.Errorf("%v, %d signatures", err, n)
	}
}

// Every answer has one meaning.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for code := 200; code <= 599; code++ {
		err := sender(t, newEndpoint(t, status(code)).URL, secretA).Send(t.Context(), message())
		good, gone := code < 300, code == 410
		away := code == 429 || code == 502 || code == 503 || code == 504
		if (err == nil) != good || integrations.IsGone(err) != gone || integrations.IsUnavailable(err) != away || integrations.IsNever(err) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code        int
		value       string
		least, most time.Duration
	}{
		"seconds":         {429, "120", 2 * time.Minute, 2 * time.Minute},
		"a date":          {503, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 59 * time.Minute, time.Hour},
		"a date gone by":  {503, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), 0, 0},
		"nonsense":        {429, "soon", 0, 0},
		"less than none":  {429, "-5", 0, 0},
		"more than years": {429, "9000000000", 1 << 30 * time.Second, 1 << 30 * time.Second},
		"of another code": {500, "120", 0, 0},
	} {
		e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tc.value)
			w.WriteHeader(tc.code)
		})
		if is := integrations.RetryAfter(sender(t, e.URL, secretA).Send(t.Context(), message())); is < tc.least || is > tc.most {
			t.Errorf("%s: %s", name, is)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	other := newEndpoint(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	for _, code := range []int{301, 302, 303, 307, 308} {
		e := newEndpoint(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, code) })
		if err := sender(t, e.URL, secretA).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "redirects are not followed") {
			t.Errorf("%d: %v", code, err)
		}
	}
	if followed.Load() {
		t.Error("a redirect was followed")
	}
}

// The address may hold a secret, and errors are logged and mailed.
func TestErrorsDoNotNameTheAddress(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, status(http.StatusOK))
	e.Close()
	err := sender(t, e.URL+"/hook?key=hidden", secretA).Send(t.Context(), message())
	if !integrations.IsUnavailable(err) || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "hook") {
		t.Error(err)
	}
}

// An endpoint that sends without end takes no memory and no slot.
func TestOfALongAnswerLittleIsRead(t *testing.T) {
	t.Parallel()
	stopped := make(chan int, 1)
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		sent, chunk := 0, make([]byte, 1<<20)
		for range 100 {
			n, err := w.Write(chunk)
			if sent += n; err != nil {
				break
			}
		}
		stopped <- sent
	})
	if err := sender(t, e.URL, secretA).Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
	if sent := <-stopped; sent >= 100<<20 {
		t.Errorf("%d bytes were taken", sent)
	}
}

func TestASenderThatIsStoppedStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if err := sender(t, e.URL, secretA).Send(ctx, message()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAnEndpointThatHangsIsUnavailable(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := sender(t, e.URL, secretA)
	s.Timeout(20 * time.Millisecond)
	if err := s.Send(t.Context(), message()); !integrations.IsUnavailable(err) {
		t.Error(err)
	}
}

func TestNoSecretSendsNothing(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"short"}, {"whsec_"}, {secretA, ""}} {
		if _, err := webhooks.New(webhooks.Endpoint{Name: "crm", URL: "https://crm.example.com", Secret: secrets}, webhooks.Options{Now: time.Now}); err == nil {
			t.Errorf("%q is good enough", secrets)
		}
	}
}

func TestWhichMessagesAnEndpointIsSent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ events, want string }{
		{"", strings.Join(integrations.MessageTypes(), " ")}, {"pass.voided pass.issued", "pass.voided pass.issued"}, {"pass.installed", "pass.installed"},
	} {
		if is := strings.Join(webhooks.Endpoint{Events: strings.Fields(tc.events)}.Types(), " "); is != tc.want {
			t.Errorf("%s: %s", tc.events, is)
		}
	}
}
