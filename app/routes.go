package app

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/console"
	"github.com/passhook/passhook/integrations/hooks"
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
	stripe  *stripe.Webhook // nil without a stripe section in the config
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
	if h.stripe != nil {
		success := h.wallet.Success(stripe.SourceName)
		out = append(out,
			Route{write, stripe.WebhookPath, h.stripe.ServeHTTP, false}, // its intake has a limit of its own
			Route{read, stripe.SuccessPath, success.Page, true},
			Route{write, stripe.SuccessPath, success.Change, true},
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
		if req.Method == http.MethodPost {
			pages.WriteError(w, http.StatusNotFound, "nothing is configured at this address")
			return
		}
		h.wallet.NotFound(w, req)
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pages.WriteError(w, http.StatusMethodNotAllowed, "this address does not take that method")
	})
	return r
}
