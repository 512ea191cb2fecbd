package barcodes

import (
	"errors"
	"fmt"
	"image"
	"image/color"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// ErrNoDecoder says that nothing here reads the format: PDF417.
var ErrNoDecoder = errors.New("there is no decoder for this barcode")

// Verify draws a barcode and reads it again, as a scanner would.
func Verify(format, message, charset string) error {
	m, err := Draw(format, message, charset)
	if err != nil {
		return err
	}
	text, err := Decode(format, enlarged(m), charset)
	if err != nil {
		return err
	}
	if text != message {
		return fmt.Errorf("a scanner reads %q", short(text))
	}
	return nil
}

// Decode reads a picture of a barcode.
func Decode(format string, m image.Image, charset string) (string, error) {
	reader := readerOf(format)
	if reader == nil {
		return "", ErrNoDecoder
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(m)
	if err != nil {
		return "", err
	}
	// ISO 8859-1 hands the bytes through as they are.
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1", gozxing.DecodeHintType_TRY_HARDER: true}
	result, err := reader.Decode(bitmap, hints)
	if err != nil {
		// The reader looks for a code that may be tilted, and now and then is
		// led astray by one that is not.
		hints[gozxing.DecodeHintType_PURE_BARCODE] = true
		result, err = reader.Decode(bitmap, hints)
	}
	if err != nil {
		return "", fmt.Errorf("no scanner reads it: %w", err)
	}
	if _, isAztec := reader.(*aztec.AztecReader); isAztec {
		return result.GetText(), nil
	}
	raw, err := encoded(result.GetText(), "iso-8859-1")
	if err != nil {
		return result.GetText(), nil
	}
	return decoded(raw, charset)
}

func readerOf(format string) gozxing.Reader {
	switch format {
	case "PKBarcodeFormatQR":
		return qrcode.NewQRCodeReader()
	case "PKBarcodeFormatAztec":
		return aztec.NewAztecReader()
	case "PKBarcodeFormatCode128":
		return oned.NewCode128Reader()
	case "PKBarcodeFormatCode39":
		return oned.NewCode39Reader()
	case "PKBarcodeFormatCodabar":
		return oned.NewCodaBarReader()
	case "PKBarcodeFormatEAN13":
		return oned.NewEAN13Reader()
	case "PKBarcodeFormatI2of5":
		return oned.NewITFReader()
	}
	return nil
}

// module is how many pixels a module has when it is read, quiet is the white
// around in modules, and barHeight is that of bars in pixels.
const (
	module    = 4
	quiet     = 10
	barHeight = 60
)

// enlarged is a barcode as a screen shows it.
func enlarged(m image.Image) image.Image {
	b := m.Bounds()
	h := b.Dy() * module
	if b.Dy() == 1 {
		h = barHeight
	}
	out := image.NewGray(image.Rect(0, 0, (b.Dx()+2*quiet)*module, h+2*quiet*module))
	for i := range out.Pix {
		out.Pix[i] = 0xff
	}
	for y := range h {
		for x := range b.Dx() * module {
			row := y / module
			if b.Dy() == 1 {
				row = 0
			}
			if r, _, _, _ := m.At(b.Min.X+x/module, b.Min.Y+row).RGBA(); r < 0x8000 {
				out.SetGray(x+quiet*module, y+quiet*module, color.Gray{})
			}
		}
	}
	return out
}
