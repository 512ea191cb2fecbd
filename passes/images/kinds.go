// Package images knows the pictures of a pass: which there are, how large each
// is on which style, and what an iPhone cannot read. It makes the sizes that a
// phone wants of one large image.
package images

import (
	"regexp"
	"slices"
	"strconv"
)

// Size is in points; a picture @2x has twice as many pixels.
type Size struct {
	Width, Height int
	// AtMost is a box that the picture must fit into; else it is filled.
	AtMost bool
}

// Kind is one picture of a pass.
type Kind struct {
	// Name is the file's name without scale and ending.
	Name string
	// Styles are those that show it; none: all.
	Styles []string
	// Required is true for the one that no pass can be without.
	Required bool

	size    Size
	byStyle map[string]Size
	// older are sizes that earlier documentation asked for, by style; "" is all.
	older map[string][]Size
}

// kinds follow the table of Apple's Human Interface Guidelines, Wallet, of
// January 2025, and Apple's Pass Builder.
// https://developer.apple.com/design/human-interface-guidelines/wallet
var kinds = []Kind{
	{Name: "icon", Required: true, size: Size{38, 38, false}, older: map[string][]Size{"": {{29, 29, false}}}},
	{Name: "logo", Styles: []string{"boardingPass", "coupon", "eventTicket", "generic", "storeCard"},
		size: Size{160, 50, true}},
	{Name: "primaryLogo", Styles: []string{"boardingPass", "eventTicket", "posterGeneric"}, size: Size{126, 30, true}},
	{Name: "secondaryLogo", Styles: []string{"eventTicket"}, size: Size{135, 12, true}},
	{
		Name: "background", Styles: []string{"eventTicket"}, size: Size{180, 220, false},
		older: map[string][]Size{"": {{345, 505, false}, {358, 448, false}}},
	},
	{Name: "artwork", Styles: []string{"eventTicket", "posterGeneric"}, size: Size{358, 448, false}},
	{
		Name: "strip", Styles: []string{"coupon", "eventTicket", "storeCard"}, size: Size{375, 144, false},
		byStyle: map[string]Size{"eventTicket": {375, 98, false}},
		older: map[string][]Size{
			"eventTicket": {{320, 84, false}},
			"coupon":      {{375, 123, false}, {320, 123, false}, {312, 123, false}, {320, 110, false}},
			"storeCard":   {{375, 123, false}, {320, 123, false}, {312, 123, false}, {320, 110, false}},
		},
	},
	{Name: "thumbnail", Styles: []string{"eventTicket", "generic"}, size: Size{90, 90, false}},
	{Name: "footer", Styles: []string{"boardingPass"}, size: Size{286, 15, true}},
	{Name: "personalizationLogo", Styles: []string{"storeCard"}, size: Size{150, 40, true}},
	{Name: "venueMap", Styles: []string{"eventTicket"}},
}

// Lookup finds a kind by its name.
func Lookup(name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// Size is how large the picture is on a style; zero where any size will do.
func (k Kind) Size(style string) Size {
	if s, ok := k.byStyle[style]; ok {
		return s
	}
	return k.size
}

// Shown reports whether a style shows the picture.
func (k Kind) Shown(style string) bool {
	return len(k.Styles) == 0 || style == "" || slices.Contains(k.Styles, style)
}

// Name is what the name of a file in a package says.
type Name struct {
	// Language is the folder de.lproj without its ending; empty: none.
	Language string
	Kind     Kind
	// Scale is 1, 2 or 3.
	Scale int
	// Ext is the ending with its dot: .png
	Ext string
}

var nameForm = regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9_-]{0,30})\.lproj/)?([A-Za-z]+)(?:@([123])x)?(\.[A-Za-z]+)$`)

// ParseName reads names such as de.lproj/logo@2x.png; ok is false for what is
// no picture of a pass.
func ParseName(name string) (n Name, ok bool) {
	m := nameForm.FindStringSubmatch(name)
	if m == nil {
		return Name{}, false
	}
	kind, ok := Lookup(m[2])
	n = Name{Language: m[1], Kind: kind, Scale: 1, Ext: m[4]}
	if m[3] != "" {
		n.Scale, _ = strconv.Atoi(m[3])
	}
	return n, ok
}

// File is the name of a variant, as de.lproj/logo@2x.png.
func (n Name) File(scale int) string {
	name := n.Kind.Name
	if scale > 1 {
		name += "@" + strconv.Itoa(scale) + "x"
	}
	name += ".png"
	if n.Language != "" {
		name = n.Language + ".lproj/" + name
	}
	return name
}
