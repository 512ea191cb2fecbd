package preview

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"slices"
)

// content is what of a pass.json is drawn.
type content struct {
	style, transit                                                string
	header, primary, secondary, auxiliary, back, footer, moreInfo []field
	background, foreground, label                                 color.NRGBA
	logoText, organization, description                           string
	barcode                                                       *barcode
	voided                                                        bool
}

// field is one field with its texts as they are drawn.
type field struct {
	label, value string
	align        alignment
	// row is 1 for an event ticket's second row of auxiliary fields.
	row int
	// link is where a tap on the field would lead to something.
	link bool
}

// barcode is one entry of barcodes.
type barcode struct{ format, message, encoding, alt string }

type alignment int

// Where a text stands in its column; natural is where its script begins.
const (
	natural alignment = iota
	left
	centre
	right
)

var alignments = map[string]alignment{
	"PKTextAlignmentLeft": left, "PKTextAlignmentCenter": centre, "PKTextAlignmentRight": right,
}

// passStyles are the keys that hold the fields. A poster beside a generic pass
// is what new phones draw, so it comes first.
// https://developer.apple.com/documentation/walletpasses/pass
var passStyles = []string{"posterGeneric", "boardingPass", "coupon", "eventTicket", "storeCard", "generic"}

var errNoStyle = errors.New("pass.json has no style; it needs one of boardingPass, coupon, eventTicket, generic, posterGeneric, storeCard")

// object is a JSON object, read without complaint: what has another type than
// it should is missing.
type object map[string]any

func (o object) text(key string) string { s, _ := o[key].(string); return s }

func (o object) object(key string) object { m, _ := o[key].(map[string]any); return m }

// objects are the objects in the list at key.
func (o object) objects(key string) []object {
	list, _ := o[key].([]any)
	var out []object
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// read takes from a pass.json what is drawn.
func read(passJSON []byte, f formatter) (*content, error) {
	d := json.NewDecoder(bytes.NewReader(passJSON))
	d.UseNumber()
	var pass object
	if err := d.Decode(&pass); err != nil {
		return nil, fmt.Errorf("pass.json cannot be read: %w", err)
	}
	i := slices.IndexFunc(passStyles, func(s string) bool { return pass.object(s) != nil })
	if i < 0 {
		return nil, errNoStyle
	}
	c := &content{
		style: passStyles[i], barcode: readBarcode(pass),
		logoText: f.localized(pass.text("logoText")), organization: f.localized(pass.text("organizationName")), description: f.localized(pass.text("description")),
	}
	c.voided, _ = pass["voided"].(bool)
	c.colours(pass)
	fields := pass.object(c.style)
	c.transit = fields.text("transitType")
	for key, to := range map[string]*[]field{
		"headerFields": &c.header, "primaryFields": &c.primary, "secondaryFields": &c.secondary, "auxiliaryFields": &c.auxiliary,
		"backFields": &c.back, "footerFields": &c.footer, "additionalInfoFields": &c.moreInfo,
	} {
		for _, o := range fields.objects(key) {
			if field := f.field(o); field.value != "" || field.label != "" {
				*to = append(*to, field)
			}
		}
	}
	c.posterEvent(pass, f)
	return c, nil
}

// readBarcode is the first barcode, or the one of iOS 8.
func readBarcode(pass object) *barcode {
	for _, o := range append(pass.objects("barcodes"), pass.object("barcode")) {
		if o.text("message") != "" {
			return &barcode{o.text("format"), o.text("message"), o.text("messageEncoding"), o.text("altText")}
		}
	}
	return nil
}
