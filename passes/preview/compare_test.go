package preview_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"runtime"
	"testing"
)

// compare wants the same picture, pixel by pixel. Processors other than the one
// that drew the golden pictures may round differently: they multiply and add at
// once.
func compare(t *testing.T, got *image.RGBA, wantPNG []byte) {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(wantPNG))
	if err != nil {
		t.Fatal(err)
	}
	want, ok := decoded.(*image.NRGBA)
	if !ok || got.Rect != want.Rect {
		t.Fatalf("the picture is %v, not %v", got.Rect, decoded.Bounds())
	}
	most := 0
	if runtime.GOARCH != "amd64" {
		most = 6
	}
	for i := 0; i < len(want.Pix); i += 4 {
		a, b := (*[4]uint8)(got.Pix[i:]), (*[4]uint8)(want.Pix[i:])
		if *a == *b { // opaque, or nothing
			continue
		}
		x, y := i/4%got.Rect.Dx(), i/4/got.Rect.Dx()
		c := color.NRGBAModel.Convert(got.RGBAAt(x, y)).(color.NRGBA)
		if c.A < 8 && b[3] < 8 {
			continue
		}
		if apart(c.R, b[0]) > most || apart(c.G, b[1]) > most || apart(c.B, b[2]) > most || apart(c.A, b[3]) > most {
			t.Fatalf("at %d, %d the picture is %v, not %v; look at it, and run go test -update when it is right", x, y, c, *b)
		}
	}
}

func apart(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }
