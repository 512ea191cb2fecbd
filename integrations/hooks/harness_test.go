package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// publicURL is the one in the config; the tests reach the server elsewhere.
const publicURL = "https://tickets.example.com"

// server is the real program with these hooks and rules.
type server struct {
	*app.App
	url   string
	smtp  *standins.SMTP
	log   *apptest.Log
	later atomic.Int64 // by how much the clock is ahead
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// certified is made once: keys are slow to make.
var certified = sync.OnceValues(func() (*standins.CA, *standins.PassCertificate) {
	ca, err := standins.NewCA(time.Now())
	if err != nil {
		return nil, nil
	}
	issued, _ := ca.Issue("pass.com.example.tickets", "TEAM012345", "Hall One")
	return ca, issued
})

const concertRule = `
  - name: concert
    on: "hooks.*"
    when: data.show != "none"
    template: concert
    with: {holder: '${{ data.name ?? "Guest" }}'}
    deliver: [{email: '${{ data.email ?? "ada@example.com" }}'}]
`

// everyRule is on everything, and reads nothing of it.
const everyRule = `
  - {name: all, on: "hooks.*", template: concert, with: {holder: Ada Lovelace}, deliver: [{email: ada@example.com}]}
`

// project writes a project with these hooks and rules into a folder.
func project(t testing.TB, hooks, rules, smtp string) string {
	t.Helper()
	dir := t.TempDir()
	concert, err := fs.Sub(examples.FS, "concert")
	must(t, err)
	must(t, os.CopyFS(dir, concert))
	must(t, os.Remove(filepath.Join(dir, "passhook.yaml")))
	ca, cert := certified()
	text := "url: " + publicURL + "\nsecret: " + strings.Repeat("0123456789abcdef", 3) + `
signing: [{certificate: file:cert.pem, key: file:key.pem, intermediate: file:wwdr.pem}]
mail: {from: Hall One <tickets@example.com>, smtp: smtp+insecure://` + smtp + `}
hooks:` + hooks + "\nrules:" + rules + "\n"
	for name, b := range map[string][]byte{"cert.pem": cert.CertPEM, "key.pem": cert.KeyPEM, "wwdr.pem": ca.IntermediatePEM(), "passhook.yaml": []byte(text)} {
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	return filepath.Join(dir, "passhook.yaml")
}

func newServer(t testing.TB, hooks, rules string) *server {
	t.Helper()
	s := &server{log: &apptest.Log{}}
	var err error
	s.smtp, err = standins.NewSMTP(standins.SMTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = s.smtp.Close() })
	c, p, found, err := app.Load(project(t, hooks, rules, s.smtp.Addr()), config.Options{})
	must(t, err)
	must(t, found.Err())
	now := func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }
	s.App, err = app.New(t.Context(), c, p, app.Options{Now: now, Log: slog.New(slog.NewTextHandler(s.log, nil))})
	must(t, err)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	s.url = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l, func() {}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return s
}

// reply is what the server said.
type reply struct {
	code   int
	header http.Header
	body   string
	// fields are the body's, where it is an object.
	fields map[string]any
}

func (r reply) text(name string) string {
	s, _ := r.fields[name].(string)
	return s
}

// list are the objects under a name.
func (r reply) list(name string) []map[string]any {
	var out []map[string]any
	all, _ := r.fields[name].([]any)
	for _, v := range all {
		m, _ := v.(map[string]any)
		out = append(out, m)
	}
	return out
}

// post sends a body; headers are names and values in turn.
func (s *server) post(t testing.TB, path, body string, headers ...string) reply {
	t.Helper()
	return s.ask(t, http.MethodPost, s.url+path, strings.NewReader(body), headers...)
}

// get asks an address of the server's, which it may have named itself.
func (s *server) get(t testing.TB, address string) reply {
	t.Helper()
	return s.ask(t, http.MethodGet, s.url+strings.TrimPrefix(address, publicURL), http.NoBody)
}

// client is patient where it asks before it sends a body.
var client = &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}

func (s *server) ask(t testing.TB, method, address string, body io.Reader, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := client.Do(r)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	out := reply{code: resp.StatusCode, header: resp.Header, body: string(b)}
	_ = json.Unmarshal(b, &out.fields)
	return out
}

// events are all that are stored, the oldest first.
func (s *server) events(t testing.TB) []store.Event {
	t.Helper()
	list, err := s.Store.FindEvents(t.Context(), store.Filter{Limit: 10_000})
	must(t, err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// settled waits for an event to be worked on.
func (s *server) settled(t testing.TB, id string) *store.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	e, err := s.Store.WaitForEvent(ctx, id)
	must(t, err)
	return e
}

func (s *server) passes(t testing.TB) []store.Pass {
	t.Helper()
	list, err := s.Store.FindPasses(t.Context(), store.Filter{Limit: 10_000})
	must(t, err)
	return list
}

func expect(t testing.TB, what string, r reply, code int) {
	t.Helper()
	if r.code != code {
		t.Fatalf("%s: got %d %s, want %d", what, r.code, r.body, code)
	}
}
