package wallet

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image/png"
	"net/http"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

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

func (h *Handler) page(w http.ResponseWriter, r *http.Request) {
	p := h.find(w, r)
	if p == nil {
		return
	}
	v := view{Pass: p, Device: deviceOf(r.UserAgent())}
	v.QR = h.forPhone(v.Device, p.Link)
	h.Show(w, r, http.StatusOK, "pass.html", v)
}

// forPhone is a QR code of a page's address where the visitor is on no phone.
func (h *Handler) forPhone(d device, link string) template.URL {
	if d != mac && d != other {
		return ""
	}
	code, err := qrPicture(link)
	if err != nil {
		h.log.Error("the page's QR code could not be drawn", "error", err)
	}
	return code
}

// qrPicture is a QR code as a data: address.
func qrPicture(text string) (template.URL, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	scaled, err := barcode.Scale(code, code.Bounds().Dx()*4, code.Bounds().Dy()*4)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, scaled); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil //nolint:gosec // our own picture
}
