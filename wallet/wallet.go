package wallet

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/passes"
)

//go:embed pages/*.html
var files embed.FS

// Passes finds passes and orders by the token in their link, ok is false where
// there is none, and changes what their owners may change. Errors that are
// theirs are orders.Refused. orders.Orders is one.
type Passes interface {
	PassByLink(ctx context.Context, token string) (p *bot.Pass, ok bool, err error)
	DeliveryByLink(ctx context.Context, token string) (o *orders.Delivery, ok bool, err error)
	DeliveriesAbout(ctx context.Context, source, object string) ([]*orders.Delivery, error)
	Package(ctx context.Context, p *bot.Pass) (*passes.Package, error)
	Picture(ctx context.Context, p *bot.Pass) ([]byte, error)
	QR(ctx context.Context, address string) ([]byte, error)
	Rename(ctx context.Context, o *orders.Delivery, serial string, given map[string]string) error
	Fresh(o *orders.Delivery) bool
	Correct(ctx context.Context, o *orders.Delivery, address string) error
	MayRepeat(o *orders.Delivery) bool
	Repeat(ctx context.Context, o *orders.Delivery) error
}

// Handler serves the pages and downloads of passes. Its routes are in app.
type Handler struct {
	*pages.Set
	passes Passes
	zone   *time.Location
	log    *slog.Logger
}

// New makes the handler; zone is that of the times on its pages, nil is UTC. It
// fails only when the program was built wrongly.
func New(p Passes, zone *time.Location, log *slog.Logger) (*Handler, error) {
	set, err := pages.Parse(files, "pages", log)
	return &Handler{Set: set, passes: p, zone: cmp.Or(zone, time.UTC), log: log}, err
}

func (h *Handler) find(w http.ResponseWriter, r *http.Request) *bot.Pass {
	return pages.Find(h.Set, w, r, yourPass, h.passes.PassByLink)
}

// PassFile is the signed package. https://developer.apple.com/documentation/walletpasses/distributing-and-updating-a-pass
func (h *Handler) PassFile(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil || unchanged(w, r, p.Version, p.Modified) {
		return
	}
	content, err := h.passes.Package(r.Context(), p)
	if err != nil {
		h.unavailable(w, r, err)
		return
	}
	describe(w.Header(), passes.MIMEType, p.Version)
	attach(w.Header(), p.Filename)
	http.ServeContent(w, r, "", p.Modified, content.Reader())
}

// PassPicture is the pass as Wallet shows it, for pages and mail.
func (h *Handler) PassPicture(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil || unchanged(w, r, p.Version, p.Modified) {
		return
	}
	b, err := h.passes.Picture(r.Context(), p)
	if err != nil {
		h.unavailable(w, r, err)
		return
	}
	describe(w.Header(), "image/png", p.Version)
	http.ServeContent(w, r, "", p.Modified, bytes.NewReader(b))
}

// unchanged answers 304 to who has this version, before anything is made.
func unchanged(w http.ResponseWriter, r *http.Request, version string, modified time.Time) bool {
	if have := r.Header.Get("If-None-Match"); have != "" {
		if !strings.Contains(have, tag(version)) {
			return false
		}
	} else if since, err := http.ParseTime(r.Header.Get("If-Modified-Since")); err != nil || modified.Truncate(time.Second).After(since) {
		return false
	}
	w.Header().Set("ETag", tag(version))
	w.Header().Set("Cache-Control", "private, no-cache")
	w.WriteHeader(http.StatusNotModified)
	return true
}

func tag(version string) string { return `"` + version + `"` }

// describe sets the headers of a file.
func describe(h http.Header, mediaType, version string) {
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", tag(version))
}

// attach names a file for who keeps it.
func attach(h http.Header, filename string) {
	h.Set("Content-Disposition", `attachment; filename="`+filename+`"`)
}

// yourPass is what all these pages are about, in the visitor's words.
const yourPass = "Your pass"

func (h *Handler) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, orders.ErrBusy):
		w.Header().Set("Retry-After", "5")
		h.Problem(w, r, http.StatusServiceUnavailable, "Just a moment", "Very many people look at their passes right now. Please try again in a few seconds.")
	case errors.Is(err, orders.ErrNotSigned):
		h.log.Error("a package was asked for", "error", err)
		w.Header().Set("Retry-After", "3600")
		h.Problem(w, r, http.StatusServiceUnavailable, "Not right now", "Your pass cannot be added to a wallet right now. It is as good as before: its page shows it with its barcode. Please try again later, or ask whoever sent it.")
	default:
		h.Unavailable(w, r, yourPass, err)
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
