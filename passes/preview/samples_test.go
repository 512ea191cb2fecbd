package preview_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/passes/preview"
)

// sample reads testdata/samples/NAME.txtar: a pass.json, texts, and images,
// which are words: the painter and the size in points.
func sample(t testing.TB, name string) preview.Pass {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "samples", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	p := preview.Pass{Files: map[string][]byte{}}
	for _, line := range strings.Split(string(a.Comment), "\n") {
		if lang, ok := strings.CutPrefix(line, "language: "); ok {
			p.Language = lang
		}
	}
	for _, f := range a.Files {
		switch {
		case f.Name == "pass.json":
			p.JSON = f.Data
		case strings.HasSuffix(f.Name, ".png"):
			p.Files[strings.TrimSuffix(f.Name, ".png")+"@2x.png"] = painted(t, strings.TrimSpace(string(f.Data)))
		default:
			p.Files[f.Name] = f.Data
		}
	}
	return p
}

// painted is a painter's image, two pixels a point. It is kept in
// testdata/images, as painting takes long; -update paints what is missing.
func painted(t testing.TB, name string) []byte {
	t.Helper()
	file := filepath.Join("testdata", "images", strings.ReplaceAll(name, " ", "-")+".png")
	if _, err := os.Stat(file); err != nil && *update {
		p, ok := painters[name]
		if !ok {
			t.Fatalf("there is no painter %s", name)
		}
		write(t, file, p.png(t, 2))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sampleNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/samples/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".txtar")
	}
	return files
}

// painter makes an image of a sample, from a colour for each place; x and y
// run from 0 to 1.
type painter struct {
	w, h int // points
	at   func(x, y float64) color.NRGBA
}

func (p painter) png(t testing.TB, scale int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, p.w*scale, p.h*scale))
	const sub = 3
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			var sum [4]float64
			for i := range sub * sub {
				c := p.at((float64(x)+(float64(i%sub)+0.5)/sub)/float64(img.Rect.Dx()), (float64(y)+(float64(i/sub)+0.5)/sub)/float64(img.Rect.Dy()))
				a := float64(c.A)
				sum[0], sum[1], sum[2], sum[3] = sum[0]+float64(c.R)*a, sum[1]+float64(c.G)*a, sum[2]+float64(c.B)*a, sum[3]+a
			}
			if sum[3] > 0 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(sum[0] / sum[3]), uint8(sum[1] / sum[3]), uint8(sum[2] / sum[3]), uint8(sum[3] / sub / sub)})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hex(n uint32) color.NRGBA {
	return color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xff}
}

func blend(a, b color.NRGBA, k float64) color.NRGBA {
	k = min(max(k, 0), 1)
	f := func(a, b uint8) uint8 { return uint8(float64(a)*(1-k) + float64(b)*k) }
	return color.NRGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), f(a.A, b.A)}
}

// hills are bands of colour, the near ones darker, below a round sun.
func hills(ratio float64, sky, glow, sun, far, near color.NRGBA) func(x, y float64) color.NRGBA {
	return func(x, y float64) color.NRGBA {
		c := blend(sky, glow, y*1.25)
		if math.Hypot((x-0.7)*ratio, y-0.42) < 0.2 {
			c = sun
		}
		for i := range 4 {
			k := float64(i)
			edge := 0.56 + 0.12*k + 0.055*math.Sin(x*(5+2.3*k)+k*2.1) + 0.03*math.Sin(x*11+k*4)
			if y > edge {
				c = blend(far, near, k/3)
			}
		}
		return c
	}
}

// rings are waves around a point.
func rings(ratio, cx, cy float64, colours ...color.NRGBA) func(x, y float64) color.NRGBA {
	return func(x, y float64) color.NRGBA {
		d := math.Hypot((x-cx)*ratio, y-cy)
		return colours[int(d*7)%len(colours)]
	}
}

// badge is a mark of three petals; on a disc, or on all of the square.
func badge(disc bool, ground, mark color.NRGBA) func(x, y float64) color.NRGBA {
	return func(x, y float64) color.NRGBA {
		d := math.Hypot(x-0.5, y-0.5)
		if disc && d > 0.5 {
			return color.NRGBA{}
		}
		angle := math.Atan2(y-0.5, x-0.5)
		if d < 0.34*math.Abs(math.Cos(1.5*(angle+math.Pi/2))) && d > 0.06 {
			return mark
		}
		return ground
	}
}

// portrait is a head and shoulders.
func portrait(ground, figure color.NRGBA) func(x, y float64) color.NRGBA {
	return func(x, y float64) color.NRGBA {
		if math.Hypot(x-0.5, y-0.38) < 0.18 || math.Hypot((x-0.5)*0.9, y-1.02) < 0.36 {
			return figure
		}
		return blend(ground, color.NRGBA{0xff, 0xff, 0xff, 0xff}, 0.3*(1-y))
	}
}

var painters = map[string]painter{
	"badge green": {38, 38, badge(true, hex(0x2a6f4e), hex(0xf4f1e6))},
	"icon green":  {38, 38, badge(false, hex(0x2a6f4e), hex(0xf4f1e6))},
	"badge gold":  {38, 38, badge(true, hex(0xf2b84b), hex(0x23150a))},
	"icon gold":   {38, 38, badge(false, hex(0xf2b84b), hex(0x23150a))},
	"badge blue":  {38, 38, badge(true, hex(0x1d3557), hex(0xffffff))},
	"icon blue":   {38, 38, badge(false, hex(0x1d3557), hex(0xffffff))},
	"badge white": {38, 38, badge(true, hex(0xffffff), hex(0x1d3557))},
	"icon white":  {38, 38, badge(false, hex(0xffffff), hex(0x1d3557))},
	"evening":     {375, 98, hills(375.0/98, hex(0x2b2d6e), hex(0xf08a5d), hex(0xffd9a0), hex(0x7b3f73), hex(0x191536))},
	"coffee":      {375, 144, rings(375.0/144, 0.82, 0.55, hex(0x6b3f26), hex(0x77482c), hex(0x835233), hex(0x8f5c3b))},
	"garden":      {375, 144, hills(375.0/144, hex(0xbfe3d0), hex(0xe9f5db), hex(0xfff3b0), hex(0x95c69b), hex(0x2a6f4e))},
	"concert":     {180, 220, hills(0.8, hex(0x3a0ca3), hex(0xf72585), hex(0xff8fab), hex(0x7209b7), hex(0x10002b))},
	"museum":      {358, 448, hills(358.0/448, hex(0x24406b), hex(0xe58f7b), hex(0xffe6bd), hex(0x4f8a8b), hex(0x0b2027))},
	"ada":         {90, 90, portrait(hex(0x8ecae6), hex(0x264653))},
	"footer": {286, 15, func(x, y float64) color.NRGBA {
		if math.Mod(x*26, 1) < 0.4 && y > 0.3 && y < 0.7 {
			return hex(0x9fc1e8)
		}
		return color.NRGBA{}
	}},
}

// encoded is a picture as PNG.
func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := preview.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
