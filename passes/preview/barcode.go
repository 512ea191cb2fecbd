package preview

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"

	"github.com/passhook/passhook/passes/barcodes"
)

// code is a barcode ready to be drawn.
type code struct {
	image.Image
	// bars says that it has no rows: it is as high as we like.
	bars bool
	// w and h are the drawn bars, in points; module is in pixels.
	w, h   float64
	module int
	alt    line
}

// Sizes of barcodes, in points.
const (
	squareCode  = 150 // QR and Aztec
	wideCode    = 290 // PDF417 and bars
	wideHeight  = 88  // the most of a PDF417
	barHeight   = 70
	codePadding = 11 // white around the bars; Wallet leaves little more
	altHeight   = 18
)

// code prepares the pass's barcode; nil where it has none. Modules are whole
// pixels, so that a scanner reads the picture.
func (d *drawing) code() (*code, error) {
	if d.barcode == nil {
		return nil, nil
	}
	img, err := barcodes.Draw(d.barcode.format, d.barcode.message, d.barcode.encoding)
	if err != nil {
		return nil, fmt.Errorf("the barcode cannot be drawn: %w", err)
	}
	format, _ := barcodes.Lookup(d.barcode.format)
	c := &code{Image: img, bars: format.Bars}
	size := img.Bounds().Size()
	fit := func(points, modules int) int { return max(1, points*d.scale/max(1, modules)) }
	px := func(n int) float64 { return float64(n) / float64(d.scale) }
	switch {
	case c.bars:
		c.module = fit(wideCode, size.X)
		c.h = barHeight
	case size.X > size.Y*3/2:
		c.module = min(fit(wideCode, size.X), fit(wideHeight, size.Y))
		c.h = px(size.Y * c.module)
	default:
		c.module = fit(squareCode, size.X)
		c.h = px(size.Y * c.module)
	}
	c.w = px(size.X * c.module)
	if d.barcode.alt != "" {
		c.alt = d.letters.fit(d.barcode.alt, textStyle{13, regular}, max(c.w, 250))
	}
	return c, nil
}

// tile is the size of the white tile around a barcode.
func (c *code) tile() (w, h float64) {
	w, h = max(c.w, c.alt.width)+2*codePadding, c.h+2*codePadding
	if c.alt.runs != nil {
		h += altHeight - 2
	}
	return min(w, width-8), h
}

// barcodeBlock is the barcode on its tile, in the middle.
func (d *drawing) barcodeBlock(c *code) block {
	w, h := c.tile()
	return block{height: h, draw: func(p *canvas, y float64) {
		r := rect{math.Round((width - w) / 2), math.Round(y), w, h}
		p.fillRounded(r, 7, white)
		p.modules(c, r.x+(w-c.w)/2, r.y+codePadding)
		if c.alt.runs != nil {
			p.text(c.alt, r.x+(w-c.alt.width)/2, r.y+h-8.5, color.NRGBA{0x22, 0x22, 0x22, 0xff})
		}
		if d.voided {
			p.fillRounded(r, 7, fade(white, 0.86))
			word := d.letters.fit(voidWord(d.lang), textStyle{30, semibold}, w-20)
			p.text(word, r.x+(w-word.width)/2, r.y+h/2+11, color.NRGBA{0x55, 0x55, 0x55, 0xff})
		}
	}}
}

// modules draws the bars with their upper left corner at x, y.
func (c *canvas) modules(b *code, x, y float64) {
	at := image.Pt(pixels(x, c.scale), pixels(y, c.scale))
	from := b.Bounds()
	for row := range from.Dy() {
		for column := range from.Dx() {
			if r, _, _, _ := b.At(from.Min.X+column, from.Min.Y+row).RGBA(); r > 0x7fff {
				continue
			}
			m := image.Rect(column, row, column+1, row+1)
			m = image.Rect(m.Min.X*b.module, m.Min.Y*b.module, m.Max.X*b.module, m.Max.Y*b.module)
			if b.bars {
				m.Min.Y, m.Max.Y = 0, pixels(b.h, c.scale)
			}
			draw.Draw(c.img, m.Add(at), image.Black, image.Point{}, draw.Src)
		}
	}
}

// voidWords stand on the barcode of a void pass.
var voidWords = map[string]string{"en": "Void", "de": "Ungültig", "fr": "Annulé", "es": "Anulado", "it": "Annullato", "nl": "Ongeldig"}

func voidWord(lang string) string {
	if word, ok := voidWords[baseLanguage(lang)]; ok {
		return word
	}
	return voidWords["en"]
}
