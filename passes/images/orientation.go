package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// orientation is what a JPEG's Exif says about how the camera was held: 1 to 8,
// and 1 where it says nothing.
// https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf, section 4.6.4
func orientation(b []byte) int {
	const app1, scan = 0xe1, 0xda
	for i := 2; i+4 <= len(b) && b[i] == 0xff && b[i+1] != scan; {
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		end := i + 2 + n
		if n < 2 || end > len(b) {
			return 1
		}
		if content, is := bytes.CutPrefix(b[i+4:end], []byte("Exif\x00\x00")); is && b[i+1] == app1 {
			return fromTIFF(content)
		}
		i = end
	}
	return 1
}

// fromTIFF reads the tag from the first directory.
func fromTIFF(b []byte) int {
	const tag, entry = 0x0112, 12
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(b, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(b) < 8 {
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	n := uint64(order.Uint16(b[at:]))
	for i := range n {
		e := at + 2 + i*entry
		if e+entry > uint64(len(b)) {
			return 1
		}
		if order.Uint16(b[e:]) != tag {
			continue
		}
		if v := int(order.Uint16(b[e+8:])); v >= 1 && v <= 8 {
			return v
		}
	}
	return 1
}

// turned is an image as the camera saw it.
type turned struct {
	image.Image
	how int
}

func upright(m image.Image, how int) image.Image {
	if how == 1 {
		return m
	}
	return turned{m, how}
}

// Bounds has its sides swapped where the camera was held upright.
func (t turned) Bounds() image.Rectangle {
	b := t.Image.Bounds()
	if t.how >= 5 {
		return image.Rect(0, 0, b.Dy(), b.Dx())
	}
	return image.Rect(0, 0, b.Dx(), b.Dy())
}

// At is the pixel that stands there.
func (t turned) At(x, y int) color.Color {
	b := t.Image.Bounds()
	w, h := b.Dx()-1, b.Dy()-1
	switch t.how {
	case 2:
		x = w - x
	case 3:
		x, y = w-x, h-y
	case 4:
		y = h - y
	case 5:
		x, y = y, x
	case 6:
		x, y = y, h-x
	case 7:
		x, y = w-y, h-x
	case 8:
		x, y = w-y, x
	}
	return t.Image.At(b.Min.X+x, b.Min.Y+y)
}
