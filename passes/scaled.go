package passes

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/passhook/passhook/passes/images"
)

func dimensions(w, h int) string { return fmt.Sprintf("%d by %d", w, h) }

// scaled makes the variants of a picture, or takes them from the cache: it
// takes a tenth of a second, and a server has no time for that when it starts.
func (p *pictures) scaled(g *group) (map[int][]byte, error) {
	style := p.template.style
	if p.ImageCache == "" {
		return images.Scale(g.large.data, g.Kind, style)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %+v\n", images.Version, g.Kind.Name, g.Kind.Size(style))
	h.Write(g.large.data)
	dir := filepath.Join(p.ImageCache, hex.EncodeToString(h.Sum(nil)))
	if out := readVariants(dir); len(out) > 0 {
		return out, nil
	}
	out, err := images.Scale(g.large.data, g.Kind, style)
	if err == nil {
		writeVariants(dir, out)
	}
	return out, err
}

func variantFile(scale int) string { return fmt.Sprintf("%d.png", scale) }

func readVariants(dir string) map[int][]byte {
	out := map[int][]byte{}
	for scale := 1; scale <= 3; scale++ {
		if b, err := os.ReadFile(filepath.Join(dir, variantFile(scale))); err == nil { //nolint:gosec // our own folder
			out[scale] = b
		}
	}
	return out
}

// writeVariants fills a folder beside and puts it in place whole. A cache that
// cannot be written is none; the pictures are made again.
func writeVariants(dir string, variants map[int][]byte) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), "part-")
	if err != nil {
		return
	}
	for scale, b := range variants {
		err = errors.Join(err, os.WriteFile(filepath.Join(part, variantFile(scale)), b, 0o600))
	}
	if err == nil {
		err = os.Rename(part, dir)
	}
	if err != nil {
		_ = os.RemoveAll(part)
	}
}
