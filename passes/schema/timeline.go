package schema

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Versions are the iOS that are told apart; there is none between 18 and 26.
var versions = []int{oldest, 16, 17, 18, before27, newest}

// IOS is what one iOS makes of a pass.
type IOS struct {
	Version int `json:"version"`
	// Scheme is the style or the newer design that it draws; empty where it
	// refuses the pass.
	Scheme string `json:"scheme"`
	// Ignored are the paths of keys that it does not know.
	Ignored []string `json:"ignored,omitempty"`
	// Barcode is the format that it draws, empty where it draws none.
	Barcode string `json:"barcode,omitempty"`
	// Notes are whatever else is different on it.
	Notes []string `json:"notes,omitempty"`
}

// Timeline is what each iOS makes of a pass, from iOS 15 to 27.
func Timeline(pass map[string]any) []IOS {
	c := newChecker(pass, Options{})
	var out []IOS
	for _, version := range versions {
		ios := IOS{Version: version, Barcode: drawnBarcode(pass, version)}
		ios.Ignored = c.newer("", c.tables.objects["pass"], pass, version)
		ios.Scheme = c.drawn(version, &ios.Notes)
		if ios.Scheme == "posterEventTicket" && ios.Barcode != "" {
			ios.Barcode = ""
			ios.Notes = append(ios.Notes, "the poster has no barcode")
		} else if ios.Barcode == "" && len(list(pass, "barcodes")) > 0 {
			ios.Notes = append(ios.Notes, "knows none of the barcodes")
		}
		if !c.relevant(version) {
			ios.Notes = append(ios.Notes, "is not shown on the lock screen at its time")
		}
		out = append(out, ios)
	}
	return out
}

// newer are the paths of keys that came after an iOS, without what is in them.
func (c *checker) newer(path string, o *Object, m map[string]any, version int) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		k, at := o.byName[name], join(path, name)
		switch {
		case k == nil:
		case k.major > version:
			out = append(out, at)
		case k.object == nil:
		case k.list:
			for i, item := range objects(m, name) {
				out = append(out, c.newer(at+"["+strconv.Itoa(i)+"]", k.object, item, version)...)
			}
		default:
			out = append(out, c.newer(at, k.object, object(m, name), version)...)
		}
	}
	return out
}

// drawn is the design that an iOS draws: posterGeneric where it knows it, the
// first asked for that it knows and whose needs are met, or the plain style.
func (c *checker) drawn(version int, notes *[]string) string {
	if version >= newest && slices.Contains(c.styles, poster) {
		return poster
	}
	plain := c.classic()
	if len(plain) == 0 {
		*notes = append(*notes, "refuses the pass")
		return ""
	}
	for _, name := range c.asked {
		s := c.schemes[name]
		if s == nil || s.Style != plain[0] || version < s.Since {
			continue
		}
		needed, _ := s.missing(c.pass)
		if len(needed) == 0 {
			return name
		}
		*notes = append(*notes, name+" lacks "+strings.Join(needed, ", "))
	}
	return plain[0]
}

// relevant says that an iOS reads the dates of the pass, if there are any.
func (c *checker) relevant(version int) bool {
	_, top := c.pass["relevantDate"]
	entries := list(c.pass, "relevantDates")
	if top || len(entries) == 0 {
		return true
	}
	key := "relevantDate"
	if version >= before27 {
		key = "date"
	}
	for _, e := range objects(c.pass, "relevantDates") {
		_, moment := e[key]
		_, start := e["startDate"]
		if version >= 18 && (moment || start) {
			return true
		}
	}
	return false
}
