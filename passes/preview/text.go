package preview

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// typesetter shapes text. It is not safe for concurrent use.
type typesetter struct {
	language language.Language
	families []family
	shaper   shaping.HarfbuzzShaper
	segments shaping.Segmenter
	wrapper  shaping.LineWrapper
	bidi     bidi.Paragraph
}

func newTypesetter(lang string) (*typesetter, error) {
	families, err := newFamilies()
	if err != nil {
		return nil, err
	}
	return &typesetter{language: language.NewLanguage(cmp.Or(lang, "en")), families: families}, nil
}

// textStyle is how a text looks.
type textStyle struct {
	// size is in points.
	size   float64
	weight weight
}

// em is the size at which all text is shaped, and scaled afterwards: the shaper
// rounds sizes to whole pixels, and a pass looks the same at every scale.
const em = 1024

// points is a shaped distance in points.
func (s textStyle) points(d fixed.Int26_6) float64 { return float64(d) / 64 / em * s.size }

// shaped is a distance in points as the shaper has it.
func (s textStyle) shaped(points float64) fixed.Int26_6 {
	return fixed.Int26_6(min(points*64*em/s.size, math.MaxInt32/2))
}

// line is one line of shaped text.
type line struct {
	runs []shaping.Output // in visual order
	// width is in points.
	width float64
	style textStyle
	rtl   bool
	cut   bool // … stands for the rest
}

// maxRunes is the most of one text that is shaped; more than that is on no
// readable pass.
const maxRunes = 4000

// clean makes one line of a text, without control characters.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// shape makes runs of glyphs, in logical order.
func (t *typesetter) shape(text []rune, s textStyle, dir di.Direction) []shaping.Output {
	in := shaping.Input{
		Text: text, RunEnd: len(text), Direction: dir,
		Size: fixed.I(em), Language: t.language,
	}
	parts := t.segments.Split(in, t.families[s.weight])
	out := make([]shaping.Output, 0, len(parts))
	for _, part := range parts {
		out = append(out, t.shaper.Shape(part))
	}
	return out
}

// wrap breaks a text into at most maxLines lines of at most width points; 0 is
// any number of lines.
func (t *typesetter) wrap(text string, s textStyle, width float64, maxLines int) []line {
	runes := []rune(text)
	runes = runes[:min(len(runes), maxRunes)]
	if len(runes) == 0 {
		return nil
	}
	rtl, dir := isRTL(runes), di.DirectionLTR
	if rtl {
		dir = di.DirectionRTL
	}
	levels := t.levels(runes, rtl)
	runs := t.shape(runes, s, dir)
	config := shaping.WrapConfig{Direction: dir, TruncateAfterLines: maxLines}
	if maxLines > 0 {
		config.Truncator = t.shape([]rune("…"), s, dir)[0]
	}
	wrapped, cut := t.wrapper.WrapParagraphF(config, s.shaped(width), runes, shaping.NewSliceIterator(runs))
	out := make([]line, 0, len(wrapped))
	for i, w := range wrapped {
		l := line{runs: slices.Clone(w), style: s, rtl: rtl, cut: cut > 0 && i == len(wrapped)-1}
		if l.cut { // … belongs to the line, not to the word that it cuts
			l.runs[len(l.runs)-1].Runes.Offset = len(runes)
		}
		reorder(l.runs, levels)
		for _, run := range l.runs {
			l.width += s.points(run.Advance)
		}
		out = append(out, l)
	}
	return out
}

// wide is more points than any text takes.
const wide = 1 << 18

// natural is a text on one line, as wide as it wants to be.
func (t *typesetter) natural(text string, s textStyle) line {
	lines := t.wrap(clean(text), s, wide, 1)
	if len(lines) == 0 {
		return line{style: s}
	}
	return lines[0]
}

// smallest is how far a text shrinks before it is cut, as a part of its size.
const smallest = 0.66

// fit is a text on one line of at most width points: it shrinks, and what does
// not fit even then is cut with ….
func (t *typesetter) fit(text string, s textStyle, width float64) line {
	l := t.natural(text, s)
	if l.width <= width {
		return l
	}
	s.size *= max(smallest, width/l.width*0.999) // rounding
	if l = t.natural(text, s); l.width <= width {
		return l
	}
	if lines := t.wrap(clean(text), s, width, 1); len(lines) > 0 {
		return lines[0]
	}
	return line{style: s}
}
