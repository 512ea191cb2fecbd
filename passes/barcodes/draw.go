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

// pdf417Repair is the error correction level of PDF417.
const pdf417Repair = 3

func draw(format, raw string) (m barcode.Barcode, err error) {
	switch format {
	case "PKBarcodeFormatQR":
		if strings.Trim(raw, "0123456789") == "" {
			return qr.Encode(raw, qr.M, qr.Numeric)
		}
		return qr.Encode(raw, qr.M, qr.Unicode) // the bytes as they are
	case "PKBarcodeFormatPDF417":
		return pdf417.Encode(raw, pdf417Repair)
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
