package wallet

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/passes"
)

// bundleLink is a button that adds several passes at once.
type bundleLink struct{ Link, Label string }

// bundleLinks are for devices where Safari takes bundles, and for orders with
// more than one valid pass.
func (h *Handler) bundleLinks(ctx context.Context, o *orders.Delivery, d device) ([]bundleLink, error) {
	var places []int // of the valid ones, as the page counts them
	for i, p := range o.Passes {
		if !p.Voided {
			places = append(places, i+1)
		}
	}
	if d != iPhone && d != mac || len(places) < 2 || o.Link == "" {
		return nil, nil
	}
	// How many there are depends on the packages' sizes.
	packages, err := h.packages(ctx, o)
	if err != nil || len(packages) != len(places) { // a pass changed in between; the next view has the buttons
		return nil, err
	}
	var out []bundleLink
	for i, b := range passes.Bundles(packages) {
		link := bundleLink{o.Link + ".pkpasses", label(places[:len(b)])}
		if i > 0 {
			link.Link += "?n=" + strconv.Itoa(i+1)
		}
		places = places[len(b):]
		out = append(out, link)
	}
	if len(out) == 1 {
		out[0].Label = "Add all to Apple Wallet"
	}
	return out, nil
}

// packages are those of a delivery's valid passes.
func (h *Handler) packages(ctx context.Context, o *orders.Delivery) ([]*passes.Package, error) {
	var out []*passes.Package
	for _, p := range o.Passes {
		if p.Voided {
			continue
		}
		content, err := h.passes.Package(ctx, p.Pass)
		if err != nil {
			return nil, err
		}
		out = append(out, content)
	}
	return out, nil
}

func label(places []int) string {
	if len(places) == 1 {
		return fmt.Sprintf("Add %d to Apple Wallet", places[0])
	}
	return fmt.Sprintf("Add %d to %d to Apple Wallet", places[0], places[len(places)-1])
}

// bundle is the order's valid passes in one file, the n-th where Wallet wants
// them in several.
func (h *Handler) bundle(w http.ResponseWriter, r *http.Request) {
	o := h.findOrder(w, r)
	if o == nil {
		return
	}
	packages, err := h.packages(r.Context(), o)
	if err != nil {
		h.unavailable(w, r, err)
		return
	}
	bundles, n := passes.Bundles(packages), 1
	if text := r.URL.Query().Get("n"); text != "" {
		n, err = strconv.Atoi(text)
	}
	if err != nil || n < 1 || n > len(bundles) {
		h.NotFound(w, r)
		return
	}
	h.serveBundle(w, r, fmt.Sprintf("passes-%d.pkpasses", n), bundles[n-1])
}

// serveBundle writes the bundle twice, once for its sum: so it is never in
// memory, where it may take 150 MB.
func (h *Handler) serveBundle(w http.ResponseWriter, r *http.Request, filename string, packages []*passes.Package) {
	sum, size := sha256.New(), counter(0)
	if err := passes.WriteBundle(io.MultiWriter(sum, &size), packages); err != nil {
		h.unavailable(w, r, err)
		return
	}
	tag := describe(w.Header(), passes.BundleType, filename, sum)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(int64(size), 10))
	if r.Method == http.MethodHead {
		return
	}
	_ = passes.WriteBundle(w, packages) // the visitor may have gone
}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
