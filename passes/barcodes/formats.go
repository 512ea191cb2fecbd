// Package barcodes knows the eight barcodes of Wallet: which messages each can
// hold, how it is drawn, and whether a scanner reads what was drawn.
package barcodes

import (
	"regexp"
	"slices"
)

// Format is one kind of barcode.
type Format struct {
	// ID is its name in pass.json, as PKBarcodeFormatQR.
	ID string
	// Name is for people.
	Name string
	// Since is the first iOS that draws it; 0 is all.
	Since int
	// Bars is true for a format that has no rows.
	Bars bool

	// form is what a message looks like, and says is that in words.
	form *regexp.Regexp
	says string
	// most is what the format can hold, and dense is from where on a phone's
	// screen is too small for it; both in bytes.
	most, dense int
}

// formats follow Apple's list and the standards: ISO/IEC 18004 (QR), 15438
// (PDF417), 24778 (Aztec), 15417 (Code 128), 16388 (Code 39), 15420 (EAN), 16390
// (ITF), EN 798 (Codabar).
// https://developer.apple.com/documentation/walletpasses/pass/barcodes
var formats = []Format{
	{ID: "PKBarcodeFormatQR", Name: "QR", most: 2331, dense: 500},
	{ID: "PKBarcodeFormatPDF417", Name: "PDF417", most: 1100, dense: 500},
	{ID: "PKBarcodeFormatAztec", Name: "Aztec", most: 1900, dense: 500},
	{ID: "PKBarcodeFormatCode128", Name: "Code 128", Bars: true, form: regexp.MustCompile(`^[\x00-\x7f]+$`), says: "letters, digits and signs of ASCII", most: 80, dense: 32},
	{ID: "PKBarcodeFormatCode39", Name: "Code 39", Since: 27, Bars: true, form: regexp.MustCompile(`^[0-9A-Z\-. $/+%]+$`), says: "capital letters, digits and - . $ / + % and space", most: 43, dense: 16},
	{ID: "PKBarcodeFormatCodabar", Name: "Codabar", Since: 27, Bars: true, form: regexp.MustCompile(`^(?:[A-D][0-9\-$:/.+]+[A-D]|[0-9\-$:/.+]+)$`), says: "digits and - $ : / . + between two letters of A to D", most: 60, dense: 24},
	{ID: "PKBarcodeFormatEAN13", Name: "EAN-13", Since: 27, Bars: true, form: regexp.MustCompile(`^[0-9]{13}$`), says: "13 digits", most: 13, dense: 13},
	{ID: "PKBarcodeFormatI2of5", Name: "Interleaved 2 of 5", Since: 27, Bars: true, form: regexp.MustCompile(`^(?:[0-9]{2})+$`), says: "an even number of digits", most: 80, dense: 32},
}

// Lookup finds a format by its name in pass.json.
func Lookup(id string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.ID == id })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// checkDigit is the last digit of an EAN-13 whose first twelve are given.
func checkDigit(digits string) byte {
	sum := 0
	for i := range 12 {
		n := int(digits[i] - '0')
		if i%2 == 1 {
			n *= 3
		}
		sum += n
	}
	return '0' + byte((10-sum%10)%10)
}
