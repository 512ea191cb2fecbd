package passes

import (
	"maps"
	"slices"

	"github.com/passhook/passhook/passes/images"
	"github.com/passhook/passhook/problems"
)

// pictures makes the variants of a template's pictures: those that are given are
// kept, and the others are made of the largest.
type pictures struct {
	*templateLoader
	groups map[string]*group
}

// group is all that is given of one picture in one language.
type group struct {
	images.Name
	// given are variants by scale; large is what the others are made of.
	given map[int][]byte
	large picture
}

// picture is a file that was found good.
type picture struct {
	images.Info
	name string
	data []byte
}

func (p *pictures) add(name string, b []byte) {
	n, _ := images.ParseName(name)
	info, err := images.Inspect(b)
	if err != nil {
		p.in(name, problems.Problem{Text: err.Error()})
		return
	}
	key := n.File(1)
	g := p.groups[key]
	if g == nil {
		g = &group{Name: n, given: map[int][]byte{}}
		p.groups[key] = g
	}
	if info.Width*info.Height > g.large.Width*g.large.Height {
		g.large = picture{info, name, b}
	}
	// A single large file is what the variants are made of, not a variant.
	if info.Format == "png" && (n.Scale > 1 || isWithinPlace(n, info, p.template.style)) {
		g.given[n.Scale] = b
	}
}

// isWithinPlace reports whether a picture is no larger than its place @1x.
func isWithinPlace(n images.Name, info images.Info, style string) bool {
	s := n.Kind.Size(style)
	return s == images.Size{} || info.Width <= s.Width && info.Height <= s.Height
}

// entries are all variants, those of the package.
func (p *pictures) entries() []entry {
	var out []entry
	infos := map[string]images.Info{}
	for _, key := range slices.Sorted(maps.Keys(p.groups)) {
		g := p.groups[key]
		variants := p.variants(g)
		for _, scale := range slices.Sorted(maps.Keys(variants)) {
			name := g.File(scale)
			info, found, _ := images.Check(name, variants[scale], p.template.style)
			if _, given := g.given[scale]; given {
				p.addProblems(found)
			}
			infos[name] = info
			out = append(out, newEntry(name, variants[scale]))
		}
	}
	p.addProblems(images.CheckSet(infos, p.template.style))
	return out
}

// variants are the given ones, and those that can be made.
func (p *pictures) variants(g *group) map[int][]byte {
	out := maps.Clone(g.given)
	if len(out) == 3 || len(out) > 0 && g.Kind.Size(p.template.style) == (images.Size{}) {
		return out
	}
	made, err := p.scaled(g)
	if err != nil {
		p.in(g.large.name, problems.Problem{Text: err.Error()})
		return out
	}
	for scale, b := range made {
		if out[scale] == nil {
			out[scale] = b
		}
	}
	if s := g.Kind.Size(p.template.style); out[3] == nil && len(g.given) == 0 && s.Width > 0 {
		p.in(g.large.name, problems.Problem{Severity: problems.Warning, Text: small(g.large, s)})
	}
	return out
}

func small(l picture, s images.Size) string {
	return "is " + dimensions(l.Width, l.Height) + " pixels, too small to be sharp on every iPhone; " + dimensions(3*s.Width, 3*s.Height) + " is enough"
}

// addProblems adds what is wrong with files.
func (p *pictures) addProblems(list problems.List) {
	for _, f := range list {
		p.in(f.File, f)
	}
}
