package preview

import (
	"image"
	"image/png"
	"io"
	"time"

	"golang.org/x/text/language"
)

// Pass is what is drawn.
type Pass struct {
	// JSON is the rendered pass.json.
	JSON []byte
	// Files are the package's files by their names, as strip@2x.png and
	// de.lproj/logo.png; others than images and pass.strings do not matter.
	Files map[string][]byte
	// Language is a BCP 47 tag, as de; empty is en.
	Language string
}

// Options say how it is drawn.
type Options struct {
	// Scale is pixels a point, 1, 2 or 3; 0 is 2.
	Scale int
	// Now is what fields with isRelative are relative to; zero prints their
	// dates in full.
	Now time.Time
}

// drawing is one pass being drawn.
type drawing struct {
	*content
	files   files
	lang    string
	scale   int
	letters *typesetter
	// mirrored turns left and right, for languages that are read from the right.
	mirrored bool
}

// fromTheRight are the languages that are read from right to left.
var fromTheRight = map[string]bool{"ar": true, "ckb": true, "dv": true, "fa": true, "he": true, "ps": true, "sd": true, "ug": true, "ur": true, "yi": true}

func newDrawing(p Pass, o Options) (*drawing, error) {
	if o.Scale == 0 {
		o.Scale = 2
	}
	d := &drawing{files: p.Files, lang: p.Language, scale: min(max(o.Scale, 1), 3), mirrored: fromTheRight[baseLanguage(p.Language)]}
	var err error
	f := formatter{tag: language.Make(p.Language), words: d.files.words(d.lang), now: o.Now}
	if p.Language == "" {
		f.tag = language.English
	}
	if d.content, err = read(p.JSON, f); err != nil {
		return nil, err
	}
	d.letters, err = newTypesetter(p.Language)
	return d, err
}

// Front draws the side that Wallet shows first, 375 points wide, at least 488
// high, see-through around its edge. The error says which part of the pass
// cannot be read.
func Front(p Pass, o Options) (*image.RGBA, error) {
	d, err := newDrawing(p, o)
	if err != nil {
		return nil, err
	}
	return d.front()
}

// Both draws front and back side by side.
func Both(p Pass, o Options) (*image.RGBA, error) {
	d, err := newDrawing(p, o)
	if err != nil {
		return nil, err
	}
	front, err := d.front()
	if err != nil {
		return nil, err
	}
	back, err := d.backSide(float64(front.Rect.Dy()) / float64(d.scale))
	if err != nil {
		return nil, err
	}
	const gap = 20 // points
	at := image.Pt(front.Rect.Dx()+gap*d.scale, 0)
	both := image.NewRGBA(image.Rect(0, 0, at.X+back.Rect.Dx(), max(front.Rect.Dy(), back.Rect.Dy())))
	paste(both, front, image.Point{})
	paste(both, back, at)
	return both, nil
}

// Encode writes a picture as PNG.
func Encode(w io.Writer, img image.Image) error {
	e := png.Encoder{CompressionLevel: png.DefaultCompression}
	return e.Encode(w, img)
}
