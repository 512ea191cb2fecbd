package api

import (
	"fmt"
	"math"
)

func rgb(r, g, b uint8) string { return fmt.Sprintf("rgb(%d, %d, %d)", r, g, b) }

// mixed moves a colour by a share towards a grey.
func mixed(r, g, b, grey uint8, share float64) string {
	mix := func(c uint8) uint8 { return uint8(math.Round(float64(c) + (float64(grey)-float64(c))*share)) }
	return rgb(mix(r), mix(g), mix(b))
}

// luminance is how bright a colour is, from 0 to 1.
// https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
func luminance(r, g, b uint8) float64 {
	linear := func(c uint8) float64 {
		v := float64(c) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
