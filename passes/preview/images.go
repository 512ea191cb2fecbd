package preview

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"

	"golang.org/x/image/draw"
)

// maxPixels is the most pixels of an image that is decoded; larger ones are
// left out.
const maxPixels = 16_000_000

// files are a package's files by their names.
type files map[string][]byte

// languages are the folders to look into for a language, the nearest first: for
// de-CH these are de-CH.lproj, de.lproj and the package itself.
func languages(lang string) []string {
	var out []string
	for lang = strings.ReplaceAll(lang, "_", "-"); lang != ""; {
		out = append(out, lang+".lproj/", strings.ReplaceAll(lang, "-", "_")+".lproj/")
		lang = lang[:max(0, strings.LastIndexByte(lang, '-'))]
	}
	return append(slices.Compact(out), "Base.lproj/", "")
}

// picture is a decoded image with its size in points.
type picture struct {
	image.Image
	w, h float64
}

// image is the variant of an image that suits the scale best: the smallest that
// has enough pixels, else the largest. nil where there is none that can be read.
func (f files) image(name, lang string, scale int) (*picture, error) {
	for _, folder := range languages(lang) {
		for _, variant := range variants(scale) {
			b, ok := f[folder+name+suffixes[variant]+".png"]
			if !ok {
				continue
			}
			img, err := decode(b)
			if err != nil {
				return nil, fmt.Errorf("%s%s%s.png %w", folder, name, suffixes[variant], err)
			}
			size := img.Bounds().Size()
			return &picture{img, float64(size.X) / float64(variant), float64(size.Y) / float64(variant)}, nil
		}
	}
	return nil, nil
}

// first is the first of these images that the pass has, or nil.
func (d *drawing) first(names ...string) (*picture, error) {
	for _, name := range names {
		if p, err := d.files.image(name, d.lang, d.scale); p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

var suffixes = map[int]string{1: "", 2: "@2x", 3: "@3x"}

// variants are the scales in the order in which they suit.
func variants(scale int) []int {
	out := []int{1, 2, 3}
	slices.SortFunc(out, func(a, b int) int {
		if (a >= scale) != (b >= scale) {
			return cmp.Compare(b, a)
		}
		if a >= scale {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(b, a)
	})
	return out
}

func decode(b []byte) (image.Image, error) {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("has %d by %d pixels; the most is %d in all", c.Width, c.Height, maxPixels)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return img, nil
}

// fitted is the size of a picture that is made to fit into w by h, never
// larger than it is.
func (p *picture) fitted(w, h float64) (float64, float64) {
	k := min(1, w/p.w, h/p.h)
	return p.w * k, p.h * k
}

// draw draws all of a picture into r.
func (c *canvas) draw(p *picture, r rect) {
	draw.CatmullRom.Scale(c.img, c.pixels(r), p.Image, p.Bounds(), draw.Over, nil)
}

// drawFilling draws the middle of a picture so that it fills r.
func (c *canvas) drawFilling(p *picture, r rect) {
	draw.CatmullRom.Scale(c.img, c.pixels(r), p.Image, p.crop(r.w/r.h), draw.Over, nil)
}

// drawRounded is drawFilling with round corners.
func (c *canvas) drawRounded(p *picture, r rect, radius float64) {
	box := c.pixels(r)
	layer := image.NewRGBA(box)
	draw.CatmullRom.Scale(layer, box, p.Image, p.crop(r.w/r.h), draw.Src, nil)
	m := c.mask(r, rounded(r, radius))
	draw.DrawMask(c.img, box, layer, box.Min, m, box.Min, draw.Over)
}

// crop is the largest part in the middle with this ratio of width to height.
func (p *picture) crop(ratio float64) image.Rectangle {
	b := p.Bounds()
	w, h := b.Dx(), b.Dy()
	if float64(w) > float64(h)*ratio {
		w = max(1, int(float64(h)*ratio+0.5))
	} else {
		h = max(1, int(float64(w)/ratio+0.5))
	}
	at := b.Min.Add(image.Pt((b.Dx()-w)/2, (b.Dy()-h)/2))
	return image.Rectangle{at, at.Add(image.Pt(w, h))}.Intersect(b)
}
