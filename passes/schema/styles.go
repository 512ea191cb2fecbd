package schema

import (
	"fmt"
	"slices"
	"strings"
)

// poster is the style that needs another beside it.
const poster = "posterGeneric"

// Styles are the styles of a pass, the classic ones first.
func Styles() []string {
	var names []string
	for _, k := range known().objects["pass"].Keys {
		if isStyle(k.Name) {
			names = append(names, k.Name)
		}
	}
	return names
}

// isStyle says that an object is a style: the only objects with backFields at
// the top of the pass.
func isStyle(name string) bool {
	t := known()
	o := t.objects[name]
	return o != nil && o.byName["backFields"] != nil && t.objects["pass"].byName[name] != nil
}

// classic are the pass's styles that every iOS draws.
func (c *checker) classic() []string {
	return slices.DeleteFunc(slices.Clone(c.styles), func(s string) bool { return s == poster })
}

func checkNoStyle(c *checker) {
	if len(c.styles) == 0 {
		c.err("", "the pass has no style", refuses, "add one of "+strings.Join(Styles(), ", "))
	}
}

func checkSecondStyle(c *checker) {
	// Expressions may leave all but one out; what they make is checked again.
	open := func(s string) bool { return dynamic(c.pass[s]) }
	if two := slices.DeleteFunc(c.classic(), open); len(two) > 1 {
		c.err(two[1], "is a second style beside "+two[0],
			"a pass has one, with nothing but posterGeneric beside it", "take one of them out")
	}
}

func checkPosterAlone(c *checker) {
	if slices.Contains(c.styles, poster) && len(c.classic()) == 0 {
		c.warn(poster, "is the only style", "iOS 26 and older refuse the pass",
			"add generic, storeCard, coupon or eventTicket beside it")
	}
}

// field is one field of a style, with its place.
type field struct {
	path, style, group string
	keys               map[string]any
}

// fields are all fields of all styles and upcoming events, in the order of the
// tables.
func (c *checker) fields() []field {
	var all []field
	collect := func(path, style string, o *Object, m map[string]any) {
		for _, k := range o.Keys {
			if k.element != "field" {
				continue
			}
			for i, f := range objects(m, k.Name) {
				all = append(all, field{fmt.Sprintf("%s.%s[%d]", path, k.Name, i), style, k.Name, f})
			}
		}
	}
	for _, s := range c.styles {
		collect(s, s, c.tables.objects[s], object(c.pass, s))
	}
	for i, entry := range objects(c.pass, "upcomingPassInformation") {
		path := fmt.Sprintf("upcomingPassInformation[%d]", i)
		collect(path, path, c.tables.objects["upcomingEntry"], entry)
	}
	return all
}

// checkDuplicateKeys wants every key once in a style; two styles may share keys.
func checkDuplicateKeys(c *checker) {
	seen := map[[2]string]string{}
	for _, f := range c.fields() {
		key, ok := text(f.keys, "key")
		if !ok || key == "" {
			continue
		}
		if first := seen[[2]string{f.style, key}]; first != "" {
			c.err(f.path+".key", fmt.Sprintf("%q is the key of %s too", key, first),
				refuses, "give one of them another key")
			continue
		}
		seen[[2]string{f.style, key}] = f.path
	}
}

// checkFieldCount compares each group with the room on the front.
func checkFieldCount(c *checker) {
	for _, s := range c.styles {
		for _, k := range c.tables.objects[s].Keys {
			n := len(list(object(c.pass, s), k.Name))
			if k.element == "field" && k.Max != nil && float64(n) > *k.Max {
				c.warn(s+"."+k.Name, fmt.Sprintf("has %d fields, and the front has room for %v", n, *k.Max),
					"the last may not be shown", "move some to another group or to backFields")
			}
		}
	}
}

// shared are the styles whose secondary and auxiliary fields share one row;
// generic does so with a square barcode.
var shared = []string{"coupon", "storeCard", "generic"}

func checkSharedRow(c *checker) {
	for _, s := range c.classic() {
		if !slices.Contains(shared, s) || s == "generic" && !square(drawnBarcode(c.pass, newest)) {
			continue
		}
		fields := object(c.pass, s)
		if n := len(list(fields, "secondaryFields")) + len(list(fields, "auxiliaryFields")); n > 4 {
			c.warn(s, fmt.Sprintf("has %d secondary and auxiliary fields, which share one row of four", n),
				"the last may not be shown", "move some to backFields")
		}
	}
}

func square(format string) bool {
	return format == "PKBarcodeFormatQR" || format == "PKBarcodeFormatAztec"
}

func checkFooter(c *checker) {
	if len(list(object(c.pass, poster), "footerFields")) == 2 {
		c.note(poster+".footerFields[1]", "is a second footer field",
			"Apple's page allows two; so far iOS 27 draws only the first", "keep what matters in the first")
	}
}
