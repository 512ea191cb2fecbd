package barcodes

import (
	"fmt"
	"strings"

	"github.com/passhook/passhook/problems"
)

const drawsNothing = "Wallet draws no barcode, or one that no scanner reads"

// Check looks at what one barcode holds. Paths are those within the barcode:
// message, messageEncoding.
func Check(format, message, charset string) problems.List {
	f, ok := Lookup(format)
	if !ok || message == "" {
		return nil // the schema reports it
	}
	var found problems.List
	add := func(severity problems.Severity, rule, path, text, effect, fix string) {
		found = append(found, problems.Problem{Severity: severity,
			Rule: rule, Path: path, Text: text, Effect: effect, Fix: fix})
	}
	raw, err := encoded(message, charset)
	if err != nil {
		add(problems.Error, "barcode-encoding", "messageEncoding", "the message "+err.Error(),
			drawsNothing, "write utf-8, and see that your scanner reads it")
		return found
	}
	switch {
	case f.form != nil && !f.form.MatchString(message):
		add(problems.Error, "barcode-characters", "message",
			fmt.Sprintf("%q does not fit into %s, which holds %s", short(message), f.Name, f.says),
			drawsNothing, fix(f, message))
	case f.ID == "PKBarcodeFormatEAN13" && checkDigit(message) != message[12]:
		digit := checkDigit(message)
		add(problems.Error, "barcode-check-digit", "message",
			fmt.Sprintf("%s ends in %c, and the check digit of the others is %c", message, message[12], digit),
			drawsNothing, "write "+message[:12]+string(digit))
	case len(raw) > f.most:
		add(problems.Error, "barcode-length", "message",
			fmt.Sprintf("has %d bytes, and %s holds about %d", len(raw), f.Name, f.most),
			drawsNothing, "write something shorter, such as the serial number")
	case len(raw) > f.dense:
		add(problems.Warning, "barcode-dense", "message",
			fmt.Sprintf("has %d bytes, and from %d on %s is too fine for a phone's screen", len(raw), f.dense+1, f.Name),
			"scanners at the door are slow or fail", "write something shorter, such as the serial number")
	}
	return found
}

func fix(f Format, message string) string {
	switch f.ID {
	case "PKBarcodeFormatEAN13":
		if len(message) == 12 && strings.Trim(message, "0123456789") == "" {
			return "write " + message + string(checkDigit(message))
		}
	case "PKBarcodeFormatCode39":
		if up := strings.ToUpper(message); f.form.MatchString(up) {
			return "write " + up
		}
	case "PKBarcodeFormatI2of5":
		if f.form.MatchString("0" + message) {
			return "write 0" + message
		}
	}
	return "write what fits, or choose PKBarcodeFormatQR"
}

func short(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}
