package api_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/app/apptest"
)

const (
	websiteKey = "ww_live_0123456789abcdef0123456789abcdef"
	shopKey    = "ww_live_fedcba9876543210fedcba9876543210"
	readerKey  = "ww_live_00000000000000000000000000000001"
	doorKey    = "ww_live_00000000000000000000000000000002"
	slowKey    = "ww_live_00000000000000000000000000000003"
)

// server is passhook with an API, as its users run it.
type server struct{ *apptest.Server }

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
	s := &server{apptest.Serve(t, apptest.Options{Database: o.database, YAML: o.yaml, Options: app.Options{Reachable: o.reachable}})}
	s.Saw = s.asDescribed
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call asks the server with a key, and compares with /openapi.json. Headers are
// pairs of a name and a value.
func (s *server) call(t testing.TB, key, method, path string, body any, header ...string) apptest.Answer {
	t.Helper()
	if key != "" {
		header = append([]string{"Authorization", "Bearer " + key}, header...)
	}
	return s.Call(t, method, path, body, header...)
}

// create issues a pass and returns its serial number.
func (s *server) create(t testing.TB, key string, body any) string {
	t.Helper()
	a := s.call(t, key, http.MethodPost, "/api/passes", body)
	if a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	return fmt.Sprint(a.JSON(t)["serialNumber"])
}
