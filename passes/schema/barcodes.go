package schema

import "fmt"

// The iOS that are told apart.
const (
	oldest = 15
	newest = 27
	// before27 drew only the four classic barcodes.
	before27 = newest - 1
)

// drawnBarcode is the format that an iOS draws: the first it knows of barcodes,
// or else that of barcode. It is empty where there is none.
func drawnBarcode(pass map[string]any, version int) string {
	formats := known().enums["barcodeFormat"]
	for _, b := range objects(pass, "barcodes") {
		f, _ := text(b, "format")
		if since, ok := formats.since[f]; ok && since <= version {
			return f
		}
	}
	if f, _ := text(object(pass, "barcode"), "format"); known().enums["oldBarcodeFormat"].has(f) {
		return f
	}
	return ""
}

// checkBarcodeFallback wants a barcode that iOS 26 draws after one of iOS 27.
func checkBarcodeFallback(c *checker) {
	now := drawnBarcode(c.pass, newest)
	if now == "" || drawnBarcode(c.pass, before27) != "" {
		return
	}
	for _, b := range objects(c.pass, "barcodes") {
		if dynamic(b["format"]) {
			return
		}
	}
	c.warn("barcodes", now+" is new in iOS 27 and stands alone", "iOS 26 and older draw no barcode",
		"add one of the classic formats after it, as PKBarcodeFormatQR")
}

// checkBarcodeOrder finds formats of iOS 27 that stand behind a classic one.
func checkBarcodeOrder(c *checker) {
	classic := false
	for i, b := range objects(c.pass, "barcodes") {
		f, _ := text(b, "format")
		since, ok := c.enums["barcodeFormat"].since[f]
		if ok && since > before27 && classic {
			c.warn(fmt.Sprintf("barcodes[%d]", i), f+" stands behind a classic format",
				"no iPhone ever draws it", "put it first")
		}
		classic = classic || ok && since <= before27
	}
}
