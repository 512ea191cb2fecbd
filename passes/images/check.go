package images

import (
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/passhook/passhook/problems"
)

// Check looks at one image of a package by its name, as de.lproj/logo@2x.png,
// for a style; ok is false where it cannot be read.
func Check(name string, b []byte, style string) (info Info, found problems.List, ok bool) {
	n, _ := ParseName(name)
	add := func(severity problems.Severity, rule, text, effect, fix string) {
		found = append(found, problems.Problem{Severity: severity,
			Rule: rule, File: name, Text: text, Effect: effect, Fix: fix})
	}
	info, err := Inspect(b)
	switch {
	case err != nil && n.Kind.Required:
		add(problems.Error, "image-unreadable", err.Error(),
			"an iPhone refuses a pass whose icon it cannot read", "save it as PNG")
	case err != nil:
		add(problems.Warning, "image-unreadable", err.Error(), "Wallet leaves the picture out", "save it as PNG")
	case info.Format != "png":
		add(problems.Warning, "image-no-png", "is a "+strings.ToUpper(info.Format)+" with the name of a PNG",
			"Wallet is made for PNG and may leave it out", "save it as PNG")
	case info.Crushed:
		add(problems.Note, "image-crushed", "is a PNG in the form that Xcode makes for apps",
			"other programs than Apple's cannot show it", "use the original")
	}
	if err != nil {
		return info, found, false
	}
	if text, fix := missized(n, info, style); text != "" {
		add(problems.Warning, "image-size", text, "Wallet crops or scales it", fix)
	}
	return info, found, true
}

// missized says how an image differs from what a style wants; empty: it fits.
func missized(n Name, info Info, style string) (text, fix string) {
	s := n.Kind.Size(style)
	if n.Kind.Name == "" || (s == Size{}) {
		return "", ""
	}
	w, h := s.Width*n.Scale, s.Height*n.Scale
	text = fmt.Sprintf("has %d by %d pixels", info.Width, info.Height)
	if s.AtMost {
		if info.Width <= w && info.Height <= h {
			return "", ""
		}
		return text, fmt.Sprintf("make it at most %d by %d", w, h)
	}
	for _, known := range slices.Concat([]Size{s}, n.Kind.older[""], n.Kind.older[style]) {
		kw, kh := known.Width*n.Scale, known.Height*n.Scale
		// Larger ones of the same shape are scaled down, which nobody sees.
		if info.Width >= kw && info.Height >= kh && sameShape(info, kw, kh) {
			return "", ""
		}
	}
	return text, fmt.Sprintf("make it %d by %d", w, h)
}

// sameShape allows for a pixel that was rounded.
func sameShape(i Info, w, h int) bool {
	return math.Abs(float64(i.Width)/float64(i.Height)-float64(w)/float64(h)) < 0.02*float64(w)/float64(h)
}

// CheckSet looks at the images of a package together, by their names.
func CheckSet(files map[string]Info, style string) problems.List {
	var found problems.List
	add := func(severity problems.Severity, rule, file, text, effect, fix string) {
		found = append(found, problems.Problem{Severity: severity,
			Rule: rule, File: file, Text: text, Effect: effect, Fix: fix})
	}
	groups := map[string]map[int]Info{} // by the name of the first variant
	for _, name := range slices.Sorted(maps.Keys(files)) {
		n, ok := ParseName(name)
		if !ok {
			continue
		}
		if groups[n.File(1)] == nil {
			groups[n.File(1)] = map[int]Info{}
		}
		groups[n.File(1)][n.Scale] = files[name]
	}
	if icon := groups["icon.png"]; icon == nil {
		add(problems.Error, "icon-missing", "", "there is no icon.png", "an iPhone refuses the pass",
			"add icon.png, icon@2x.png and icon@3x.png (38, 76 and 114 pixels square)")
	}
	for _, first := range slices.Sorted(maps.Keys(groups)) {
		n, _ := ParseName(first)
		variants := groups[first]
		_, two := variants[2]
		_, three := variants[3]
		_, one := variants[1]
		switch {
		case !one && n.Kind.Required && n.Language == "":
			add(problems.Warning, "image-first", first, "is missing beside its larger variants",
				"some versions of iOS refuse a pass without it", "add it")
		case !two && !three:
			add(problems.Note, "image-blurry", first, "has no variant @2x or @3x",
				"it is blurry on every iPhone of today", "add "+n.File(2)+" and "+n.File(3))
		}
		if !n.Kind.Shown(style) {
			add(problems.Note, "image-not-shown", first, "is not shown on "+style,
				"it only makes the package larger", "take it out")
		}
	}
	if style == "eventTicket" && groups["strip.png"] != nil {
		for _, other := range []string{"background.png", "thumbnail.png"} {
			if groups[other] != nil {
				add(problems.Warning, "image-excluded", other, "stands beside strip.png",
					"an event ticket with a strip shows neither background nor thumbnail", "take one of them out")
			}
		}
	}
	return found
}

// Meant is the name that a file of a package was probably meant to have, as
// background@2x.png for background2x.png; empty: none comes near.
func Meant(name string) string {
	if n, ok := ParseName(name); ok && n.Ext == ".png" {
		return ""
	}
	dir, base := path.Split(name)
	ext := path.Ext(base)
	if !slices.Contains([]string{".png", ".jpg", ".jpeg", ".webp"}, strings.ToLower(ext)) {
		return ""
	}
	var names []string
	for _, k := range kinds {
		for scale := 1; scale <= 3; scale++ {
			names = append(names, Name{Kind: k}.File(scale))
		}
	}
	low := strings.ToLower(strings.TrimSuffix(base, ext)) + ".png"
	for _, candidate := range names {
		if strings.ToLower(candidate) == low {
			return dir + candidate
		}
	}
	if near := problems.Nearest(low, names); near != "" {
		return dir + near
	}
	return ""
}
