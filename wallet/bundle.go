package wallet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/passes"
)

// bundleLink is a button that adds several passes at once.
type bundleLink struct{ Link, Label string }

// bundleLinks are for devices where Safari takes bundles, and for orders with
// more than one valid pass.
func bundleLinks(o *orders.Delivery, d device) []bundleLink {
	var places []int // of the valid ones, as the page counts them
	for i, p := range o.Passes {
		if !p.Voided {
			places = append(places, i+1)
		}
	}
	if d != iPhone && d != mac || len(places) < 2 || o.Link == "" {
		return nil
	}
	var out []bundleLink
	for i, b := range passes.Bundles(valid(o)) {
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
	return out
}

// valid are the passes that bundles hold.
func valid(o *orders.Delivery) []orders.DeliveryPass {
	return slices.DeleteFunc(slices.Clone(o.Passes), func(p orders.DeliveryPass) bool { return p.Voided })
}

func label(places []int) string {
	if len(places) == 1 {
		return fmt.Sprintf("Add %d to Apple Wallet", places[0])
	}
	return fmt.Sprintf("Add %d to %d to Apple Wallet", places[0], places[len(places)-1])
}

// OrderFile is the order's valid passes in one file, the n-th where Wallet wants
// them in several.
func (h *Handler) OrderFile(w http.ResponseWriter, r *http.Request) {
	o := h.findOrder(w, r)
	if o == nil {
		return
	}
	var err error
	bundles, n := passes.Bundles(valid(o)), 1
	if text := r.URL.Query().Get("n"); text != "" {
		n, err = strconv.Atoi(text)
	}
	if err != nil || n < 1 || n > len(bundles) {
		h.NotFound(w, r)
		return
	}
	version, modified := versionOf(bundles[n-1])
	if unchanged(w, r, version, modified) {
		return
	}
	var packages []*passes.Package
	for _, p := range bundles[n-1] {
		content, err := h.passes.Package(r.Context(), p.Pass)
		if err != nil {
			h.unavailable(w, r, err)
			return
		}
		packages = append(packages, content)
	}
	var size counter
	if err := passes.WriteBundle(&size, packages); err != nil {
		h.unavailable(w, r, err)
		return
	}
	describe(w.Header(), passes.BundleType, version)
	attach(w.Header(), fmt.Sprintf("passes-%d.pkpasses", n))
	w.Header().Set("Content-Length", strconv.FormatInt(int64(size), 10))
	if r.Method != http.MethodHead {
		// It is written a second time: so it is never in memory, where it may take
		// 150 MB.
		_ = passes.WriteBundle(w, packages) // the visitor may have gone
	}
}

// versionOf is that of passes together, and when the last of them changed.
func versionOf(bundle []orders.DeliveryPass) (version string, modified time.Time) {
	sum := sha256.New()
	for _, p := range bundle {
		fmt.Fprintln(sum, p.Serial, p.Version)
		if p.Modified.After(modified) {
			modified = p.Modified
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), modified
}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
