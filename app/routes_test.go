package app

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/api"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/pages"
)

// newRouted is the router of a config with Stripe, without a store.
func newRouted(t *testing.T) *mux.Router {
	t.Helper()
	return newRoutedWith(t, &config.Config{Stripe: &stripe.Config{WebhookSecrets: []string{"whsec_0123456789"}},
		Hooks: map[string]hooks.Config{"luma": {Verify: &hooks.Verify{Bearer: []string{"0123456789abcdef"}}}}})
}

func newRoutedWith(t *testing.T, c *config.Config) *mux.Router {
	t.Helper()
	a := &App{
		Options: Options{Now: func() time.Time { return time.Unix(1800000000, 0) }, Log: slog.New(slog.DiscardHandler)},
		Config:  c,
		Engine:  bot.New(bot.Config{Renderer: &bot.Renderer{}}),
	}
	if err := a.services(nil); err != nil {
		t.Fatal(err)
	}
	router, ok := a.router.(*mux.Router)
	if !ok {
		t.Fatal("there is no router")
	}
	return router
}

// addresses are the router's: methods and path of each.
func addresses(t *testing.T, router *mux.Router) []string {
	t.Helper()
	var out []string
	err := router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := r.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := r.GetMethods()
		out = append(out, strings.Join(methods, " ")+" "+path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// These addresses are known to phones, mails, Stripe and those who run servers.
func TestTheServerAnswersTheseAddresses(t *testing.T) {
	const want = `
GET HEAD /healthz
GET HEAD /readyz
GET HEAD /p/{token}
GET HEAD /p/{token}.pkpass
GET HEAD /p/{token}.png
GET HEAD /o/{token}
POST /o/{token}
GET HEAD /o/{token}.pkpasses
GET HEAD /console/decisions/{token}
POST /console/decisions/{token}
POST /wallet/v1/devices/{library}/registrations/{type}/{serial}
DELETE /wallet/v1/devices/{library}/registrations/{type}/{serial}
GET /wallet/v1/devices/{library}/registrations/{type}
GET HEAD /wallet/v1/passes/{type}/{serial}
POST /wallet/v1/log
POST /webhooks/stripe
GET HEAD /stripe/success
POST /stripe/success
POST /hooks/{name}
POST /hooks/{name}/{secret}
GET HEAD /hooks/{name}/events/{token}
`
	got := strings.Join(addresses(t, newRouted(t)), "\n")
	if pattern.ReplaceAllString(got, "{${1}}") != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant%s", got, want)
	}
}

// pattern is a part of a path with what it may be.
var pattern = regexp.MustCompile(`\{(\w+):\[[^\]]*\]\{[\d,]+\}\}`)

func TestEveryPageIsLimitedByItsClient(t *testing.T) {
	router := newRouted(t)
	ask := func(method, path string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		r.RemoteAddr = "203.0.113.7:4711"
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		return w.Code
	}
	for range pageBurst {
		if code := ask(http.MethodGet, stripe.SuccessPath); code != http.StatusNotFound {
			t.Fatalf("got %d before the client had asked too often", code)
		}
	}
	for _, address := range addresses(t, router) {
		methods, path, _ := strings.Cut(address, " /")
		method, _, _ := strings.Cut(methods, " ")
		want := http.StatusTooManyRequests
		if strings.HasPrefix(path, "wallet/v1/") && path != "wallet/v1/log" {
			continue // a crowd of phones may share an address
		}
		switch "/" + path {
		case HealthPath:
			want = http.StatusOK
		case stripe.WebhookPath:
			want = http.StatusUnauthorized
		case hooks.Path, hooks.SecretPath:
			want = http.StatusNotFound
		case ReadyPath: // it needs a store
			continue
		}
		if code := ask(method, "/"+strings.Replace(path, pages.Token, strings.Repeat("a", 22), 1)); code != want {
			t.Errorf("%s: got %d, want %d", address, code, want)
		}
	}
}

// What is in the document is answered, and what is answered is in the document.
func TestTheDocumentOfTheAPIHasItsAddresses(t *testing.T) {
	router := newRoutedWith(t, &config.Config{URL: "https://tickets.example.com", API: &api.Config{Keys: []api.Key{{Name: "website", Key: strings.Repeat("k", 24)}}}})
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, api.DocumentPath, http.NoBody))
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var described, answered []string
	for path, item := range doc.Paths {
		for method := range item {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	pattern := regexp.MustCompile(`\{(\w+):[^/]*\}`)
	for _, address := range addresses(t, router) {
		address = pattern.ReplaceAllString(address, "{$1}")
		if _, path, _ := strings.Cut(address, " /api/"); path != "" && !strings.HasPrefix(address, http.MethodOptions) && address != read+" "+api.DocsPath {
			answered = append(answered, address)
		}
	}
	slices.Sort(described)
	slices.Sort(answered)
	if len(answered) < 20 || !slices.Equal(described, answered) {
		t.Errorf("described\n%s\nanswered\n%s", strings.Join(described, "\n"), strings.Join(answered, "\n"))
	}
}

func TestWithoutKeysNothingIsSaidOfTheAPI(t *testing.T) {
	router := newRouted(t)
	for _, path := range []string{api.DocumentPath, api.DocsPath, api.TextPath, "/api/passes"} {
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
