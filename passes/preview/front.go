package preview

import "image"

// Places on the front, in points.
const (
	headerHeight = 64
	margin       = 15
	columnGap    = 14
	logoWidth    = 160
	logoHeight   = 44
)

// block is one strip of the front, as wide as the card. They stand below each
// other.
type block struct {
	height float64
	draw   func(c *canvas, y float64)
}

// front draws the front: a background, the blocks of the style from the top,
// and the barcode at the bottom.
func (d *drawing) front() (*image.RGBA, error) {
	barcode, err := d.code()
	if err != nil {
		return nil, err
	}
	make, ok := layouts[d.style]
	if !ok {
		return nil, errNoStyle
	}
	l, err := make(d)
	if err != nil {
		return nil, err
	}
	bottom := l.bottom
	if barcode != nil {
		bottom = append(bottom, d.barcodeBlock(barcode))
	}
	const foot = 14
	top, low := height(l.top), height(bottom)
	h := max(frontHeight, top+low+foot+8)
	c := newCanvas(width, h, float64(d.scale))
	c.fillRounded(rect{0, 0, width, h}, 0, d.background)
	if l.behind != nil {
		l.behind(c, h)
	}
	drawBlocks(c, l.top, 0)
	drawBlocks(c, bottom, h-low-foot)
	if d.voided {
		c.grey()
	}
	return c.cut(h, d.cardShape(h)), nil
}

func height(blocks []block) float64 {
	sum := 0.0
	for _, b := range blocks {
		sum += b.height
	}
	return sum
}

func drawBlocks(c *canvas, blocks []block, y float64) {
	for _, b := range blocks {
		if b.draw != nil {
			b.draw(c, y)
		}
		y += b.height
	}
}

// space is a block with nothing in it.
func space(height float64) block { return block{height: height} }

// head is the logo, the text beside it, and the header fields on the right.
func (d *drawing) head(logo *picture) block {
	return block{headerHeight, func(c *canvas, y float64) {
		middle := y + headerHeight/2
		x := float64(margin)
		if logo != nil {
			w, h := logo.fitted(logoWidth, logoHeight)
			c.draw(logo, d.flip(rect{x, middle - h/2, w, h}))
			x += w + 9
		}
		edge := d.headerFields(c, middle, x+40)
		if d.logoText != "" && edge-x > 30 {
			l := d.letters.fit(d.logoText, textStyle{18, medium}, edge-x)
			c.text(l, d.flip(rect{x, 0, l.width, 0}).x, middle+6.5, d.foreground)
		}
	}}
}

// headerFields draws from the right, no further than to, and returns how far it
// came.
func (d *drawing) headerFields(c *canvas, middle, to float64) float64 {
	x := float64(width - margin)
	fields := d.header[:min(len(d.header), 3)]
	for i := len(fields) - 1; i >= 0; i-- {
		room := x - to
		if room < 24 {
			break
		}
		col := d.column(fields[i], header, room)
		x -= col.width()
		col.draw(c, d, d.flip(rect{x, middle - 18, col.width(), 36}), trailing)
		x -= columnGap
	}
	return x
}
