package barcodes

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/aztec"
	"github.com/boombuler/barcode/codabar"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/code39"
	"github.com/boombuler/barcode/ean"
	"github.com/boombuler/barcode/pdf417"
	"github.com/boombuler/barcode/qr"
	"github.com/boombuler/barcode/twooffive"
)

// Draw draws a barcode with a pixel for each module, without the white around
// it. Formats with bars alone are one pixel high; a row of a PDF417 is three.
func Draw(format, message, charset string) (image.Image, error) {
	f, ok := Lookup(format)
	if !ok {
		return nil, fmt.Errorf("%s is no barcode format", format)
	}
	raw, err := encoded(message, charset)
	if err != nil {
		return nil, fmt.Errorf("the message %w", err)
	}
	if raw == "" || len(raw) > f.most || f.form != nil && !f.form.MatchString(message) {
		return nil, fmt.Errorf("the message does not fit into %s", f.Name)
	}
	m, err := draw(format, raw)
	if err != nil || format != "PKBarcodeFormatPDF417" {
		return m, err
	}
	return higher{m}, nil
}

// higher is a PDF417 whose rows are three modules high, as the standard wants
// them, and not two.
type higher struct{ image.Image }

// Bounds are half as high again.
func (h higher) Bounds() image.Rectangle {
	b := h.Image.Bounds()
	b.Max.Y = b.Min.Y + b.Dy()*3/2
	return b
}

// At is the module that stands there.
func (h higher) At(x, y int) color.Color {
	top := h.Image.Bounds().Min.Y
	return h.Image.At(x, top+(y-top)*2/3)
}

// aztecRepair is the share of an Aztec code that may be lost, in percent.
const aztecRepair = 23

// Error correction levels of PDF417 that are tried, the usual first.
const pdf417First, pdf417Last = 2, 6

// drawPDF417 picks the first level that gives a multiple of three rows. The
// encoder, v1.1.0, writes the number of rows wrongly into each third row unless
// it is one, and scanners that trust it read nothing.
func drawPDF417(raw string) (barcode.Barcode, error) {
	for level := byte(pdf417First); level <= pdf417Last; level++ {
		m, err := pdf417.Encode(raw, level)
		if err != nil {
			return nil, err
		}
		if m.Bounds().Dy()/pdf417Row%3 == 0 {
			return m, nil
		}
	}
	return pdf417.Encode(raw, pdf417First)
}

// pdf417Row is how high the encoder draws a row, in pixels.
const pdf417Row = 2

func draw(format, raw string) (m barcode.Barcode, err error) {
	switch format {
	case "PKBarcodeFormatQR":
		if strings.Trim(raw, "0123456789") == "" {
			return qr.Encode(raw, qr.M, qr.Numeric)
		}
		return qr.Encode(raw, qr.M, qr.Unicode) // the bytes as they are
	case "PKBarcodeFormatPDF417":
		return drawPDF417(raw)
	case "PKBarcodeFormatAztec":
		return aztec.Encode([]byte(raw), aztecRepair, 0)
	case "PKBarcodeFormatCode128":
		return code128.Encode(raw)
	case "PKBarcodeFormatCode39":
		return code39.Encode(raw, false, false)
	case "PKBarcodeFormatCodabar":
		if raw[0] < 'A' {
			raw = "A" + raw + "A"
		}
		return codabar.Encode(raw)
	case "PKBarcodeFormatEAN13":
		return ean.Encode(raw)
	case "PKBarcodeFormatI2of5":
		return twooffive.Encode(raw, true)
	}
	return nil, errors.New("this barcode cannot be drawn")
}
