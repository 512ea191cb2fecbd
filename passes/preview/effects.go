package preview

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// blurred is a picture so much out of focus that only its colours are left, as
// Wallet draws an event ticket's background.
func blurred(p *picture, ratio float64) *picture {
	const w = 96 // pixels are few, as nothing fine is left
	h := max(1, int(w/ratio))
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(small, small.Rect, p.Image, p.crop(ratio), draw.Src, nil)
	for range 3 { // three boxes are nearly a bell curve
		boxBlur(small.Pix, 4, w, h, 4, small.Stride, 6)
		boxBlur(small.Pix, 4, h, w, small.Stride, 4, 6)
	}
	return &picture{small, w, float64(h)}
}

// blurMask blurs a mask by about so many pixels.
func blurMask(m *image.Alpha, radius int) {
	for range 2 {
		boxBlur(m.Pix, 1, m.Rect.Dx(), m.Rect.Dy(), 1, m.Stride, radius)
		boxBlur(m.Pix, 1, m.Rect.Dy(), m.Rect.Dx(), m.Stride, 1, radius)
	}
}

// boxBlur averages each of the channels along lines of n pixels, step bytes
// apart; the lines are next bytes apart.
func boxBlur(pix []byte, channels, n, lines, step, next, radius int) {
	if n < 1 {
		return
	}
	row := make([]byte, n)
	for l := range lines {
		for ch := range channels {
			at := l*next + ch
			for i := range row {
				row[i] = pix[at+i*step]
			}
			sum := 0
			get := func(i int) int { return int(row[min(max(i, 0), n-1)]) }
			for i := -radius; i <= radius; i++ {
				sum += get(i)
			}
			for i := range n {
				pix[at+i*step] = byte(sum / (2*radius + 1)) //nolint:gosec // an average of bytes
				sum += get(i+radius+1) - get(i-radius)
			}
		}
	}
}

// gradient fills r softly, from one colour at its top to another at
// its bottom.
func (c *canvas) gradient(r rect, from, to color.NRGBA) {
	box := c.pixels(r)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		part := float64(y-box.Min.Y) / float64(max(1, box.Dy()-1))
		part *= part * (3 - 2*part) // without a visible beginning or end
		line := image.Rect(box.Min.X, y, box.Max.X, y+1)
		draw.Draw(c.img, line, image.NewUniform(mix(from, to, part)), image.Point{}, draw.Over)
	}
}

// shadowed draws a line with a soft shadow, for text on a picture.
func (c *canvas) shadowed(l line, x, y float64, with color.NRGBA) {
	if luminance(with) > 0.45 { // under dark text a shadow is dirt
		m := c.textMask(l, x, y+0.8)
		blurMask(m, max(1, int(1.4*c.scale)))
		draw.DrawMask(c.img, m.Rect, image.NewUniform(fade(black, 0.55)), image.Point{}, m, m.Rect.Min, draw.Over)
	}
	c.text(l, x, y, with)
}

// grey takes the colours out of a picture and makes it paler, as Wallet does
// with a void pass.
func (c *canvas) grey() {
	pix := c.img.Pix
	for i := 0; i+3 < len(pix); i += 4 {
		y := (299*int(pix[i]) + 587*int(pix[i+1]) + 114*int(pix[i+2])) / 1000
		y = (y*7 + 0xb0*3) / 10
		v := byte(min(y, int(pix[i+3]))) //nolint:gosec // at most 255
		pix[i], pix[i+1], pix[i+2] = v, v, v
	}
}
