package preview

import (
	"slices"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/shaping"
	classes "golang.org/x/text/unicode/bidi"
)

// isRTL says whether a text runs from right to left: its first letter decides
// (Unicode Standard Annex 9, P2).
func isRTL(text []rune) bool {
	for _, r := range text {
		p, _ := classes.LookupRune(r)
		switch p.Class() {
		case classes.R, classes.AL:
			return true
		case classes.L:
			return false
		}
	}
	return false
}

// levels are the embedding levels of the characters, and one for what is added
// to them.
func (t *typesetter) levels(text []rune, rtl bool) []bidi.Level {
	base := bidi.Level(0)
	def := bidi.LeftToRight
	if rtl {
		base, def = 1, bidi.RightToLeft
	}
	runs := t.bidi.Segment(text, def)
	out := slices.Repeat([]bidi.Level{base}, len(text)+1)
	for i := range runs.NumRuns() {
		for run, at := runs.Run(i), runs.Run(i).Start; at < run.End; at++ {
			out[at] = run.Level
		}
	}
	return out
}

// reorder puts the runs of a line from logical into visual order (Unicode
// Standard Annex 9, L2). The wrapper's own order is wrong where a number stands
// in a word from right to left.
func reorder(runs []shaping.Output, levels []bidi.Level) {
	level := make([]bidi.Level, len(runs))
	for i, run := range runs {
		level[i] = levels[min(run.Runes.Offset, len(levels)-1)]
	}
	for at := slices.Max(append(level, 0)); at > 0; at-- {
		for i := 0; i < len(runs); i++ {
			end := i
			for end < len(runs) && level[end] >= at {
				end++
			}
			slices.Reverse(runs[i:end])
			slices.Reverse(level[i:end])
			i = max(i, end)
		}
	}
}
