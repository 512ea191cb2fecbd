package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"testing"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/app/apptest"
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
	if o.yaml == "" {
		o.yaml = section
	}
	a := apptest.Serve(t, apptest.Options{Database: o.database, YAML: o.yaml, Options: app.Options{Reachable: o.reachable}})
	return &server{url: a.URL, dir: a.Dir, smtp: a.SMTP, store: a.Store}
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
