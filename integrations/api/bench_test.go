package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

const (
	websiteKey = "ww_live_0123456789abcdef0123456789abcdef"
	shopKey    = "ww_live_fedcba9876543210fedcba9876543210"
	readerKey  = "ww_live_00000000000000000000000000000001"
	doorKey    = "ww_live_00000000000000000000000000000002"
	slowKey    = "ww_live_00000000000000000000000000000003"
)

// server is passhook with an API, as its users run it.
type server struct {
	url   string
	dir   string
	smtp  *standins.SMTP
	store *store.Store
}

// options are what a test's server has otherwise than others.
type options struct {
	database string
	// yaml stands in the place of the api section.
	yaml string
	// reachable may be asked for pictures.
	reachable []netip.AddrPort
}

const section = `api:
  keys:
    - {name: website, key: ` + websiteKey + `, rate: 1000000/s}
    - {name: shop, key: ` + shopKey + `, templates: [concert], rate: 1000000/s}
    - {name: reader, key: ` + readerKey + `, allow: [read]}
    - {name: door, key: ` + doorKey + `, allow: [redeem]}
    - {name: slow, key: ` + slowKey + `, rate: 2/h}
  cors: [ "https://shop.example.com" ]
`

// serve runs a server until the test ends.
func serve(t testing.TB, o options) *server {
	t.Helper()
	s := &server{dir: t.TempDir()}
	var err error
	s.smtp, err = standins.NewSMTP(standins.SMTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = s.smtp.Close() })
	ca, err := standins.NewCA(time.Now())
	must(t, err)
	cert, err := ca.Issue("pass.com.example.tickets", "TEAM123456", "Hall One")
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.url = "http://" + l.Addr().String()
	if o.yaml == "" {
		o.yaml = section
	}
	text := "url: " + s.url + "\nsecret: " + strings.Repeat("0123456789abcdef", 3) + "\nsigning: [{certificate: \"file:cert.pem\", key: \"file:key.pem\", intermediate: \"file:wwdr.pem\"}]\n" +
		"mail: {from: Hall One <tickets@example.com>, smtp: \"smtp+insecure://" + s.smtp.Addr() + "\"}\n" + o.yaml
	if o.database != "" {
		text += "database: " + o.database + "\n"
	}
	for name, content := range map[string]string{
		"passhook.yaml": text, "cert.pem": string(cert.CertPEM), "key.pem": string(cert.KeyPEM), "wwdr.pem": string(ca.IntermediatePEM()), "root.pem": string(ca.RootPEM()),
	} {
		must(t, os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600))
	}
	must(t, os.CopyFS(filepath.Join(s.dir, "templates"), sub(t, examples.FS, "concert/templates")))
	c, p, found, err := app.Load(filepath.Join(s.dir, "passhook.yaml"), config.Options{})
	must(t, err)
	must(t, found.Err())
	a, err := app.New(context.Background(), c, p, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Reachable: o.reachable})
	must(t, err)
	s.store = a.Store
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what the server said.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// json is the answer's body.
func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%d %s: %v", a.code, a.body, err)
	}
	return v
}

// failure is the text of an error, or empty.
func (a answer) failure() string {
	var v struct{ Error string }
	_ = json.Unmarshal(a.body, &v)
	return v.Error
}

// call asks the server, and compares with /openapi.json. Headers are pairs of a name and a value.
func (s *server) call(t testing.TB, key, method, path string, body any, header ...string) answer {
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
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, bytes.NewReader(text))
	must(t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
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
	s.asDescribed(t, req, text, resp, b)
	return answer{resp.StatusCode, resp.Header, b}
}

// create issues a pass and returns its serial number.
func (s *server) create(t testing.TB, key string, body any) string {
	t.Helper()
	a := s.call(t, key, http.MethodPost, "/api/passes", body)
	if a.code != http.StatusOK {
		t.Fatalf("%d %s", a.code, a.body)
	}
	return fmt.Sprint(a.json(t)["serialNumber"])
}
