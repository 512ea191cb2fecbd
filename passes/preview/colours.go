package preview

import (
	"image/color"
	"regexp"
	"strconv"
	"strings"
)

var (
	white = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	black = color.NRGBA{0, 0, 0, 0xff}
)

// colours reads the three colours. Without them a pass is black on white; text
// without a colour of its own is what can be read on the background.
func (c *content) colours(pass object) {
	var given bool
	if c.background, given = parseColour(pass.text("backgroundColor")); !given {
		c.background = white
	}
	if c.foreground, given = parseColour(pass.text("foregroundColor")); !given {
		c.foreground = black
		if luminance(c.background) < 0.5 {
			c.foreground = white
		}
	}
	if c.label, given = parseColour(pass.text("labelColor")); !given {
		c.label = mix(c.foreground, c.background, 0.35)
	}
}

var rgb = regexp.MustCompile(`^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$`)

// parseColour reads rgb(1, 2, 3), #123 and #010203.
func parseColour(s string) (color.NRGBA, bool) {
	s = strings.TrimSpace(s)
	if m := rgb.FindStringSubmatch(s); m != nil {
		var v [3]uint8
		for i, digits := range m[1:] {
			n, _ := strconv.Atoi(digits)
			v[i] = uint8(min(n, 0xff)) //nolint:gosec // at most 255
		}
		return color.NRGBA{v[0], v[1], v[2], 0xff}, true
	}
	hex, ok := strings.CutPrefix(s, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if !ok || len(hex) != 6 || err != nil {
		return color.NRGBA{}, false
	}
	return color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xff}, true //nolint:gosec // one byte each
}

// luminance is how bright a colour looks, from 0 to 1 (ITU-R BT.601).
func luminance(c color.NRGBA) float64 {
	return (0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)) / 255
}

// mix is a with a part of b, from 0 to 1.
func mix(a, b color.NRGBA, part float64) color.NRGBA {
	m := func(a, b uint8) uint8 { return uint8(float64(a)*(1-part) + float64(b)*part + 0.5) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), m(a.A, b.A)}
}

// fade makes a colour see-through; alpha is from 0 to 1.
func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(float64(c.A)*alpha + 0.5)
	return c
}
