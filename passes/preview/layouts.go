package preview

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// layout is where things stand on a front.
type layout struct {
	// behind is drawn first; h is the card's height.
	behind      func(c *canvas, h float64)
	top, bottom []block
}

// layouts are how Wallet lays out each style.
// https://developer.apple.com/design/human-interface-guidelines/wallet
var layouts = map[string]func(*drawing) (layout, error){
	"boardingPass":  (*drawing).boardingPass,
	"coupon":        (*drawing).card,
	"storeCard":     (*drawing).card,
	"eventTicket":   (*drawing).eventTicket,
	"generic":       (*drawing).generic,
	"posterGeneric": (*drawing).poster,
	posterEvent:     (*drawing).poster,
}

// upper is a label in capitals, as Wallet prints it.
func (d *drawing) upper(label string) string {
	return cases.Upper(language.Make(d.lang)).String(label)
}

// full is the width between the margins.
const full = width - 2*margin

// Heights of strip images, in points.
const (
	cardStrip   = 144
	ticketStrip = 98
)

// strip is the picture across the card with the primary field on it.
func (d *drawing) strip(h float64, s fieldStyle) (block, error) {
	img, err := d.first("strip")
	if err != nil {
		return block{}, err
	}
	if img == nil {
		s.shadow = false
		if len(d.primary) == 0 {
			return space(8), nil
		}
	}
	return block{h, func(c *canvas, y float64) {
		if img != nil {
			c.drawFilling(img, rect{0, y, width, h})
		}
		if len(d.primary) == 0 {
			return
		}
		col := d.column(d.primary[0], s, full)
		text := col.value.style.size*0.8 + s.below
		if d.primary[0].label == "" {
			text -= s.below
		}
		col.style.value = col.value.style
		col.draw(c, d, rect{margin, y + (h-text)/2 - 2, full, text}, leading)
	}}, nil
}

// card is a coupon or a store card.
func (d *drawing) card() (layout, error) {
	logo, err := d.first("logo")
	if err != nil {
		return layout{}, err
	}
	head := d.head(logo)
	strip, err := d.strip(cardStrip, onStrip)
	if err != nil {
		return layout{}, err
	}
	return layout{top: []block{head, strip, space(11), d.row(append(d.secondary, d.auxiliary...), row, full)}}, nil
}

// eventTicket has either a strip, or a background with a thumbnail.
func (d *drawing) eventTicket() (layout, error) {
	logo, err := d.first("logo")
	if err != nil {
		return layout{}, err
	}
	head := d.head(logo)
	background, err := d.first("background")
	if err != nil {
		return layout{}, err
	}
	stripImage, err := d.first("strip")
	if err != nil {
		return layout{}, err
	}
	first, second := splitRows(d.auxiliary)
	if stripImage != nil {
		strip, err := d.strip(ticketStrip, onTicket)
		rows := []block{d.row(d.secondary, row, full), d.row(first, row, full), d.row(second, row, full)}
		return layout{top: append([]block{head, strip, space(10)}, rows...)}, err
	}
	l, err := d.withThumbnail(head, d.row(first, row, full), d.row(second, row, full))
	if background != nil {
		l.behind = func(c *canvas, h float64) {
			all := rect{0, 0, width, h}
			c.drawFilling(blurred(background, width/h), all)
			c.fillRounded(all, 0, fade(black, 0.2))
		}
	}
	return l, err
}

// generic has the primary field beside a thumbnail.
func (d *drawing) generic() (layout, error) {
	logo, err := d.first("logo")
	if err != nil {
		return layout{}, err
	}
	head := d.head(logo)
	return d.withThumbnail(head, d.row(append(d.secondary, d.auxiliary...), row, full))
}

// thumbnailSize is the most that a thumbnail takes, in points.
const thumbnailSize = 90

// withThumbnail has primary and secondary fields on the left, and a thumbnail on
// the right where there is one. A generic pass has its secondary fields below.
func (d *drawing) withThumbnail(head block, rows ...block) (layout, error) {
	thumb, err := d.first("thumbnail")
	if err != nil {
		return layout{}, err
	}
	room, w, h := float64(full), 0.0, 0.0
	if thumb != nil {
		k := min(thumbnailSize/thumb.w, thumbnailSize/thumb.h)
		w, h = thumb.w*k, thumb.h*k
		room -= w + columnGap
	}
	beside := []block{d.row(d.primary[:min(1, len(d.primary))], heading, room)}
	if d.style == "eventTicket" {
		beside = append(beside, d.row(d.secondary, row, room))
	}
	top := block{max(height(beside)+6, h+14), func(c *canvas, y float64) {
		drawBlocks(c, beside, y+4)
		if thumb != nil {
			c.drawRounded(thumb, d.flip(rect{width - margin - w, y + 2, w, h}), 5)
		}
	}}
	return layout{top: append([]block{head, space(6), top}, rows...)}, nil
}

// splitRows are the auxiliary fields of an event ticket in their two rows.
func splitRows(fields []field) (first, second []field) {
	for _, f := range fields {
		if f.row == 1 {
			second = append(second, f)
		} else {
			first = append(first, f)
		}
	}
	return first, second
}
