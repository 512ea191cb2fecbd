// Package apptest runs passhook as its users do, within a test: a project in a
// folder, a mail server, Apple's certificates, and requests over HTTP.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// PassType is that of the certificate that signs.
const PassType = "pass.com.example.tickets"

// Options are what a test's server has otherwise than others.
type Options struct {
	// Database is a PostgreSQL; empty: SQLite.
	Database string
	// YAML is what the config has beside url, secret, signing and mail.
	YAML string
	// Dir is a project's folder that is there already; empty: a fresh one.
	Dir string
	app.Options
}

// Server is passhook, running.
type Server struct {
	URL, Dir string
	SMTP     *standins.SMTP
	Store    *store.Store
	// Saw, where it is set, looks at each request of Call, its body, and what was
	// answered.
	Saw func(t testing.TB, r *http.Request, body []byte, a Answer)
	// Stop ends it, and waits; the test's end does so as well.
	Stop func()
}

// Serve runs a server with the example's templates.
func Serve(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Dir: o.Dir}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	s.URL = "http://" + l.Addr().String()
	if s.SMTP, err = standins.NewSMTP(standins.SMTPOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.SMTP.Close() })
	if s.Dir == "" {
		s.Dir = t.TempDir()
		project(t, s.Dir)
	}
	text := "url: " + s.URL + "\nsecret: " + strings.Repeat("0123456789abcdef", 3) + "\nsigning: [{certificate: \"file:cert.pem\", key: \"file:key.pem\", intermediate: \"file:wwdr.pem\"}]\n" +
		"mail: {from: Hall One <tickets@example.com>, smtp: \"smtp+insecure://" + s.SMTP.Addr() + "\"}\n" + o.YAML
	if o.Database != "" {
		text += "\ndatabase: " + o.Database + "\n"
	}
	must(t, os.WriteFile(filepath.Join(s.Dir, "passhook.yaml"), []byte(text), 0o600))
	c, p, found, err := app.Load(filepath.Join(s.Dir, "passhook.yaml"), config.Options{})
	must(t, err)
	must(t, found.Err())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a, err := app.New(context.Background(), c, p, o.Options)
	must(t, err)
	s.Store = a.Store
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l, func() {}) }()
	stopped := false
	s.Stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(s.Stop)
	return s
}

// certificates are made once: keys are slow to make.
var certificates = sync.OnceValues(func() (map[string][]byte, error) {
	ca, err := standins.NewCA(time.Now())
	if err != nil {
		return nil, err
	}
	cert, err := ca.Issue(PassType, "TEAM123456", "Hall One")
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"cert.pem": cert.CertPEM, "key.pem": cert.KeyPEM, "wwdr.pem": ca.IntermediatePEM(), "root.pem": ca.RootPEM()}, nil
})

// project writes templates and certificates.
func project(t testing.TB, dir string) {
	t.Helper()
	files, err := certificates()
	must(t, err)
	for name, content := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	templates, err := fs.Sub(examples.FS, "concert/templates")
	must(t, err)
	must(t, os.CopyFS(filepath.Join(dir, "templates"), templates))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Answer is what a server said.
type Answer struct {
	Code   int
	Header http.Header
	Body   []byte
}

// JSON is the answer's body.
func (a Answer) JSON(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		t.Fatalf("%d %s: %v", a.Code, a.Body, err)
	}
	return v
}

// Error is the text of a failure, or empty.
func (a Answer) Error() string {
	var v struct{ Error string }
	_ = json.Unmarshal(a.Body, &v)
	return v.Error
}

// Call asks the server. A body that is no text becomes JSON; headers are pairs of a
// name and a value.
func (s *Server) Call(t testing.TB, method, path string, body any, header ...string) Answer {
	t.Helper()
	var text []byte
	switch v := body.(type) {
	case nil:
	case string:
		text = []byte(v)
	default:
		var err error
		text, err = json.Marshal(v)
		must(t, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(text))
	must(t, err)
	if text != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	a := Answer{resp.StatusCode, resp.Header, b}
	if s.Saw != nil {
		s.Saw(t, req, text, a)
	}
	return a
}

// Until waits for something that the server brings about.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it never came to this: %s", what)
		}
	}
}
