package preview

import (
	"image"
	"image/color"
	"math"

	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// rect is a rectangle in points.
type rect struct{ x, y, w, h float64 }

// canvas is a picture that is drawn on in points.
type canvas struct {
	img   *image.RGBA
	scale float64
}

func newCanvas(w, h, scale float64) *canvas {
	return &canvas{image.NewRGBA(image.Rect(0, 0, pixels(w, scale), pixels(h, scale))), scale}
}

func pixels(points, scale float64) int { return int(math.Round(points * scale)) }

// pixels is the rectangle of whole pixels nearest to r.
func (c *canvas) pixels(r rect) image.Rectangle {
	return image.Rect(pixels(r.x, c.scale), pixels(r.y, c.scale), pixels(r.x+r.w, c.scale), pixels(r.y+r.h, c.scale))
}

// cover is the pixels that r touches.
func (c *canvas) cover(r rect) image.Rectangle {
	return image.Rect(int(math.Floor(r.x*c.scale)), int(math.Floor(r.y*c.scale)), int(math.Ceil((r.x+r.w)*c.scale)), int(math.Ceil((r.y+r.h)*c.scale)))
}

// pen draws an outline, in points, on a rasteriser whose origin is at x, y.
type pen struct {
	z           *vector.Rasterizer
	x, y, scale float64
	// mirror turns left and right in an icon's square, 24 wide.
	mirror bool
}

func (p pen) at(x, y float64) (float32, float32) {
	if p.mirror {
		x = 24 - x
	}
	return float32((x - p.x) * p.scale), float32((y - p.y) * p.scale)
}

func (p pen) moveTo(x, y float64) { p.z.MoveTo(p.at(x, y)) }
func (p pen) lineTo(x, y float64) { p.z.LineTo(p.at(x, y)) }
func (p pen) close()              { p.z.ClosePath() }

func (p pen) cubeTo(bx, by, cx, cy, dx, dy float64) {
	b0, b1 := p.at(bx, by)
	c0, c1 := p.at(cx, cy)
	d0, d1 := p.at(dx, dy)
	p.z.CubeTo(b0, b1, c0, c1, d0, d1)
}

func (p pen) quadTo(bx, by, cx, cy float64) {
	b0, b1 := p.at(bx, by)
	c0, c1 := p.at(cx, cy)
	p.z.QuadTo(b0, b1, c0, c1)
}

// arc goes on along a circle, from one angle to another, in radians, clockwise
// from the right. It is at most a quarter of the circle.
func (p pen) arc(x, y, r, from, to float64) {
	k := 4.0 / 3 * math.Tan((to-from)/4) * r
	sin0, cos0 := math.Sincos(from)
	sin1, cos1 := math.Sincos(to)
	p.cubeTo(x+r*cos0-k*sin0, y+r*sin0+k*cos0, x+r*cos1+k*sin1, y+r*sin1-k*cos1, x+r*cos1, y+r*sin1)
}

// outline draws a closed shape.
type outline func(p pen)

// levels round coverage to 16 steps, which no eye tells from 256: the picture
// packs a good deal smaller.
var levels = func() (out [256]uint8) {
	for v := range out {
		out[v] = uint8((v*15 + 127) / 255 * 17) //nolint:gosec // at most 255
	}
	return out
}()

// mask is the coverage of a shape that lies within bounds.
func (c *canvas) mask(bounds rect, shape outline) *image.Alpha {
	box := c.cover(bounds).Intersect(c.img.Rect)
	m := image.NewAlpha(box)
	if box.Empty() {
		return m
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	shape(pen{z: z, x: float64(box.Min.X) / c.scale, y: float64(box.Min.Y) / c.scale, scale: c.scale})
	z.Draw(m, box, image.Opaque, image.Point{})
	for i, v := range m.Pix {
		m.Pix[i] = levels[v]
	}
	return m
}

// fill fills a shape that lies within bounds.
func (c *canvas) fill(bounds rect, shape outline, with color.Color) {
	m := c.mask(bounds, shape)
	draw.DrawMask(c.img, m.Rect, image.NewUniform(with), image.Point{}, m, m.Rect.Min, draw.Over)
}

// rounded is a rectangle with round corners.
func rounded(r rect, radius float64) outline {
	return func(p pen) {
		radius = min(radius, r.w/2, r.h/2)
		p.moveTo(r.x+radius, r.y)
		p.lineTo(r.x+r.w-radius, r.y)
		p.arc(r.x+r.w-radius, r.y+radius, radius, -math.Pi/2, 0)
		p.lineTo(r.x+r.w, r.y+r.h-radius)
		p.arc(r.x+r.w-radius, r.y+r.h-radius, radius, 0, math.Pi/2)
		p.lineTo(r.x+radius, r.y+r.h)
		p.arc(r.x+radius, r.y+r.h-radius, radius, math.Pi/2, math.Pi)
		p.lineTo(r.x, r.y+radius)
		p.arc(r.x+radius, r.y+radius, radius, math.Pi, math.Pi*3/2)
		p.close()
	}
}

func (c *canvas) fillRounded(r rect, radius float64, with color.Color) {
	if radius == 0 {
		draw.Draw(c.img, c.pixels(r), image.NewUniform(with), image.Point{}, draw.Over)
		return
	}
	c.fill(r, rounded(r, radius), with)
}

// textMask is the coverage of a line whose left end is at x, with its baseline
// at y.
func (c *canvas) textMask(l line, x, y float64) *image.Alpha {
	size := l.style.size
	bounds := rect{x - size, y - 1.4*size, l.width + 2*size, 2.1 * size}
	return c.mask(bounds, func(p pen) {
		for _, run := range l.runs {
			unit := size / float64(run.Face.Upem())
			for _, g := range run.Glyphs {
				outline, _ := run.Face.GlyphDataOutline(g.GlyphID)
				p.glyph(outline.Segments, x+l.style.points(g.XOffset), y-l.style.points(g.YOffset), unit)
				x += l.style.points(g.Advance)
			}
		}
	})
}

// glyph draws a glyph's outline. unit is the points of a unit of its font.
func (p pen) glyph(segments []opentype.Segment, x, y, unit float64) {
	at := func(a opentype.SegmentPoint) (float64, float64) {
		return x + float64(a.X)*unit, y - float64(a.Y)*unit
	}
	for i, s := range segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				p.close()
			}
			p.moveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			p.lineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			p.quadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			p.cubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	if len(segments) > 0 {
		p.close()
	}
}

// text draws a line whose left end is at x, with its baseline at y.
func (c *canvas) text(l line, x, y float64, with color.Color) {
	m := c.textMask(l, x, y)
	draw.DrawMask(c.img, m.Rect, image.NewUniform(with), image.Point{}, m, m.Rect.Min, draw.Over)
}
