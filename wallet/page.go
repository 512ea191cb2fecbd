package wallet

import (
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/passhook/passhook/bot"
)

// view is what pages/pass.html shows.
type view struct {
	*bot.Pass
	Device device
	// QR is a picture of the page's own address, for the phone; empty where the
	// visitor is on a phone already.
	QR template.URL
}

// Pass is the page of one pass.
func (h *Handler) Pass(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil {
		return
	}
	v := view{Pass: p, Device: deviceOf(r.UserAgent())}
	v.QR = h.forPhone(r, v.Device, p.Link)
	h.Show(w, r, http.StatusOK, "pass.html", v)
}

// forPhone is a QR code of a page's address where the visitor is on no phone, as
// a data: address. A page can do without it.
func (h *Handler) forPhone(r *http.Request, d device, link string) template.URL {
	if d != mac && d != other {
		return ""
	}
	png, err := h.passes.QR(r.Context(), link)
	if err != nil {
		h.log.Warn("a page lacks its QR code", "error", err)
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)) //nolint:gosec // our own picture
}
