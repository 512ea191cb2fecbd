package preview

import "image/color"

// fieldStyle is how the fields of a group look: sizes and distances in points.
type fieldStyle struct {
	label, value textStyle
	// below is how far the value's baseline lies below the label's.
	below float64
	// height is of the row.
	height float64
	// labelLast puts the label under the value, as on strips.
	labelLast bool
	shadow    bool
}

// The groups' looks.
var (
	header   = fieldStyle{label: textStyle{10.5, semibold}, value: textStyle{18, regular}, below: 18.5, height: 40}
	row      = fieldStyle{label: textStyle{10.5, semibold}, value: textStyle{18, regular}, below: 20, height: 49}
	heading  = fieldStyle{label: textStyle{11, semibold}, value: textStyle{27, regular}, below: 28, height: 62}
	airport  = fieldStyle{label: textStyle{12, semibold}, value: textStyle{45, regular}, below: 44, height: 78}
	onStrip  = fieldStyle{label: textStyle{14, semibold}, value: textStyle{50, medium}, below: 22, labelLast: true, shadow: true}
	onTicket = fieldStyle{label: textStyle{13, semibold}, value: textStyle{36, medium}, below: 20, labelLast: true, shadow: true}
	poster   = fieldStyle{label: textStyle{11, semibold}, value: textStyle{18, medium}, below: 20, height: 46, shadow: true}
)

// end is one side of the front: leading is where reading begins.
type end int

const (
	leading end = iota
	trailing
)

// flip is where something stands that stands at r in languages that are read
// from left to right.
func (d *drawing) flip(r rect) rect {
	if d.mirrored {
		r.x = width - r.x - r.w
	}
	return r
}

// column is one field, shaped.
type column struct {
	field        field
	style        fieldStyle
	label, value line
}

// column shapes a field so that it is at most w points wide.
func (d *drawing) column(f field, s fieldStyle, w float64) column {
	return column{f, s, d.letters.fit(d.upper(f.label), s.label, w), d.letters.fit(f.value, s.value, w)}
}

func (c column) width() float64 { return max(c.label.width, c.value.width) }

// draw draws the field with its upper edge at the top of r, at the end that
// byDefault says unless the field has an alignment of its own.
func (c column) draw(p *canvas, d *drawing, r rect, byDefault end) {
	first, second := r.y+c.style.label.size, r.y+c.style.label.size+c.style.below
	if c.style.labelLast {
		first, second = r.y+c.style.value.size*0.8+c.style.below, r.y+c.style.value.size*0.8
	}
	for _, t := range []struct {
		line line
		y    float64
		with color.NRGBA
	}{{c.label, first, d.label}, {c.value, second, d.foreground}} {
		x := t.line.start(r, d.side(c.field.align, byDefault))
		if c.style.shadow {
			p.shadowed(t.line, x, t.y, t.with)
		} else {
			p.text(t.line, x, t.y, t.with)
		}
	}
}

// side is where text stands: where its field says, else at one end. At the
// leading end of a page that is read from the left it may stay natural, which is
// where its own script begins.
func (d *drawing) side(align alignment, at end) alignment {
	switch {
	case align != natural:
		return align
	case d.mirrored != (at == trailing):
		return right
	case at == trailing:
		return left
	}
	return natural
}

// start is the left end of a line in its column.
func (l line) start(r rect, align alignment) float64 {
	if align == natural && l.rtl {
		align = right
	}
	switch align {
	case centre:
		return r.x + (r.w-l.width)/2
	case right:
		return r.x + r.w - l.width
	}
	return r.x
}

// row draws fields beside each other in the width that is left of right.
func (d *drawing) row(fields []field, s fieldStyle, w float64) block {
	if len(fields) == 0 {
		return block{}
	}
	const most = 5
	fields = fields[:min(len(fields), most)]
	s = d.squeezed(fields, s, w)
	return block{s.height, func(c *canvas, y float64) {
		for i, r := range d.columns(fields, s, rect{margin, y, w, s.height}) {
			d.column(fields[i], s, r.w).draw(c, d, d.flip(r), leading)
		}
	}}
}

// squeezed makes the values of a row a little smaller, all the same, where that
// helps them to fit in w points.
func (d *drawing) squeezed(fields []field, s fieldStyle, w float64) fieldStyle {
	const most = 0.88
	sum := 0.0
	for _, f := range fields {
		sum += d.letters.natural(f.value, s.value).width
	}
	if room := w - columnGap*float64(len(fields)-1); sum > room {
		s.value.size *= max(most, room/sum*0.999) // rounding
	}
	return s
}

// columns shares out the width among fields. What is left over stands between
// them, so that the last one ends at the right edge; where it is too little, the
// long ones give.
func (d *drawing) columns(fields []field, s fieldStyle, in rect) []rect {
	natural := make([]float64, len(fields))
	for i, f := range fields {
		natural[i] = max(d.letters.natural(d.upper(f.label), s.label).width, d.letters.natural(f.value, s.value).width)
	}
	widths := share(natural, in.w-columnGap*float64(len(fields)-1))
	gap := float64(columnGap)
	if len(fields) > 1 {
		left := in.w
		for _, w := range widths {
			left -= w
		}
		gap = left / float64(len(fields)-1)
	} else {
		widths[0] = in.w
	}
	out := make([]rect, len(fields))
	x := in.x
	for i, w := range widths {
		out[i] = rect{x, in.y, w, in.h}
		x += w + gap
	}
	return out
}

// share gives each at most what it wants, and all together at most total: the
// modest get all, the others the same.
func share(wanted []float64, total float64) []float64 {
	out := make([]float64, len(wanted))
	for open := len(wanted); open > 0; {
		fair, before := total/float64(open), open
		for i, w := range wanted {
			if out[i] == 0 && w <= fair {
				out[i] = max(w, 0.001)
				total -= w
				open--
			}
		}
		if open == before {
			for i := range out {
				if out[i] == 0 {
					out[i] = max(fair, 0.001)
				}
			}
			break
		}
	}
	return out
}
