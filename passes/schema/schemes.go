package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkSchemes looks at the newer designs that the pass asks for.
func checkSchemes(c *checker) {
	for _, name := range slices.Sorted(maps.Keys(c.schemes)) {
		s := c.schemes[name]
		i := slices.Index(c.asked, name)
		if i < 0 {
			continue
		}
		at := fmt.Sprintf("preferredStyleSchemes[%d]", i)
		if !slices.Contains(c.styles, s.Style) {
			c.warn(at, name+" is a design of "+s.Style, ignores, "take it out, or make the pass "+s.Style)
			continue
		}
		if !slices.Contains(c.asked, s.Style) {
			c.note("preferredStyleSchemes", s.Style+" is not named after "+name,
				"Apple's examples name it as what to fall back to", "add it at the end")
		}
		c.needs(s)
	}
}

// needs reports what a design asks for and the pass has not.
func (c *checker) needs(s *scheme) {
	needed, better := s.missing(c.pass)
	for _, path := range needed {
		path, want, exact := strings.Cut(path, ":")
		if !exact {
			want = "it"
		}
		c.warn(path, s.Name+" needs "+want, "Wallet draws a plain "+s.Style, "add it")
	}
	for _, path := range better {
		parent, _, _ := strings.Cut(path, ".")
		if !slices.Contains(needed, parent) {
			c.note(path, "is recommended for "+s.Name, "", "add it")
		}
	}
}

// missing are the paths that the design needs, and has room for, and that the
// pass has not; the first of two spellings.
func (s *scheme) missing(pass map[string]any) (needed, better []string) {
	all := []requirements{s.requirements}
	kind, _ := text(object(pass, "semantics"), "eventType")
	all = append(all, s.When[kind])
	for _, r := range all {
		needed = append(needed, absent(pass, r.Need)...)
		better = append(better, absent(pass, r.Better)...)
	}
	return needed, better
}

// absent are the paths that the pass has nothing at.
func absent(pass map[string]any, paths []string) []string {
	var out []string
	for _, path := range paths {
		either := strings.Split(path, " or ")
		if !slices.ContainsFunc(either, func(p string) bool { return given(pass, p) }) {
			out = append(out, either[0])
		}
	}
	return out
}

// given says that there is something at a path of objects, or what the path
// asks for after a colon.
func given(m map[string]any, path string) bool {
	first, rest, more := strings.Cut(path, ".")
	if more {
		return given(object(m, first), rest)
	}
	if key, want, exact := strings.Cut(first, ":"); exact {
		return m[key] == want || dynamic(m[key])
	}
	switch v := m[first].(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

func checkPosterBarcode(c *checker) {
	const name = "posterEventTicket"
	if slices.Contains(c.asked, name) && drawnBarcode(c.pass, newest) != "" {
		c.note("barcodes", "poster event tickets have no barcode",
			"the door needs NFC readers; only iPhones that draw the plain eventTicket show the barcode",
			"leave "+name+" out where the door scans barcodes")
	}
}
