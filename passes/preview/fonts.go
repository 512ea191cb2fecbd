package preview

import (
	"bytes"
	"embed"
	"fmt"
	"sync"

	"github.com/go-text/typesetting/font"
)

// The fonts are subsets of Inter, for Latin, Greek and Cyrillic, and of Noto
// Sans, for Arabic, Hebrew and Thai. fonts/OFL.txt is their licence.
//
//go:embed fonts/*.otf fonts/*.ttf fonts/OFL.txt
var fontFiles embed.FS

// weight is how heavy a text is.
type weight int

const (
	regular weight = iota
	medium
	semibold
)

// fontNames are the files of each weight, in the order in which a character is
// looked for. What no font has is drawn as the first one's empty box.
var fontNames = [][]string{
	regular:  {"Inter-Regular.otf", "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "NotoSansThai-Regular.ttf"},
	medium:   {"Inter-Medium.otf", "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "NotoSansThai-Regular.ttf"},
	semibold: {"Inter-SemiBold.otf", "NotoSansArabic-Bold.ttf", "NotoSansHebrew-Bold.ttf", "NotoSansThai-Bold.ttf"},
}

// parsedFonts are all fonts by their names, parsed once. They are safe for
// concurrent use; faces are not.
var parsedFonts = sync.OnceValues(func() (map[string]*font.Font, error) {
	out := map[string]*font.Font{}
	for _, names := range fontNames {
		for _, name := range names {
			if out[name] != nil {
				continue
			}
			b, err := fontFiles.ReadFile("fonts/" + name)
			if err != nil {
				return nil, err
			}
			face, err := font.ParseTTF(bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = face.Font
		}
	}
	return out, nil
})

// family is one weight's faces.
type family []*font.Face

// ResolveFace is the first face that has the character.
func (f family) ResolveFace(r rune) *font.Face {
	for _, face := range f {
		if _, ok := face.NominalGlyph(r); ok {
			return face
		}
	}
	return f[0]
}

// newFamilies makes faces for one typesetter.
func newFamilies() ([]family, error) {
	fonts, err := parsedFonts()
	if err != nil {
		return nil, err
	}
	faces := map[string]*font.Face{}
	out := make([]family, len(fontNames))
	for w, names := range fontNames {
		for _, name := range names {
			if faces[name] == nil {
				faces[name] = font.NewFace(fonts[name])
			}
			out[w] = append(out[w], faces[name])
		}
	}
	return out, nil
}
