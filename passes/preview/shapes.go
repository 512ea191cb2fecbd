package preview

import (
	"image"
	"math"

	"golang.org/x/image/draw"
)

// Sizes of the card, in points. Wallet's strip and our width are 375.
// https://developer.apple.com/design/human-interface-guidelines/wallet
const (
	width       = 375
	frontHeight = 488
	corner      = 13
)

// cardShape is the edge of a front of this height.
func (d *drawing) cardShape(h float64) outline {
	switch {
	case d.style == "coupon":
		return perforated(h)
	case d.style == "boardingPass":
		return notched(h, headerHeight)
	case d.style == "eventTicket":
		return ticket(h)
	}
	return rounded(rect{0, 0, width, h}, corner)
}

// perforated has teeth along the top and the bottom.
func perforated(h float64) outline {
	return func(p pen) {
		const teeth, depth = 50, 3.6
		const tooth = float64(width) / teeth
		p.moveTo(0, depth)
		for i := range teeth {
			p.lineTo((float64(i)+0.5)*tooth, 0)
			p.lineTo(float64(i+1)*tooth, depth)
		}
		for i := teeth; i > 0; i-- {
			p.lineTo(float64(i)*tooth, h-depth)
			p.lineTo((float64(i)-0.5)*tooth, h)
		}
		p.lineTo(0, h-depth)
		p.close()
	}
}

// notched has a half circle cut out of both sides, at y.
func notched(h, y float64) outline {
	return func(p pen) {
		const r = 7
		p.moveTo(corner, 0)
		p.lineTo(width-corner, 0)
		p.arc(width-corner, corner, corner, -math.Pi/2, 0)
		p.lineTo(width, y-r)
		p.arc(width, y, r, -math.Pi/2, -math.Pi)
		p.arc(width, y, r, -math.Pi, -math.Pi*3/2)
		p.lineTo(width, h-corner)
		p.arc(width-corner, h-corner, corner, 0, math.Pi/2)
		p.lineTo(corner, h)
		p.arc(corner, h-corner, corner, math.Pi/2, math.Pi)
		p.lineTo(0, y+r)
		p.arc(0, y, r, math.Pi/2, 0)
		p.arc(0, y, r, 0, -math.Pi/2)
		p.lineTo(0, corner)
		p.arc(corner, corner, corner, math.Pi, math.Pi*3/2)
		p.close()
	}
}

// ticket has a piece of a circle cut out of the middle of its top.
func ticket(h float64) outline {
	return func(p pen) {
		const r, up = 34, 20 // the circle's middle lies above the edge
		half := math.Sqrt(r*r - up*up)
		from, to := math.Atan2(up, -half), math.Atan2(up, half)
		mid := math.Pi / 2
		p.moveTo(corner, 0)
		p.lineTo(width/2-half, 0)
		p.arc(width/2, -up, r, from, mid)
		p.arc(width/2, -up, r, mid, to)
		p.lineTo(width-corner, 0)
		p.arc(width-corner, corner, corner, -math.Pi/2, 0)
		p.lineTo(width, h-corner)
		p.arc(width-corner, h-corner, corner, 0, math.Pi/2)
		p.lineTo(corner, h)
		p.arc(corner, h-corner, corner, math.Pi/2, math.Pi)
		p.lineTo(0, corner)
		p.arc(corner, corner, corner, math.Pi, math.Pi*3/2)
		p.close()
	}
}

// cut keeps what lies within the shape and gives it a fine dark edge, so that a
// white pass is seen on a white page.
func (c *canvas) cut(h float64, shape outline) *image.RGBA {
	bounds := rect{0, 0, width, h}
	inner := 1 - 1.2/c.scale/width
	smaller := func(p pen) {
		p.x, p.y = p.x/inner-(1-inner)*width/2/inner, p.y/inner-(1-inner)*h/2/inner
		p.scale *= inner
		shape(p)
	}
	const dark = 48 // of 255, how much darker the edge is
	whole, body := c.mask(bounds, shape).Pix, c.mask(bounds, smaller).Pix
	for i := range whole {
		if body[i] == 0xff {
			continue
		}
		light := (255 - dark*(255-int(body[i]))/255) * int(whole[i]) / 255
		pixel := c.img.Pix[4*i : 4*i+4]
		for ch := range 3 {
			pixel[ch] = uint8(int(pixel[ch]) * light / 255) //nolint:gosec // at most 255
		}
		pixel[3] = whole[i]
	}
	return c.img
}

func paste(dst, src *image.RGBA, at image.Point) {
	draw.Draw(dst, src.Rect.Sub(src.Rect.Min).Add(at), src, src.Rect.Min, draw.Src)
}
