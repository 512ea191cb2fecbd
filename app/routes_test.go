package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/pages"
)

// newRouted is the router of a config that has everything, without a store.
func newRouted(t *testing.T) *mux.Router {
	t.Helper()
	a := &App{
		Options: Options{Now: func() time.Time { return time.Unix(1800000000, 0) }, Log: slog.New(slog.DiscardHandler)},
		Config: &config.Config{
			Stripe: &stripe.Config{WebhookSecrets: []string{"whsec_0123456789"}},
			Hooks:  map[string]hooks.Config{"luma": {Verify: &hooks.Verify{Bearer: []string{"0123456789abcdef"}}}},
		},
		Engine: bot.New(bot.Config{}),
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
POST /webhooks/stripe
GET HEAD /stripe/success
POST /stripe/success
POST /hooks/{name}
POST /hooks/{name}/{secret}
GET HEAD /hooks/{name}/events/{token}
`
	got := strings.Join(addresses(t, newRouted(t)), "\n")
	if strings.ReplaceAll(got, pages.Token, "{token}") != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant%s", got, want)
	}
}

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
