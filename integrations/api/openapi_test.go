package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/passhook/passhook/app/apptest"
)

// contract is /openapi.json, ready to judge calls.
type contract struct {
	router routers.Router
	// failure is what answers are that no route gives.
	failure *openapi3.Schema
}

var theContract struct {
	sync.Once
	contract
	err error
}

// contractOf reads what a server says of its API. All servers say the same.
func contractOf(ctx context.Context, url string) (contract, error) {
	theContract.Do(func() { theContract.contract, theContract.err = loadContract(ctx, url) })
	return theContract.contract, theContract.err
}

func loadContract(ctx context.Context, url string) (c contract, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/openapi.json", http.NoBody)
	if err != nil {
		return c, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return c, err
	}
	defer resp.Body.Close()
	doc, err := openapi3.NewLoader().LoadFromIoReader(resp.Body)
	if err != nil {
		return c, err
	}
	if err := doc.Validate(ctx); err != nil {
		return c, err
	}
	doc.Servers = nil // the tests have many
	for _, name := range answers {
		if s := doc.Components.Schemas[name]; s != nil {
			s.Value.AdditionalProperties = openapi3.BoolSchema{Has: new(bool)} // what an answer has is described
		}
	}
	c.failure = doc.Components.Schemas["Error"].Value
	c.router, err = gorillamux.NewRouter(doc)
	return c, err
}

// answers are the schemas of answers.
var answers = []string{"CreatedPass", "CreatedPasses", "Pass", "PassList", "UpdatedPass", "DeletedPass", "RedeemedPass", "ResentPass", "Usage", "Error"}

// asDescribed fails the test where a call is other than /openapi.json says. The
// request is judged only where the server took it.
func (s *server) asDescribed(t testing.TB, req *http.Request, text []byte, a apptest.Answer) {
	t.Helper()
	if req.Method == http.MethodOptions || req.Method == http.MethodHead || !strings.HasPrefix(req.URL.Path, "/api/") || req.URL.Path == "/api/docs" {
		return
	}
	c, err := contractOf(context.WithoutCancel(req.Context()), s.URL)
	must(t, err)
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		var v any
		if a.Code != http.StatusNotFound && a.Code != http.StatusMethodNotAllowed || json.Unmarshal(a.Body, &v) != nil || c.failure.VisitJSON(v) != nil {
			t.Errorf("%s %s is not in openapi.json (%v), and answered %d %.200s", req.Method, req.URL.Path, err, a.Code, a.Body)
		}
		return
	}
	req = req.Clone(req.Context())
	req.Body, req.GetBody = io.NopCloser(bytes.NewReader(withoutNulls(text))), nil
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true, MultiError: true,
	}}
	if a.Code < 300 {
		if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil {
			t.Errorf("the server took what openapi.json does not describe: %s %s %.300s: %v", req.Method, req.URL.Path, text, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.Code, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), Options: in.Options}
	if err := openapi3filter.ValidateResponse(req.Context(), out); err != nil {
		t.Errorf("%s %s answered %d %.300s: %v", req.Method, req.URL.Path, a.Code, a.Body, err)
	}
}

// withoutNulls leaves out what is null in a body: it counts as left out.
func withoutNulls(text []byte) []byte {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return text
	}
	var clean func(v any)
	clean = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, one := range v {
				if clean(one); one == nil {
					delete(v, name)
				}
			}
		case []any:
			for _, one := range v {
				clean(one)
			}
		}
	}
	clean(v)
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return out
}

func TestTheDocumentIsServedToEverybody(t *testing.T) {
	s := serve(t, options{})
	a := s.call(t, "", http.MethodGet, "/openapi.json", nil)
	if a.Code != http.StatusOK || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("%d %v", a.Code, a.Header)
	}
	var doc struct {
		OpenAPI string
		Servers []struct{ URL string }
	}
	must(t, json.Unmarshal(a.Body, &doc))
	if doc.OpenAPI != "3.1.0" || len(doc.Servers) != 1 || doc.Servers[0].URL != s.URL || bytes.Contains(a.Body, []byte("tickets.example.com")) || bytes.Contains(a.Body, []byte("x-shared")) {
		t.Errorf("%+v", doc)
	}
	if again := s.call(t, "", http.MethodGet, "/openapi.json", nil, "If-None-Match", a.Header.Get("ETag")); again.Code != http.StatusNotModified || len(again.Body) > 0 {
		t.Errorf("%d %.100s", again.Code, again.Body)
	}
	if _, err := contractOf(context.Background(), s.URL); err != nil {
		t.Error(err)
	}
}

// Beside what other tests ask, one call of everything.
func TestTheDocumentDescribesEveryCall(t *testing.T) {
	s := serve(t, options{})
	const fields = `{"logoText": "Hall One", "primaryFields": [{"label": "Points", "value": 420, "changeMessage": "You have %@"}], "color": "#1e40af", "sharingProhibited": false,
		"barcodeValue": 12345, "barcodeFormat": "PDF417", "locations": [{"latitude": 52.5, "longitude": 13.4}], "expirationDays": 30, "tittle": "x", "cardLabel": null}`
	for _, format := range []string{"", "?format=json", "?format=binary"} {
		for _, path := range []string{"/api/pkpass", "/api/passes"} {
			for _, body := range []string{fields, `{"template": "concert", "inputs": {"holder": "Ada"}}`, `{"passes": [{"title": "A"}, {"title": "B"}], "deliver": [{"email": "ada@example.com"}]}`} {
				if a := s.call(t, websiteKey, http.MethodPost, path+format, body); a.Code != http.StatusOK {
					t.Errorf("%s%s %s: %d %s", path, format, body, a.Code, a.Body)
				}
			}
		}
	}
	serial := s.create(t, websiteKey, `{"title": "Membership", "deliver": {"email": "ada@example.com"}}`)
	shops := s.create(t, shopKey, `{"template": "concert", "inputs": {"holder": "Ada"}}`)
	for _, c := range []struct {
		method, path string
		body         any
		code         int
	}{
		{http.MethodGet, serial, nil, 200},
		{http.MethodGet, serial + "?format=binary", nil, 200},
		{http.MethodGet, serial + "/google", nil, 404},
		{http.MethodGet, shops, nil, 403},
		{http.MethodGet, "nothing", nil, 404},
		{http.MethodPatch, serial, nil, 405},
		{http.MethodPut, serial, `{"title": "Member"}`, 200},
		{http.MethodPut, serial, `{"title": "Member"}`, 200},
		{http.MethodPut, serial, `{`, 400},
		{http.MethodPut, serial, strings.Repeat(" ", 3<<20), 413},
		{http.MethodPost, serial + "/resend", `{"to": "grace@example.com"}`, 202},
		{http.MethodPost, serial + "/resend", nil, 202},
		{http.MethodPost, serial + "/redeem", nil, 200},
		{http.MethodPost, serial + "/redeem", nil, 409},
		{http.MethodDelete, serial, nil, 200},
		{http.MethodDelete, serial, nil, 200},
		{http.MethodPost, serial + "/unvoid", nil, 200},
		{http.MethodPost, serial + "/void", nil, 200},
	} {
		for _, path := range []string{"/api/passes/", "/api/pkpass/"} {
			a := s.call(t, websiteKey, c.method, path+c.path, c.body)
			if a.Code != c.code && !strings.HasSuffix(c.path, "/redeem") {
				t.Errorf("%s %s%s: %d %s", c.method, path, c.path, a.Code, a.Body)
			}
		}
	}
	s.call(t, websiteKey, http.MethodGet, "/api/passes?limit=2&q=", nil)
	s.call(t, websiteKey, http.MethodGet, "/api/passes?limit=none", nil)
	s.call(t, websiteKey, http.MethodGet, "/api/auth/usage", nil)
	s.call(t, "nobody", http.MethodGet, "/api/auth/usage", nil)
	s.call(t, readerKey, http.MethodPost, "/api/passes", `{"title": "Membership"}`)
	for range 3 {
		s.call(t, slowKey, http.MethodGet, "/api/auth/usage", nil)
	}
}

// What the docs say of ignored fields holds wherever one may stand.
func TestIgnoredFieldsAreNamedWhereverTheyStand(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, `{"title": "Membership"}`)
	for _, c := range []struct{ method, path, body, want string }{
		{http.MethodPost, "", `{"title": "A", "tittle": 1, "backFields": [{"value": "B", "colour": "red"}], "deliver": {"email": "ada@example.com"}}`, "tittle, backFields[0].colour"},
		{http.MethodPost, "", `{"passes": [{"title": "A"}, {"title": "B", "deliver": {"email": "ada@example.com"}, "locations": [{"latitude": 1, "longitude": 2, "name": "C"}]}]}`, "passes[1].deliver, passes[1].locations[0].name"},
		{http.MethodPost, "", `{"title": "A", "headerFields": [{"label": "B", "value": "C", "changeMessage": "%@"}]}`, ""},
		{http.MethodPut, "/" + serial, `{"title": "Member", "tittle": 1, "deliver": {"email": "ada@example.com"}}`, "deliver, tittle"},
		{http.MethodPut, "/" + serial, `{"title": "Member"}`, ""},
	} {
		if a := s.call(t, websiteKey, c.method, "/api/passes"+c.path, c.body); a.Code != http.StatusOK || a.Header.Get("X-Ignored-Fields") != c.want {
			t.Errorf("%s: %d %q, want %q", c.body, a.Code, a.Header.Get("X-Ignored-Fields"), c.want)
		}
	}
}

func TestNumbersThatLoseDigitsAreRefused(t *testing.T) {
	s := serve(t, options{})
	for number, code := range map[string]int{"9007199254740991": 200, "1234567890123456789": 200, "12345678901234567890": 400, "1e300": 400, "4.5": 200} {
		a := s.call(t, websiteKey, http.MethodPost, "/api/passes", `{"title": "A", "barcodeFormat": "QR", "barcodeValue": `+number+`}`)
		if a.Code != code {
			t.Errorf("%s: %d %s", number, a.Code, a.Error())
		}
	}
}
