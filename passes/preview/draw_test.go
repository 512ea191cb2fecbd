package preview

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// All means of a journey, side by side, as in testdata/icons.png.
func TestIcons(t *testing.T) {
	c := newCanvas(5*50, 50, 1)
	c.fillRounded(rect{0, 0, 250, 50}, 0, white)
	for i, name := range []string{"Air", "Boat", "Bus", "Train", "Generic"} {
		c.icon("PKTransitType"+name, rect{float64(i)*50 + 4, 4, 42, 42}, black, false)
	}
	const golden = "testdata/icons.png"
	if flag.Lookup("update").Value.String() == "true" {
		var b bytes.Buffer
		if err := Encode(&b, c.img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 50 {
		for x := range 250 {
			got := c.img.RGBAAt(x, y).R
			if r, _, _, _ := want.At(x, y).RGBA(); math.Abs(float64(got)-float64(r>>8)) > 4 {
				t.Fatalf("at %d, %d the icon is %d, not %d", x, y, got, r>>8)
			}
		}
	}
}

// A text is never wider than its place: it shrinks, then it is cut.
func TestFit(t *testing.T) {
	letters, err := newTypesetter("en")
	if err != nil {
		t.Fatal(err)
	}
	s := textStyle{size: 18}
	for _, text := range []string{
		"", "a", "short", "Evening of Strings", strings.Repeat("W", 500), strings.Repeat("word ", 200), "أمسية موسيقية طويلة جدا في المسرح الكبير",
		"愛達·勒芙蕾絲愛達·勒芙蕾絲愛達·勒芙蕾絲", "👩‍🚀🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉", "a\x00\u202e\u200b\ufeffb", string([]byte{0xff, 0xfe}),
	} {
		for _, width := range []float64{1, 20, 60, 120, 345} {
			l := letters.fit(text, s, width)
			if l.width > width+0.5 && width > 20 {
				t.Errorf("%.20q is %.1f points wide in %.1f", text, l.width, width)
			}
			if l.style.size < s.size*smallest-0.01 {
				t.Errorf("%.20q shrank to %.1f", text, l.style.size)
			}
		}
	}
	if l := letters.fit("Evening of Strings", s, 345); l.style.size != 18 || l.cut {
		t.Errorf("a text with room shrank to %v", l.style.size)
	}
	if l := letters.fit("Evening of Strings", s, 120); l.style.size >= 18 || l.cut {
		t.Errorf("a text with a little too little room is cut, or as large as before: %v", l.style.size)
	}
	if l := letters.fit(strings.Repeat("Evening ", 20), s, 120); !l.cut {
		t.Error("a text with far too little room is not cut")
	}
}

// Every character that the fonts have not is a box, not nothing.
func TestMissingCharacterIsABox(t *testing.T) {
	letters, err := newTypesetter("en")
	if err != nil {
		t.Fatal(err)
	}
	c := newCanvas(40, 40, 2)
	c.text(letters.natural("愛", textStyle{size: 20}), 10, 30, black)
	if c.img.Pix == nil || bytes.Count(c.img.Pix, []byte{0}) == len(c.img.Pix) {
		t.Error("a character that no font has is invisible")
	}
}

// Text runs from right to left where its first letter does.
func TestDirection(t *testing.T) {
	letters, err := newTypesetter("ar")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"abc": false, "حفل": true, "12 שם": true, "Ada حفل": false, "": false} {
		if l := letters.natural(text, textStyle{size: 10}); l.rtl != want {
			t.Errorf("%q runs from right to left: %v", text, l.rtl)
		}
	}
	// Arabic letters join: together they are narrower than apart.
	joined, apart := letters.natural("ححح", textStyle{size: 10}).width, 3*letters.natural("ح", textStyle{size: 10}).width
	if joined >= apart {
		t.Errorf("three Arabic letters are %.1f points wide joined and %.1f apart", joined, apart)
	}
}

// Runs stand in the order in which they are read, from left to right.
func TestOrder(t *testing.T) {
	letters, err := newTypesetter("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		width float64
		want  []int // where the runs begin in the text; its length is …
	}{
		{"Ada", wide, []int{0}},
		{"Ada חדר", wide, []int{0, 4}},
		{"Ada חדר 18", wide, []int{0, 8, 4}}, // the number is read after the word, and stands left of it
		{"חדר Ada", wide, []int{4, 0}},
		{"חדר 18", wide, []int{4, 0}},
		{"Room number חדר גדול", 92, []int{0, 12, 20}},
	} {
		lines := letters.wrap(c.text, textStyle{size: 10}, c.width, 1)
		var got []int
		for _, run := range lines[0].runs {
			got = append(got, run.Runes.Offset)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q stands as %v, not %v", c.text, got, c.want)
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		wanted []float64
		total  float64
		want   []float64
	}{
		{[]float64{10, 20}, 100, []float64{10, 20}},
		{[]float64{10, 200}, 100, []float64{10, 90}},
		{[]float64{200, 200}, 100, []float64{50, 50}},
		{[]float64{10, 40, 300}, 100, []float64{10, 40, 50}},
		{[]float64{0, 300}, 100, []float64{0.001, 100}},
	} {
		got := share(c.wanted, c.total)
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 0.01 {
				t.Errorf("share(%v, %v) = %v, not %v", c.wanted, c.total, got, c.want)
				break
			}
		}
	}
}

func TestColours(t *testing.T) {
	for text, want := range map[string]color.NRGBA{
		"rgb(1,2,3)": {1, 2, 3, 255}, " rgb( 10 , 20 , 30 ) ": {10, 20, 30, 255}, "#102030": {16, 32, 48, 255}, "#123": {17, 34, 51, 255}, "rgb(999,0,0)": {255, 0, 0, 255},
	} {
		if got, ok := parseColour(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "red", "#12", "#1234567", "#gggggg", "rgb(1,2)", "123456"} {
		if got, ok := parseColour(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	for background, want := range map[string]color.NRGBA{"#000000": white, "#ffffff": black, "": black} {
		var c content
		if c.colours(object{"backgroundColor": background}); c.foreground != want {
			t.Errorf("text on %q is %v", background, c.foreground)
		}
	}
}

// The image of the language and of the right size is drawn.
func TestImageVariants(t *testing.T) {
	one := func(n int) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, n, n))); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	f := files{"logo.png": one(10), "logo@2x.png": one(21), "logo@3x.png": one(32), "de.lproj/logo@2x.png": one(40), "strip@3x.png": one(50)}
	for _, c := range []struct {
		name, lang string
		scale      int
		want       int
	}{
		{"logo", "en", 1, 10}, {"logo", "en", 2, 21}, {"logo", "en", 3, 32},
		{"logo", "de-CH", 3, 40}, {"logo", "de_AT", 1, 40}, {"strip", "en", 1, 50},
	} {
		p, err := f.image(c.name, c.lang, c.scale)
		if err != nil || p == nil || p.Bounds().Dx() != c.want {
			t.Errorf("%+v: %v, %v", c, p, err)
		}
	}
	if p, err := f.image("thumbnail", "en", 2); p != nil || err != nil {
		t.Errorf("a missing image is %v, %v", p, err)
	}
}

// A back with too much ends with …, and no text is taken whole that nobody reads.
func TestLongBack(t *testing.T) {
	letters, err := newTypesetter("en")
	if err != nil {
		t.Fatal(err)
	}
	d := &drawing{letters: letters, content: &content{back: slices.Repeat([]field{{label: "Label", value: "Value"}}, 100)}}
	entries, height := d.entries(500)
	if last := entries[len(entries)-1]; len(entries) > 12 || last.label != nil || height > 600 {
		t.Errorf("%d entries are %.0f points high", len(entries), height)
	}
	if entries, _ := d.entries(50_000); len(entries) != 100 {
		t.Errorf("%d entries of 100 are drawn", len(entries))
	}
	lines := letters.paragraphs(strings.Repeat("word ", 2000), backValue, 300)
	if last := lines[len(lines)-1]; last.runs == nil || len(lines) > 120 {
		t.Errorf("a text of 10,000 characters takes %d lines", len(lines))
	}
}
