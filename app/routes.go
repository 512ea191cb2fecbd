package app

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/console"
	"github.com/passhook/passhook/integrations/api"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/slack"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/wallet"
)

// Route is an address that the server answers.
type Route struct {
	// Methods are separated by spaces.
	Methods string
	// Path is gorilla/mux's: "/p/{token}".
	Path    string
	Handler http.HandlerFunc
	// Limited is true where one client may ask only pageRate times a second.
	Limited bool
}

// handlers are what routes lead to.
type handlers struct {
	wallet  *wallet.Handler
	console *console.Handler
	phones  *wallet.Service
	stripe  *stripe.Webhook // nil without a stripe section in the config
	slack   *slack.Handler  // nil without a slack section
	api     *api.Handler    // nil without an api section
	hooks   *hooks.Handler  // nil without hooks
}

const (
	read  = http.MethodGet + " " + http.MethodHead
	write = http.MethodPost
)

// routes are all addresses of the server.
func (a *App) routes(h handlers) []Route {
	const pass, order, decision = bot.PassPath + pages.Token, bot.OrderPath + pages.Token, bot.DecisionPath + pages.Token
	out := []Route{
		{read, HealthPath, alive, false},
		{read, ReadyPath, a.ready, false},
		{read, pass, h.wallet.Pass, true},
		{read, pass + ".pkpass", h.wallet.PassFile, true},
		{read, pass + ".png", h.wallet.PassPicture, true},
		{read, order, h.wallet.Order, true},
		{write, order, h.wallet.RenameHolders, true},
		{read, order + ".pkpasses", h.wallet.OrderFile, true},
		{read, decision, h.console.Decision, true},
		{write, decision, h.console.Decide, true},
	}
	out = append(out, phoneRoutes(h.phones)...)
	if h.stripe != nil {
		success := h.wallet.Success(stripe.SourceName)
		out = append(out,
			Route{write, stripe.WebhookPath, h.stripe.ServeHTTP, false}, // its intake has a limit of its own
			Route{read, stripe.SuccessPath, success.Page, true},
			Route{write, stripe.SuccessPath, success.Change, true},
		)
	}
	if h.slack != nil {
		out = append(out, slackRoutes(h.slack)...)
	}
	if h.api != nil {
		out = append(out, apiRoutes(h.api)...)
		out = append(out,
			Route{read, api.DocumentPath, h.api.Document(), true},
			Route{read, api.DocsPath, h.api.Docs(), true},
			Route{read, api.TextPath, h.api.Text(), true},
		)
	}
	if h.hooks != nil {
		out = append(out,
			Route{write, hooks.Path, h.hooks.ServeHTTP, false},
			Route{write, hooks.SecretPath, h.hooks.ServeHTTP, false},
			Route{read, hooks.StatusPath, h.hooks.Status, true},
		)
	}
	return append(out, a.Routes...)
}

// phoneRoutes are those of Apple's web service, below the webServiceURL of passes.
// Wallet asks a hundred times within minutes, and a crowd may share an address: it
// has no limit for clients.
func phoneRoutes(s *wallet.Service) []Route {
	const base, passType, serial = bot.WalletPath + "/v1", "/{type:[A-Za-z0-9.-]{1,255}}", "/{serial:[A-Za-z0-9_-]{1,128}}"
	const registrations = base + "/devices/{library:[^/]{1,255}}/registrations" + passType
	return []Route{
		{write, registrations + serial, s.Register, false},
		{http.MethodDelete, registrations + serial, s.Unregister, false},
		{http.MethodGet, registrations, s.Serials, false},
		{read, base + "/passes" + passType + serial, s.Latest, false},
		{write, base + "/log", s.Log, true},
	}
}

// apiRoutes are those of the JSON API. It has limits of its own.
func apiRoutes(h *api.Handler) []Route {
	const all, legacy = "/api/passes", "/api/pkpass"
	const serial = "/{serial:[A-Za-z0-9_-]{1,128}}"
	out := []Route{
		{write, legacy, h.PkPass(), false},
		{write, all, h.Create(), false},
		{http.MethodGet, all, h.List(), false},
		{http.MethodGet, "/api/auth/usage", h.Usage(), false},
	}
	for _, path := range []string{legacy, all, "/api/auth/usage"} {
		out = append(out, Route{http.MethodOptions, path, h.Preflight(), false})
	}
	for _, one := range []string{all + serial, legacy + serial} {
		out = append(out,
			Route{http.MethodOptions, one + "{rest:(?:/[a-z]+)?}", h.Preflight(), false},
			Route{http.MethodGet, one, h.Show(), false},
			Route{http.MethodPut, one, h.Update(), false},
			Route{http.MethodDelete, one, h.Delete(), false},
			Route{http.MethodGet, one + "/google", h.Google(), false},
			Route{write, one + "/redeem", h.Redeem(), false},
			Route{write, one + "/resend", h.Resend(), false},
			Route{write, one + "/void", h.Void(), false},
			Route{write, one + "/unvoid", h.Unvoid(), false},
		)
	}
	return out
}

// A client may ask for so many pages a second, and so many at once.
const pageRate, pageBurst = 20, 100

// newRouter answers the routes, 404 and 405.
func (a *App) newRouter(h handlers) *mux.Router {
	limit := h.wallet.Limited(pages.NewLimiter(a.Config.Proxies, pageRate, pageBurst, a.Now))
	r := mux.NewRouter()
	for _, route := range a.routes(h) {
		handler := http.Handler(route.Handler)
		if route.Limited {
			handler = limit(handler)
		}
		r.Handle(route.Path, handler).Methods(strings.Fields(route.Methods)...)
	}
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost || h.isAPI(req) {
			h.refuse(w, req, http.StatusNotFound, "nothing is configured at this address")
			return
		}
		h.wallet.NotFound(w, req)
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.refuse(w, req, http.StatusMethodNotAllowed, "this address does not take that method")
	})
	return r
}

func (h handlers) isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// refuse answers programs. Pages that may call the API may read why it refuses.
func (h handlers) refuse(w http.ResponseWriter, r *http.Request, code int, text string) {
	if h.api != nil && h.isAPI(r) {
		h.api.AllowOrigin(w, r)
	}
	pages.WriteError(w, code, text)
}
