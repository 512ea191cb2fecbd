package preview

import "image/color"

// icons are the means of a journey, drawn in a square of 24 by 24 that is
// mapped to where they stand.
var icons = map[string][]outline{
	"PKTransitTypeAir":     {plane},
	"PKTransitTypeBoat":    {polygon(2, 14.5, 22, 14.5, 18.5, 20, 5.5, 20), polygon(11, 2.5, 11, 13, 4, 13), polygon(12.5, 5, 12.5, 13, 19, 13)},
	"PKTransitTypeBus":     vehicle(true),
	"PKTransitTypeTrain":   vehicle(false),
	"PKTransitTypeGeneric": {polygon(3, 10.4, 14, 10.4, 14, 5.5, 21.5, 12, 14, 18.5, 14, 13.6, 3, 13.6)},
}

// icon draws the means of a journey, which goes to the left where it is
// mirrored; what is not known is an arrow.
func (c *canvas) icon(transit string, r rect, with color.Color, mirrored bool) {
	shapes, ok := icons[transit]
	if !ok {
		shapes = icons["PKTransitTypeGeneric"]
	}
	c.fill(r, func(p pen) {
		k := r.w / 24
		p.x, p.y, p.scale = (p.x-r.x)/k, (p.y-r.y)/k, p.scale*k
		p.mirror = mirrored
		for _, shape := range shapes {
			shape(p)
		}
	}, with)
}

// polygon joins points, given as x and y in turn.
func polygon(xy ...float64) outline {
	return func(p pen) {
		p.moveTo(xy[0], xy[1])
		for i := 2; i+1 < len(xy); i += 2 {
			p.lineTo(xy[i], xy[i+1])
		}
		p.close()
	}
}

// plane flies to the right.
func plane(p pen) {
	p.moveTo(22.5, 12)
	p.cubeTo(22.5, 11.1, 21.3, 10.5, 20, 10.5)
	p.lineTo(15, 10.5)
	p.lineTo(9.6, 2.2)
	p.lineTo(7.6, 2.2)
	p.lineTo(10.3, 10.5)
	p.lineTo(5.6, 10.5)
	p.lineTo(3.6, 7.8)
	p.lineTo(1.8, 7.8)
	p.lineTo(3, 12)
	p.lineTo(1.8, 16.2)
	p.lineTo(3.6, 16.2)
	p.lineTo(5.6, 13.5)
	p.lineTo(10.3, 13.5)
	p.lineTo(7.6, 21.8)
	p.lineTo(9.6, 21.8)
	p.lineTo(15, 13.5)
	p.lineTo(20, 13.5)
	p.cubeTo(21.3, 13.5, 22.5, 12.9, 22.5, 12)
	p.close()
}

// vehicle is a bus or a train, seen from the front.
func vehicle(bus bool) []outline {
	out := []outline{
		rounded(rect{5, 2.5, 14, 15.5}, 3),
		hole(rounded(rect{7, 6, 10, 5.5}, 1)),
		hole(disc(8.2, 14.7, 1.2)), hole(disc(15.8, 14.7, 1.2)),
	}
	if bus {
		return append(out, rounded(rect{6.5, 17, 3, 4}, 0.8), rounded(rect{14.5, 17, 3, 4}, 0.8),
			rounded(rect{2.8, 7, 1.4, 4}, 0.7), rounded(rect{19.8, 7, 1.4, 4}, 0.7))
	}
	return append(out, polygon(7.6, 18.8, 9.4, 18.8, 7, 22, 4.8, 22), polygon(16.4, 18.8, 14.6, 18.8, 17, 22, 19.2, 22))
}

func disc(x, y, r float64) outline { return rounded(rect{x - r, y - r, 2 * r, 2 * r}, r) }

// hole mirrors a shape left to right in the icon's square, which turns its
// direction, so that it is cut out of the shape that it lies in.
func hole(shape outline) outline {
	return func(p pen) {
		p.mirror = !p.mirror
		shape(p)
	}
}
