package api

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// reader reads the fields of a request, and remembers the first that is wrong.
type reader struct {
	given map[string]any
	// at is where the fields stand: "", or "primaryFields[0]."
	at   string
	read map[string]bool
	// below are those of its lists.
	below []*reader
	err   error
}

func newReader(given map[string]any) *reader { return &reader{given: given, read: map[string]bool{}} }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// value is a field, nil where it is absent or null.
func (r *reader) value(name string) any {
	r.read[name] = true
	return r.given[name]
}

// text is a field of at most so many UTF-16 code units, which is what JavaScript
// counts. Numbers are taken as they are written.
func (r *reader) text(name string, most int) string {
	var s string
	switch v := r.value(name).(type) {
	case nil:
	case string:
		s = v
	case int:
		s = strconv.Itoa(v)
	case float64:
		if math.Abs(v) >= maxExact {
			r.fail("%s%s has too many digits for a number; send it as a string", r.at, name)
		}
		s = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		r.fail("%s%s must be a string", r.at, name)
	}
	if len(utf16.Encode([]rune(s))) > most {
		r.fail("%s%s must be %d characters or less", r.at, name, most)
	}
	return s
}

// maxExact is the number from which on not every whole one is a float64.
const maxExact = 1 << 53

// choice is a field that has one of a few values.
func (r *reader) choice(name string, options ...string) string {
	s := r.text(name, math.MaxInt)
	if s != "" && !slices.Contains(options, s) {
		r.fail("%s%s must be one of: %s", r.at, name, strings.Join(options, ", "))
	}
	return s
}

// number is a field between two numbers. given is false where it is absent.
func (r *reader) number(name string, least, most float64) (n float64, given bool) {
	switch v := r.value(name).(type) {
	case nil:
		return 0, false
	case int:
		n = float64(v)
	case float64:
		n = v
	default:
		r.fail("%s%s must be a number", r.at, name)
		return 0, false
	}
	if n < least || n > most {
		r.fail("%s%s must be between %v and %v", r.at, name, least, most)
	}
	return n, true
}

// flag is a field that is true or false.
func (r *reader) flag(name string, byDefault bool) bool {
	switch v := r.value(name).(type) {
	case nil:
		return byDefault
	case bool:
		return v
	}
	r.fail("%s%s must be true or false", r.at, name)
	return byDefault
}

// list is a field that holds objects.
func (r *reader) list(name string, most int) []*reader {
	v := r.value(name)
	if v == nil {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		r.fail("%s must be an array", name)
		return nil
	}
	if len(items) > most {
		r.fail("%s must have %d items or less", name, most)
	}
	var out []*reader
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			r.fail("%s[%d] must be an object", name, i)
			continue
		}
		one := newReader(m)
		one.at = fmt.Sprintf("%s[%d].", name, i)
		out = append(out, one)
	}
	r.below = append(r.below, out...)
	return out
}

// unread are the fields that nobody asked for.
func (r *reader) unread() []string {
	out := slices.DeleteFunc(slices.Sorted(maps.Keys(r.given)), func(name string) bool { return r.read[name] })
	for _, one := range r.below {
		for _, name := range one.unread() {
			out = append(out, one.at+name)
		}
	}
	return out
}

const (
	maxFields    = 10
	maxLabel     = 64
	maxValue     = 256
	maxMessage   = 128
	maxBarcode   = 512
	maxTitle     = 64
	maxCardLabel = 32
	maxAbout     = 128
	maxDays      = 3650
)

// fields is a group of a pass's fields, as PassKit has them. Their keys go by
// their places: whoever updates a pass keeps the order.
func (r *reader) fields(name string) []any {
	var out []any
	for i, f := range r.list(name, maxFields) {
		field := map[string]any{"key": strings.TrimSuffix(name, "Fields") + "-" + strconv.Itoa(i+1)}
		if label := f.text("label", maxLabel); label != "" {
			field["label"] = label
		}
		if f.value("value") == nil {
			f.fail("%svalue is required", f.at)
		}
		field["value"] = f.text("value", maxValue)
		if message := f.text("changeMessage", maxMessage); message != "" {
			field["changeMessage"] = message
		}
		if f.err != nil {
			r.fail("%w", f.err)
		}
		out = append(out, field)
	}
	return out
}

// locations are places at which the pass shows on the lock screen.
func (r *reader) locations() any {
	var out []any
	for _, l := range r.list("locations", maxFields) {
		location := map[string]any{}
		for _, c := range []struct {
			name string
			most float64
		}{{"latitude", 90}, {"longitude", 180}} {
			n, given := l.number(c.name, -c.most, c.most)
			if !given {
				l.fail("%s%s is required", l.at, c.name)
			}
			location[c.name] = n
		}
		if n, given := l.number("altitude", -1e6, 1e6); given {
			location["altitude"] = n
		}
		if text := l.text("relevantText", maxMessage); text != "" {
			location["relevantText"] = text
		}
		if l.err != nil {
			r.fail("%w", l.err)
		}
		out = append(out, location)
	}
	if out == nil {
		return nil
	}
	return out
}

var hexColour = regexp.MustCompile(`^#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})$`)

// colours are the pass's: of a preset, or such as are readable on a ground.
func (r *reader) colours() preset {
	names := []string{"dark", "blue", "green", "red", "purple", "orange"}
	name := r.choice("colorPreset", names...)
	text := r.text("color", math.MaxInt)
	if text == "" {
		if name == "" {
			name = names[0]
		}
		return presets[name]
	}
	m := hexColour.FindStringSubmatch(text)
	if m == nil {
		r.fail("color must be a hex color such as #1e40af")
		return preset{}
	}
	var c [3]uint8
	for i, digits := range m[1:] {
		n, _ := strconv.ParseUint(digits, 16, 8) // the pattern says so
		c[i] = uint8(n)
	}
	return on(c[0], c[1], c[2])
}

var barcodeFormats = map[string]string{
	"QR": "PKBarcodeFormatQR", "PDF417": "PKBarcodeFormatPDF417", "Aztec": "PKBarcodeFormatAztec", "Code128": "PKBarcodeFormatCode128",
}

// barcodes is the pass's one code, or nil.
func (r *reader) barcodes() any {
	message := r.text("barcodeValue", maxBarcode)
	format := r.choice("barcodeFormat", "QR", "PDF417", "Aztec", "Code128")
	alt := r.text("barcodeAltText", maxLabel)
	switch {
	case message == "" && format == "":
		return nil
	case message == "":
		r.fail("barcodeValue is required with barcodeFormat")
	case format == "":
		r.fail("barcodeFormat is required with barcodeValue; it must be one of: QR, PDF417, Aztec, Code128")
	}
	code := map[string]any{"message": message, "format": barcodeFormats[format]}
	if alt == "" && len(message) <= maxSpoken && spoken.MatchString(message) {
		alt = message // for whoever has to type it
	}
	if alt != "" {
		code["altText"] = alt
	}
	return []any{code}
}

// maxSpoken is the longest barcode that stands below its picture as well, in
// bytes, and spoken what such a one is made of.
const maxSpoken = 24

var spoken = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
