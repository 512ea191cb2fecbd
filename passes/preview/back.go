package preview

import (
	"image"
	"image/color"
	"strings"
)

// Colours and sizes of the details, which Wallet draws as a list of its own,
// not in the pass's colours.
var (
	paper = color.NRGBA{0xf2, 0xf2, 0xf7, 0xff}
	ink   = color.NRGBA{0x1c, 0x1c, 0x1e, 0xff}
	faint = color.NRGBA{0x6c, 0x6c, 0x70, 0xff}
	blue  = color.NRGBA{0x00, 0x7a, 0xff, 0xff}
	rule  = color.NRGBA{0xd8, 0xd8, 0xdc, 0xff}
)

const (
	backMargin = 16
	backInset  = 14
	backLine   = 20
	// maxBack is the most height of a back, in points; … stands for what is
	// further down.
	maxBack = 3000
)

var (
	backTitle = textStyle{17, semibold}
	backLabel = textStyle{13, regular}
	backValue = textStyle{15, regular}
)

// entry is one field of the back, shaped.
type entry struct {
	label, value []line
	link         bool
}

func (e entry) height() float64 {
	return float64(len(e.label))*17 + float64(len(e.value))*backLine + 20
}

// backSide draws the details at least as high as the front.
func (d *drawing) backSide(atLeast float64) (*image.RGBA, error) {
	icon, err := d.first("icon")
	if err != nil {
		return nil, err
	}
	const listTop = 104
	entries, list := d.entries(maxBack - listTop)
	h := max(atLeast, listTop+list+backMargin)
	c := newCanvas(width, h, float64(d.scale))
	c.fillRounded(rect{0, 0, width, h}, 0, paper)
	d.backHead(c, icon)
	if len(entries) > 0 {
		c.fillRounded(rect{backMargin, listTop, width - 2*backMargin, list}, 11, white)
	}
	y := float64(listTop)
	for i, e := range entries {
		if i > 0 {
			c.fillRounded(rect{backMargin + backInset, y - 0.25, width - 2*backMargin - backInset, 0.5}, 0, rule)
		}
		e.draw(c, y, d.side(natural, leading))
		y += e.height()
	}
	return c.cut(h, rounded(rect{0, 0, width, h}, corner)), nil
}

// backHead is the icon with the names of the pass and its issuer.
func (d *drawing) backHead(c *canvas, icon *picture) {
	const size = 52
	x := float64(backMargin + 4)
	if icon != nil {
		r := d.flip(rect{x, 28, size, size})
		c.fillRounded(r, 11, d.background)
		c.drawRounded(icon, r, 11)
		x += size + 13
	}
	room := width - x - backMargin
	title, issuer := d.letters.fit(d.description, backTitle, room), d.letters.fit(d.organization, backLabel, room)
	c.text(title, d.flip(rect{x, 0, title.width, 0}).x, 51, ink)
	c.text(issuer, d.flip(rect{x, 0, issuer.width, 0}).x, 70, faint)
}

// entries are the back's fields, with their height together. What does not fit
// into room is … instead.
func (d *drawing) entries(room float64) (out []entry, height float64) {
	const w = width - 2*backMargin - 2*backInset
	for _, f := range append(append([]field{}, d.moreInfo...), d.back...) {
		e := entry{label: d.letters.paragraphs(f.label, backLabel, w), value: d.letters.paragraphs(f.value, backValue, w), link: f.link}
		if height+e.height() > room {
			more := entry{value: []line{d.letters.natural("…", backValue)}}
			return append(out, more), height + more.height()
		}
		out = append(out, e)
		height += e.height()
	}
	return out, height
}

func (e entry) draw(c *canvas, y float64, align alignment) {
	r := rect{backMargin + backInset, y, width - 2*backMargin - 2*backInset, 0}
	y += 10
	for _, l := range e.label {
		c.text(l, l.start(r, align), y+13, faint)
		y += 17
	}
	with := ink
	if e.link {
		with = blue
	}
	for _, l := range e.value {
		c.text(l, l.start(r, align), y+15, with)
		y += backLine
	}
}

// paragraphs are a text's lines; line breaks are kept.
func (t *typesetter) paragraphs(text string, s textStyle, w float64) []line {
	var out []line
	text = strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n")
	if text == "" {
		return nil
	}
	if runes := []rune(text); len(runes) > maxRunes {
		text = string(runes[:maxRunes-1]) + "…"
	}
	for p := range strings.SplitSeq(text, "\n") {
		lines := t.wrap(clean(p), s, w, 0)
		if lines == nil {
			lines = []line{{style: s}}
		}
		out = append(out, lines...)
	}
	return out
}
