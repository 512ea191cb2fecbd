package images_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/images"
	"github.com/passhook/passhook/problems"
)

// picture is red on its left half and blue on its right.
func picture(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 255, A: 255}
			if x >= w/2 {
				c = color.RGBA{B: 255, A: 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func asPNG(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk is one chunk of a PNG.
func chunk(kind string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content))) //nolint:gosec // small
	b = append(append(b, kind...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func pngOf(w, h uint32, chunks ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 6, 0, 0, 0))...)
	return append(b, bytes.Join(chunks, nil)...)
}

func TestInspect(t *testing.T) {
	var animated bytes.Buffer
	if err := gif.Encode(&animated, picture(2, 2), nil); err != nil {
		t.Fatal(err)
	}
	var zeros bytes.Buffer
	z := zlib.NewWriter(&zeros)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	good := asPNG(t, 30, 20)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-20] ^= 1
	for _, tc := range []struct {
		name string
		in   []byte
		want string // the info, or a part of the error
	}{
		{"PNG", good, "{png 30 20 false}"},
		{"JPEG", asJPEG(t, 30, 20), "{jpeg 30 20 false}"},
		{"WebP", []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"), "{webp 1 1 false}"},
		{"Xcode's PNG", append([]byte("\x89PNG\r\n\x1a\n"), append(chunk("CgBI", make([]byte, 4)), pngOf(3, 3, chunk("IDAT", nil), chunk("IEND", nil))[8:]...)...), "{png 3 3 true}"},
		{"nothing", nil, "is empty"},
		{"an SVG", []byte("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "is an SVG; save it as PNG"},
		{"a GIF", animated.Bytes(), "is a GIF"},
		{"a PDF", []byte("%PDF-1.7"), "is a PDF"},
		{"a web page", []byte("<!DOCTYPE html><p>404"), "is a web page"},
		{"a HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "HEIC"},
		{"something else", []byte("hello, world"), "is no PNG, JPEG or WebP"},
		{"an animated PNG", pngOf(3, 3, chunk("acTL", make([]byte, 8)), chunk("IDAT", nil), chunk("IEND", nil)), "is an animated PNG"},
		{"an animated WebP", []byte("RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "is an animated WebP"},
		{"a PNG that was cut off", good[:len(good)-15], "cut off"},
		{"a PNG with a flipped bit", flipped, "checksum"},
		{"a PNG without a picture", pngOf(3, 3, chunk("IEND", nil)), "it has no picture"},
		{"a bomb by its header", pngOf(60000, 60000, chunk("IDAT", zeros.Bytes()), chunk("IEND", nil)), "has 60000 by 60000 pixels; the most is"},
		{"a bomb that overflows", pngOf(1<<30, 1<<30, chunk("IDAT", nil), chunk("IEND", nil)), "pixels; the most is"},
		{"too many bytes", make([]byte, images.MaxBytes+1), "bytes; the most is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			info, err := images.Inspect(tc.in)
			got := fmt.Sprint(info)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestScaleMakesWhatAStyleWants(t *testing.T) {
	for _, tc := range []struct {
		name        string
		in          []byte
		kind, style string
		want        string
	}{
		{"icon", asPNG(t, 1024, 1024), "icon", "generic", "38x38 76x76 114x114"},
		{"icon of another shape", asPNG(t, 600, 300), "icon", "generic", "38x38 76x76 114x114"},
		{"wide logo", asJPEG(t, 2000, 400), "logo", "coupon", "160x32 320x64 480x96"},
		{"high logo", asPNG(t, 300, 600), "logo", "coupon", "25x50 50x100 75x150"},
		{"strip of a store card", asPNG(t, 1500, 1000), "strip", "storeCard", "375x144 750x288 1125x432"},
		{"strip of an event ticket", asPNG(t, 1500, 1000), "strip", "eventTicket", "375x98 750x196 1125x294"},
		{"too small for all", asPNG(t, 100, 100), "thumbnail", "generic", "90x90"},
		{"too small for @3x", asPNG(t, 200, 200), "thumbnail", "generic", "90x90 180x180"},
		{"much too small", asPNG(t, 10, 10), "icon", "generic", "38x38"},
		{"any size", asPNG(t, 900, 600), "venueMap", "eventTicket", "300x200 600x400 900x600"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, _ := images.Lookup(tc.kind)
			got, err := images.Scale(tc.in, k, tc.style)
			if err != nil {
				t.Fatal(err)
			}
			var sizes []string
			for scale := 1; scale <= 3; scale++ {
				if b, ok := got[scale]; ok {
					m, err := png.Decode(bytes.NewReader(b))
					if err != nil {
						t.Fatal(err)
					}
					sizes = append(sizes, fmt.Sprintf("%dx%d", m.Bounds().Dx(), m.Bounds().Dy()))
					if r, _, _, _ := m.At(0, 0).RGBA(); r < 0xf000 {
						t.Errorf("@%dx begins with %v, want red", scale, m.At(0, 0))
					}
				}
			}
			if s := strings.Join(sizes, " "); s != tc.want {
				t.Errorf("got %s, want %s", s, tc.want)
			}
			again, err := images.Scale(tc.in, k, tc.style)
			if err != nil || !bytes.Equal(again[1], got[1]) {
				t.Errorf("made twice, it differs: %v", err)
			}
		})
	}
}

// A photo that says how the camera was held comes out upright: red is above
// where the camera was turned by a quarter.
func TestScaleKeepsPhotosUpright(t *testing.T) {
	b := asJPEG(t, 400, 400)
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00")
	app1 := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2)) //nolint:gosec // small
	turned := append(append(bytes.Clone(b[:2]), append(app1, exif...)...), b[2:]...)
	k, _ := images.Lookup("icon")
	got, err := images.Scale(turned, k, "generic")
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(got[1]))
	if err != nil {
		t.Fatal(err)
	}
	top, _, _, _ := m.At(19, 3).RGBA()
	bottom, _, _, _ := m.At(19, 34).RGBA()
	if top < 0xc000 || bottom > 0x4000 {
		t.Errorf("above is %v, below %v", m.At(19, 3), m.At(19, 34))
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]string{
		"icon.png": "icon 1 ", "logo@2x.png": "logo 2 ", "de.lproj/strip@3x.png": "strip 3 de", "icon.webp": "icon 1 ",
		"Icon.png": "-", "icon@4x.png": "-", "icon2x.png": "-", "a/b/icon.png": "-", "pass.json": "-",
	} {
		n, ok := images.ParseName(in)
		got := "-"
		if ok {
			got = fmt.Sprintf("%s %d %s", n.Kind.Name, n.Scale, n.Language)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestMeant(t *testing.T) {
	for in, want := range map[string]string{
		"background2x.png": "background@2x.png", "Icon.png": "icon.png", "logo.JPG": "logo.png", "de.lproj/Logo@2X.png": "de.lproj/logo@2x.png",
		"icon.png": "", "map.png": "", "readme.txt": "",
	} {
		if got := images.Meant(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		file  string
		in    []byte
		style string
		want  string
	}{
		{"icon.png", asPNG(t, 38, 38), "generic", ""},
		{"icon@2x.png", asPNG(t, 58, 58), "generic", ""},
		{"icon@3x.png", asPNG(t, 1024, 1024), "generic", ""},
		{"icon.png", asPNG(t, 38, 20), "generic", "icon.png: warning: has 38 by 20 pixels; Wallet crops or scales it; make it 38 by 38"},
		{"strip@2x.png", asPNG(t, 750, 288), "eventTicket", "strip@2x.png: warning: has 750 by 288 pixels; Wallet crops or scales it; make it 750 by 196"},
		{"strip@2x.png", asPNG(t, 750, 288), "storeCard", ""},
		{"logo@2x.png", asPNG(t, 400, 100), "coupon", "logo@2x.png: warning: has 400 by 100 pixels; Wallet crops or scales it; make it at most 320 by 100"},
		{"logo.png", asJPEG(t, 100, 50), "coupon", "logo.png: warning: is a JPEG with the name of a PNG; Wallet is made for PNG and may leave it out; save it as PNG"},
		{"icon.png", []byte("x"), "coupon", "icon.png: is no PNG, JPEG or WebP; an iPhone refuses a pass whose icon it cannot read; save it as PNG"},
	} {
		t.Run(tc.file+" "+tc.want, func(t *testing.T) {
			_, found, _ := images.Check(tc.file, tc.in, tc.style)
			if got := lines(found); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheckSet(t *testing.T) {
	for _, tc := range []struct {
		style string
		files string
		want  string
	}{
		{"generic", "icon.png icon@2x.png icon@3x.png", ""},
		{"generic", "icon.png", "icon-blurry"},
		{"generic", "icon@2x.png", "image-first"},
		{"generic", "logo@2x.png de.lproj/icon@2x.png", "icon-missing"},
		{"generic", "icon.png icon@2x.png strip@2x.png", "image-not-shown"},
		{"eventTicket", "icon.png icon@2x.png strip@2x.png background@2x.png", "image-excluded"},
	} {
		t.Run(tc.style+" "+tc.files, func(t *testing.T) {
			files := map[string]images.Info{}
			for name := range strings.FieldsSeq(tc.files) {
				files[name] = images.Info{Format: "png", Width: 1, Height: 1}
			}
			var rules []string
			for _, f := range images.CheckSet(files, tc.style) {
				rules = append(rules, f.Rule)
			}
			want := strings.Replace(tc.want, "icon-blurry", "image-blurry", 1)
			if got := strings.Join(rules, " "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func lines(found problems.List) string {
	var out []string
	for _, f := range found {
		out = append(out, f.String())
	}
	return strings.Join(out, "\n")
}

func FuzzInspect(f *testing.F) {
	f.Add(asPNG(f, 3, 3))
	f.Add(asJPEG(f, 3, 3))
	f.Add(pngOf(60000, 60000))
	k, _ := images.Lookup("strip")
	f.Fuzz(func(_ *testing.T, b []byte) {
		if info, err := images.Inspect(b); err == nil && info.Width*info.Height < 1<<16 {
			_, _ = images.Scale(b, k, "coupon")
		}
	})
}
