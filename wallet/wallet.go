package wallet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/passes"
)

//go:embed pages/*.html
var pages embed.FS

// Passes finds a pass by the token in its link; ok is false where there is none.
type Passes interface {
	PassByLink(ctx context.Context, token string) (p *bot.Issued, ok bool, err error)
}

// Handler serves the pages and downloads of passes.
type Handler struct {
	passes Passes
	log    *slog.Logger
	pages  *template.Template
}

// New makes the handler. It fails only when the program was built wrongly.
func New(p Passes, log *slog.Logger) (*Handler, error) {
	t, err := template.ParseFS(pages, "pages/*.html")
	if err != nil {
		return nil, err
	}
	return &Handler{passes: p, log: log, pages: t}, nil
}

// Routes adds /p/{token} and /p/{token}.pkpass. Tokens are secrets: whoever
// logs requests logs the route, not the path.
func (h *Handler) Routes(r *mux.Router) {
	const token = "{token:[A-Za-z0-9_-]{22,128}}"
	r.HandleFunc("/p/"+token+".pkpass", h.download).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/p/"+token, h.page).Methods(http.MethodGet, http.MethodHead)
}

// find answers 404 and 503 itself; then the result is nil.
func (h *Handler) find(w http.ResponseWriter, r *http.Request) *bot.Issued {
	p, ok, err := h.passes.PassByLink(r.Context(), mux.Vars(r)["token"])
	switch {
	case err != nil:
		h.log.Error("a pass could not be made for its page", "error", err)
		w.Header().Set("Retry-After", "30")
		h.show(w, r, http.StatusServiceUnavailable, "problem.html", problem{
			Title: "Just a moment", Text: "Your pass cannot be shown right now. Please try again in a few minutes.",
		})
		return nil
	case !ok:
		h.NotFound(w, r)
		return nil
	}
	return p
}

// download is the signed package. https://developer.apple.com/documentation/walletpasses/distributing-and-updating-a-pass
func (h *Handler) download(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil {
		return
	}
	sum := sha256.New()
	if _, err := p.Content.WriteTo(sum); err != nil {
		h.log.Error("a package could not be summed", "error", err)
	}
	header := w.Header()
	header.Set("Content-Type", passes.MIMEType)
	header.Set("Content-Disposition", `attachment; filename="`+p.Filename+`"`)
	header.Set("Cache-Control", "private, no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", `"`+hex.EncodeToString(sum.Sum(nil)[:16])+`"`)
	http.ServeContent(w, r, "", p.Modified, p.Content.Reader())
}

// problem is a page that says why there is no other.
type problem struct{ Title, Text string }

// NotFound is the page for unknown links, and for every other page that is not.
func (h *Handler) NotFound(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "problem.html", problem{
		Title: "There is nothing here",
		Text:  "The link may be incomplete. Open it again from your mail, or ask whoever sent it.",
	})
}

// show writes a page. Pages hold personal links: no cache, no referrer, no
// index, and nothing from elsewhere.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, code int, name string, data any) {
	var b bytes.Buffer
	if err := h.pages.ExecuteTemplate(&b, name, data); err != nil {
		h.log.Error("a page could not be made", "page", name, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// device is what the visitor holds; it decides which button comes first.
type device string

const (
	iPhone  device = "iphone"
	mac     device = "mac"
	android device = "android"
	other   device = "other"
)

func deviceOf(userAgent string) device {
	for _, d := range []struct {
		mark string
		device
	}{{"iPhone", iPhone}, {"iPod", iPhone}, {"Android", android}, {"Macintosh", mac}} {
		if strings.Contains(userAgent, d.mark) {
			return d.device
		}
	}
	return other
}
