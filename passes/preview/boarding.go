package preview

// footerHeight and footerWidth are the most of a boarding pass's footer image.
const (
	footerWidth  = 286
	footerHeight = 15
)

func (d *drawing) boardingPass() (layout, error) {
	logo, err := d.first("logo")
	if err != nil {
		return layout{}, err
	}
	head := d.head(logo)
	footer, err := d.first("footer")
	if err != nil {
		return layout{}, err
	}
	l := layout{top: []block{head, space(10), d.journey(), d.row(d.auxiliary, row, full), d.row(d.secondary, row, full)}}
	if footer != nil {
		w, h := footer.fitted(footerWidth, footerHeight)
		l.bottom = []block{{h + 5, func(c *canvas, y float64) { c.draw(footer, rect{(width - w) / 2, y, w, h}) }}}
	}
	return l, nil
}

// journey is from where to where, with the means between them.
func (d *drawing) journey() block {
	const icon = 42
	return block{airport.height, func(c *canvas, y float64) {
		each := float64(full-icon)/2 - 12
		if len(d.primary) > 0 {
			d.column(d.primary[0], airport, each).draw(c, d, d.flip(rect{margin, y, each, airport.height}), leading)
		}
		if len(d.primary) > 1 {
			d.column(d.primary[1], airport, each).draw(c, d, d.flip(rect{width - margin - each, y, each, airport.height}), trailing)
		}
		c.icon(d.transit, rect{(width - icon) / 2, y + 18, icon, icon}, d.label, d.mirrored)
	}}
}
