package passes

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/problems"
)

const passFile = "pass.json"

// styles are the classic styles of PassKit.
// https://developer.apple.com/documentation/walletpasses/pass
var styles = []string{"boardingPass", "coupon", "eventTicket", "generic", "storeCard"}

// groups are the field groups of a style, in the order of the front, then the
// back.
var groups = []string{"headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields"}

// frontGroups is how many of the groups the front shows.
const frontGroups = 4

// owned are the keys that passhook fills in.
var owned = []string{"formatVersion", "teamIdentifier", "serialNumber", "authenticationToken", "webServiceURL", "voided"}

var transitTypes = []string{"PKTransitTypeAir", "PKTransitTypeBoat", "PKTransitTypeBus", "PKTransitTypeGeneric", "PKTransitTypeTrain"}

var barcodeFormats = []string{"PKBarcodeFormatQR", "PKBarcodeFormatPDF417", "PKBarcodeFormatAztec", "PKBarcodeFormatCode128"}

var colours = []string{"backgroundColor", "foregroundColor", "labelColor"}

const noColour = "is no colour; write it as rgb(23, 42, 70) or #172a46"

// required are texts that Wallet refuses a pass without.
var required = []string{"description", "organizationName"}

// passJSON reads, checks and compiles pass.json.
func (l *templateLoader) passJSON() {
	b, err := fs.ReadFile(l.fsys, passFile)
	if err != nil {
		l.in(passFile, problems.Problem{Text: fmt.Sprintf("cannot be read: %v", reason(err))})
		return
	}
	v, err := expressions.DecodeJSON(b)
	if err != nil {
		line, column := jsonPosition(b, err)
		l.in(passFile, problems.Problem{Line: line, Column: column, Text: err.Error()})
		return
	}
	pass, ok := v.(map[string]any)
	if !ok {
		l.in(passFile, problems.Problem{Line: 1, Column: 1, Text: "must be an object: { … }"})
		return
	}
	c := passChecker{pass: pass}
	l.template.style = c.check()
	for _, key := range owned {
		if _, given := pass[key]; given {
			c.found = append(c.found, problems.Warn(key, "is filled in by passhook; what stands here is not used"))
			delete(pass, key)
		}
	}
	l.template.PassType, _ = pass["passTypeIdentifier"].(string)
	delete(pass, "passTypeIdentifier")
	tree, found := l.scope().CompileTree(pass)
	l.template.tree = tree
	places := positions(b)
	for _, p := range append(c.found, found...) {
		l.in(passFile, places.place(p))
	}
}

// passChecker looks at pass.json before anything is filled in.
type passChecker struct {
	pass  map[string]any
	found problems.List
}

func (c *passChecker) problem(path, format string, args ...any) {
	c.found = append(c.found, problems.At(path, format, args...))
}

func (c *passChecker) check() (style string) {
	for _, key := range required {
		if s, _ := c.pass[key].(string); strings.TrimSpace(s) == "" {
			c.problem(key, "is missing; Wallet refuses a pass without it")
		}
	}
	if v, given := c.pass["passTypeIdentifier"]; given {
		if s, _ := v.(string); !strings.HasPrefix(s, "pass.") || strings.Contains(s, "${{") {
			c.problem("passTypeIdentifier", "must be text that begins with pass., as the certificate names it")
		}
	}
	var given []string
	for _, s := range styles {
		if _, ok := c.pass[s]; ok {
			given = append(given, s)
		}
	}
	switch len(given) {
	case 1:
		c.style(given[0])
	case 0:
		c.problem("", "has no style; add one of %s", strings.Join(styles, ", "))
	default:
		c.problem(given[1], "is a second style; a pass has one, and %s is there", given[0])
	}
	c.barcodes()
	for _, key := range colours {
		v, given := c.pass[key]
		s, _ := v.(string)
		if !given || strings.Contains(s, "${{") {
			continue
		}
		if rgb, ok := colour(s); ok {
			c.pass[key] = rgb
		} else {
			c.problem(key, "%s", noColour)
		}
	}
	if len(given) == 0 {
		return ""
	}
	return given[0]
}

func (c *passChecker) style(style string) {
	fields, ok := c.pass[style].(map[string]any)
	if !ok {
		c.problem(style, "must be an object with field groups, as {\"primaryFields\": []}")
		return
	}
	transit, hasTransit := fields["transitType"]
	if s, _ := transit.(string); style == "boardingPass" && !slices.Contains(transitTypes, s) && !strings.Contains(s, "${{") {
		c.problem(style+".transitType", "must be one of %s", strings.Join(transitTypes, ", "))
	}
	if style != "boardingPass" && hasTransit {
		c.problem(style+".transitType", "belongs to boardingPass only")
	}
	known := append(slices.Clone(groups), "transitType", "additionalInfoFields")
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, key) {
			c.problem(style+"."+key, "is no field group; there is %s", strings.Join(groups, ", "))
		}
	}
	seen := map[string]string{}
	for _, group := range append(slices.Clone(groups), "additionalInfoFields") {
		if v, given := fields[group]; given {
			c.group(style+"."+group, v, seen)
		}
	}
}

// group checks one group of fields; keys are unique over all groups.
func (c *passChecker) group(path string, v any, seen map[string]string) {
	list, ok := v.([]any)
	if !ok {
		c.problem(path, "must be a list of fields")
		return
	}
	for i, v := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		field, ok := v.(map[string]any)
		if !ok {
			c.problem(at, "must be a field, as {\"key\": \"seat\", \"label\": \"Seat\", \"value\": \"A1\"}")
			continue
		}
		key, _ := field["key"].(string)
		if key == "" {
			c.problem(at, "has no key; every field needs one of its own")
		}
		if other := seen[key]; key != "" && other != "" {
			c.problem(at+".key", "%s is the key of %s too; Wallet refuses a pass with a key twice", key, other)
		}
		seen[key] = at
		if _, ok := field["value"]; !ok {
			c.problem(at, "has no value")
		}
	}
}

func (c *passChecker) barcodes() {
	if old, given := c.pass["barcode"]; given {
		c.barcode("barcode", old)
		if _, ok := c.pass["barcodes"]; !ok {
			c.found = append(c.found, problems.Warn("barcode", "is deprecated since iOS 9; write barcodes, a list"))
		}
	}
	v, given := c.pass["barcodes"]
	if !given {
		return
	}
	list, ok := v.([]any)
	if !ok {
		c.problem("barcodes", "must be a list")
		return
	}
	for i, v := range list {
		c.barcode(fmt.Sprintf("barcodes[%d]", i), v)
	}
}

func (c *passChecker) barcode(at string, v any) {
	code, _ := v.(map[string]any)
	format, _ := code["format"].(string)
	if !slices.Contains(barcodeFormats, format) && !strings.Contains(format, "${{") {
		c.problem(at+".format", "is no format; there is %s", strings.Join(barcodeFormats, ", "))
	}
	if message, ok := code["message"]; !ok || message == "" {
		c.problem(at, "has no message; write what the scanner reads, as ${{ serial }}")
	}
}

var (
	hexColour = regexp.MustCompile(`^#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})$`)
	rgbColour = regexp.MustCompile(`^rgb\( *(\d{1,3}) *, *(\d{1,3}) *, *(\d{1,3}) *\)$`)
)

// colour is a colour as Wallet wants it.
func colour(s string) (string, bool) {
	base, m := 16, hexColour.FindStringSubmatch(s)
	if m == nil {
		base, m = 10, rgbColour.FindStringSubmatch(s)
	}
	if m == nil {
		return "", false
	}
	var rgb [3]uint64
	for i, digits := range m[1:] {
		var err error
		if rgb[i], err = strconv.ParseUint(digits, base, 8); err != nil {
			return "", false
		}
	}
	return fmt.Sprintf("rgb(%d, %d, %d)", rgb[0], rgb[1], rgb[2]), true
}
