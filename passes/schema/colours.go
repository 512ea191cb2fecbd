package schema

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	hexForm = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)
	// Apple documents rgb only; rgba is in passes that Apple itself gives out.
	rgbForm = regexp.MustCompile(`(?i)^rgba?\( *(\d{1,3}) *, *(\d{1,3}) *, *(\d{1,3}) *(, *[\d.]+ *)?\)$`)
)

// parseColour reads rgb(r, g, b), rgba(r, g, b, a), whose opacity it leaves
// out, #RRGGBB and #RGB. A part may be over 255.
func parseColour(s string) (rgb [3]int, ok bool) {
	s = strings.TrimSpace(s)
	if m := rgbForm.FindStringSubmatch(s); m != nil {
		for i := range rgb {
			rgb[i], _ = strconv.Atoi(m[i+1])
		}
		return rgb, true
	}
	if !hexForm.MatchString(s) {
		return rgb, false
	}
	s = s[1:]
	width := len(s) / 3
	for i := range rgb {
		part := strings.Repeat(s[i*width:(i+1)*width], 3-width)
		n, _ := strconv.ParseUint(part, 16, 8)
		rgb[i] = int(n)
	}
	return rgb, true
}

func isColour(s string) bool {
	_, ok := parseColour(s)
	return ok
}

func checkColourRange(c *checker) {
	for _, k := range c.tables.objects["pass"].Keys {
		s, _ := text(c.pass, k.Name)
		if rgb, ok := parseColour(s); ok && k.element == "colour" && max(rgb[0], rgb[1], rgb[2]) > 255 {
			c.warn(k.Name, fmt.Sprintf("%q has a part over 255", s),
				"Wallet shows another colour", "write parts from 0 to 255")
		}
	}
}

// minContrast is the ratio that WCAG 2 wants for large text; labels are small,
// so that less is hard to read.
const minContrast = 3

func checkContrast(c *checker) {
	ground, _ := text(c.pass, "backgroundColor")
	below, ok := parseColour(ground)
	if !ok || c.pass["useAutomaticColors"] == true {
		return
	}
	for _, key := range []string{"foregroundColor", "labelColor"} {
		s, _ := text(c.pass, key)
		above, ok := parseColour(s)
		if r := contrast(above, below); ok && r < minContrast {
			c.warn(key, fmt.Sprintf("has a contrast of %.1f to backgroundColor", r),
				"it is hard to read", "choose colours with a contrast of 4.5 or more")
		}
	}
}

// contrast is WCAG's contrast ratio, from 1 to 21.
// https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
func contrast(a, b [3]int) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(rgb [3]int) float64 {
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(min(rgb[i], 255)) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}
