// Package console is what the operator looks at. So far that is the page to
// which a notice leads: a refund of a part, and which passes it was for.
package console

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
)

//go:embed pages/*.html
var files embed.FS

// Decisions finds what an operator is to decide by the token in its link, ok is
// false where there is none, and carries it out. orders.Orders is one.
type Decisions interface {
	DecisionByLink(ctx context.Context, token string) (d *orders.Decision, ok bool, err error)
	Decide(ctx context.Context, d *orders.Decision, void []string) error
}

// Handler serves the console. Its routes are in app.
type Handler struct {
	*pages.Set
	decisions Decisions
}

// New makes the handler. It fails only when the program was built wrongly.
func New(d Decisions, log *slog.Logger) (*Handler, error) {
	set, err := pages.Parse(files, "pages", log)
	return &Handler{set, d}, err
}

func (h *Handler) find(w http.ResponseWriter, r *http.Request) *orders.Decision {
	return pages.Find(h.Set, w, r, "This page", h.decisions.DecisionByLink)
}

// decisionView is what pages/decision.html shows.
type decisionView struct {
	// Happened is a sentence, and Link leads to its page at the source.
	Happened, Link string
	Saved          bool
	Passes         []decisionPass
}

type decisionPass struct {
	orders.DecisionPass
	// Others are the reasons why it is void whatever is ticked.
	Others string
}

// Decision is the page of a decision. Whoever has its link may take it; so only
// the operator's mail has that, and GET changes nothing.
func (h *Handler) Decision(w http.ResponseWriter, r *http.Request) {
	d := h.find(w, r)
	if d == nil {
		return
	}
	v := decisionView{Saved: r.URL.Query().Has("saved")}
	v.Happened, v.Link = split(d.Text)
	for _, p := range d.Passes {
		byOperator := func(reason string) bool { return reason == integrations.ReasonOperator }
		others := slices.DeleteFunc(slices.Clone(p.Void), byOperator)
		v.Passes = append(v.Passes, decisionPass{p, strings.Join(others, ", ")})
	}
	h.Show(w, r, http.StatusOK, "decision.html", v)
}

// split takes the address from the end of what happened.
func split(text string) (happened, link string) {
	if i := strings.LastIndex(text, ": https://"); i >= 0 {
		text, link = text[:i], text[i+2:]
	}
	return text + ".", link
}

// Decide carries a decision out. It needs no token against forgery: the address of the page is the secret.
func (h *Handler) Decide(w http.ResponseWriter, r *http.Request) {
	d := h.find(w, r)
	if d == nil || !h.Form(w, r) {
		return
	}
	if err := h.decisions.Decide(r.Context(), d, r.PostForm["void"]); err != nil {
		h.Unavailable(w, r, "This page", err)
		return
	}
	pages.SeeOther(w, "?saved")
}
