package images

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// Version changes when Scale makes other bytes of the same image.
const Version = "1"

// Scale makes the variants that a style wants of one image, as PNG, by scale.
// An image of another shape is cropped around its middle where the kind fills a
// place, and fits into it where the kind has a box. What the image is too small
// for is left out, but for @1x. The same image gives the same bytes.
func Scale(src []byte, k Kind, style string) (map[int][]byte, error) {
	m, err := decode(src)
	if err != nil {
		return nil, err
	}
	out := map[int][]byte{}
	for scale := 1; scale <= 3; scale++ {
		crop, size := fit(m.Bounds(), k.Size(style), scale)
		if scale > 1 && (size.X > crop.Dx() || size.Y > crop.Dy()) {
			break
		}
		if out[scale], err = resized(m, crop, size); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fit is the part of the image that is shown, and how many pixels it gets.
func fit(b image.Rectangle, s Size, scale int) (crop image.Rectangle, size image.Point) {
	w, h := float64(b.Dx()), float64(b.Dy())
	switch {
	case s == Size{}: // any size will do: the image is taken for @3x
		return b, image.Pt(max(b.Dx()*scale/3, 1), max(b.Dy()*scale/3, 1))
	case s.AtMost:
		f := min(float64(s.Width*scale)/w, float64(s.Height*scale)/h)
		if scale == 1 {
			f = min(f, 1)
		}
		return b, image.Pt(max(int(math.Round(w*f)), 1), max(int(math.Round(h*f)), 1))
	}
	f := max(float64(s.Width)/w, float64(s.Height)/h)
	cw, ch := min(int(math.Round(float64(s.Width)/f)), b.Dx()), min(int(math.Round(float64(s.Height)/f)), b.Dy())
	at := b.Min.Add(image.Pt((b.Dx()-cw)/2, (b.Dy()-ch)/2))
	return image.Rectangle{at, at.Add(image.Pt(cw, ch))}, image.Pt(s.Width*scale, s.Height*scale)
}

func resized(m image.Image, crop image.Rectangle, size image.Point) ([]byte, error) {
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(dst, dst.Bounds(), m, crop, draw.Src, nil)
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, dst)
	return b.Bytes(), err
}

// decode reads an image whose header has been found good, upright.
func decode(b []byte) (image.Image, error) {
	info, err := Inspect(b)
	if err != nil {
		return nil, err
	}
	if info.Crushed {
		return nil, errors.New("is a PNG that Xcode has rewritten for apps; use the original")
	}
	r := bytes.NewReader(b)
	var m image.Image
	switch info.Format {
	case "png":
		m, err = png.Decode(r)
	case "jpeg":
		if m, err = jpeg.Decode(r); err == nil {
			m = upright(m, orientation(b))
		}
	default:
		m, err = webp.Decode(r)
	}
	if err != nil {
		return nil, fmt.Errorf("is a broken %s: %w", info.Format, err)
	}
	return m, nil
}
