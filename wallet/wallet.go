package wallet

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"hash"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

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
	Rename(ctx context.Context, o *orders.Delivery, serial string, given map[string]string) error
	MayCorrect(o *orders.Delivery) bool
	Correct(ctx context.Context, source, object string, o *orders.Delivery, address string) error
}

// Handler serves the pages and downloads of passes.
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

// Routes adds the pages of passes and orders, and their downloads.
func (h *Handler) Routes(r *mux.Router) {
	read := []string{http.MethodGet, http.MethodHead}
	r.HandleFunc("/p/"+pages.Token+".pkpass", h.download).Methods(read...)
	r.HandleFunc("/p/"+pages.Token+".png", h.picture).Methods(read...)
	r.HandleFunc("/p/"+pages.Token, h.page).Methods(read...)
	r.HandleFunc("/o/"+pages.Token+".pkpasses", h.bundle).Methods(read...)
	r.HandleFunc("/o/"+pages.Token, h.order).Methods(read...)
	r.HandleFunc("/o/"+pages.Token, h.rename).Methods(http.MethodPost)
}

func (h *Handler) find(w http.ResponseWriter, r *http.Request) *bot.Pass {
	return pages.Find(h.Set, w, r, yourPass, h.passes.PassByLink)
}

// download is the signed package. https://developer.apple.com/documentation/walletpasses/distributing-and-updating-a-pass
func (h *Handler) download(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil {
		return
	}
	content, err := h.passes.Package(r.Context(), p)
	if err != nil {
		h.unavailable(w, r, err)
		return
	}
	sum := sha256.New()
	if _, err := content.WriteTo(sum); err != nil {
		h.log.Error("a package could not be summed", "error", err)
	}
	describe(w.Header(), passes.MIMEType, p.Filename, sum)
	http.ServeContent(w, r, "", p.Modified, content.Reader())
}

// picture is the pass as Wallet shows it, for pages and mail. It is drawn only
// for who does not have it.
func (h *Handler) picture(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil {
		return
	}
	tag := fmt.Sprintf(`"%x"`, p.Modified.UnixMilli())
	head := w.Header()
	head.Set("Content-Type", "image/png")
	head.Set("Cache-Control", "private, no-cache")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	b, err := h.passes.Picture(r.Context(), p)
	if err != nil {
		h.unavailable(w, r, err)
		return
	}
	http.ServeContent(w, r, "", p.Modified, bytes.NewReader(b))
}

// describe sets the headers of a download; sum has read all of it. It returns
// the ETag.
func describe(h http.Header, mediaType, filename string, sum hash.Hash) string {
	tag := `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", `attachment; filename="`+filename+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", tag)
	return tag
}

// yourPass is what all these pages are about, in the visitor's words.
const yourPass = "Your pass"

func (h *Handler) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	h.Unavailable(w, r, yourPass, err)
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
