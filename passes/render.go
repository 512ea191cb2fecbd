package passes

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes/barcodes"
	"github.com/passhook/passhook/passes/schema"
)

// Pass is what one pass has of its own.
type Pass struct {
	Serial string
	// AuthToken and WebServiceURL, "{url}/wallet", let phones ask for updates;
	// without a WebServiceURL both stay out.
	AuthToken, WebServiceURL string
	// Link is the address of the pass's page, the name link in templates.
	Link string
	// Inputs come from Check.
	Inputs map[string]any
	Voided bool
	// Pictures are files of this pass alone, by name; they take the place of the
	// template's.
	Pictures map[string][]byte
	// Updated is when the pass last changed. It is the signing time, and now in
	// templates, so that a pass that has not changed is the same package.
	Updated time.Time
}

// Rendered is a pass before it is packed.
type Rendered struct {
	// JSON is pass.json.
	JSON               []byte
	Title, Description string
	// Subject and Intro are for the mail; empty where the template has none.
	Subject, Intro string

	template *Template
	pass     map[string]any
}

// Fields are the front's fields in its order, for people.
func (r *Rendered) Fields() []Field { return r.template.front(r.pass) }

// Field is one field with its label.
type Field struct{ Label, Value string }

// Render fills the template in.
func (t *Template) Render(p Pass) (*Rendered, error) {
	vars := make(map[string]any, len(p.Inputs)+3)
	for _, in := range t.Inputs {
		vars[in.Name] = p.Inputs[in.Name]
	}
	vars["serial"], vars["link"], vars["now"] = p.Serial, p.Link, p.Updated
	v, err := t.tree.Eval(vars)
	if err != nil {
		return nil, fmt.Errorf("pass.json: %w", err)
	}
	pass, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("pass.json: is no object")
	}
	t.fillReserved(pass, p)
	if err := t.complete(pass); err != nil {
		return nil, fmt.Errorf("pass.json: %w", err)
	}
	r := &Rendered{template: t, pass: pass}
	r.Description, _ = pass["description"].(string)
	for _, text := range []struct {
		from *expressions.Text
		to   *string
		name string
	}{{t.title, &r.Title, "title"}, {t.subject, &r.Subject, "mail.subject"}, {t.intro, &r.Intro, "mail.intro"}} {
		if text.from == nil {
			continue
		}
		if *text.to, err = text.from.String(vars); err != nil {
			return nil, fmt.Errorf("template.yaml: %s: %w", text.name, err)
		}
	}
	if r.Title == "" {
		r.Title = r.Description
	}
	r.JSON, err = jsonv2.Marshal(&v, jsonv2.Deterministic(true)) // as any, twice as fast as its map
	return r, err
}

// fillReserved fills in the keys that passhook owns.
func (t *Template) fillReserved(pass map[string]any, p Pass) {
	pass["formatVersion"] = 1
	pass["serialNumber"] = p.Serial
	if c, err := t.Certificate(); err == nil {
		pass["passTypeIdentifier"], pass["teamIdentifier"] = c.PassType, c.Team
	}
	if p.WebServiceURL != "" {
		pass["webServiceURL"], pass["authenticationToken"] = p.WebServiceURL, p.AuthToken
	}
	if p.Voided {
		pass["voided"] = true
	}
}

// Err is what an iPhone would refuse the pass for, or nil: what the template
// could not know before its expressions had values.
func (r *Rendered) Err() error {
	list := schema.Check(r.pass, schema.Options{Unsigned: true})
	for at, code := range r.barcodes() {
		for _, f := range barcodes.Check(code.format, code.message, code.encoding) {
			f.File, f.Path = passFile, at+"."+f.Path
			list = append(list, f)
		}
	}
	return list.Err()
}

// Readable draws every barcode and reads it again, as the scanner at the door
// will. PDF417 is drawn only: nothing here reads it.
func (r *Rendered) Readable() error {
	for at, code := range r.barcodes() {
		if err := barcodes.Verify(code.format, code.message, code.encoding); err != nil && !errors.Is(err, barcodes.ErrNoDecoder) {
			return fmt.Errorf("pass.json: %s: %w", at, err)
		}
	}
	return nil
}

type barcode struct{ format, message, encoding string }

// barcodes are those of the pass, with their paths.
func (r *Rendered) barcodes() iter.Seq2[string, barcode] {
	return func(yield func(string, barcode) bool) {
		list, _ := r.pass["barcodes"].([]any)
		for i, v := range list {
			m, _ := v.(map[string]any)
			var b barcode
			b.format, _ = m["format"].(string)
			b.message, _ = m["message"].(string)
			b.encoding, _ = m["messageEncoding"].(string)
			if !yield(fmt.Sprintf("barcodes[%d]", i), b) {
				return
			}
		}
	}
}

// complete checks and converts what the template could not know when it was
// loaded.
func (t *Template) complete(pass map[string]any) error {
	for _, key := range required {
		if s, _ := pass[key].(string); strings.TrimSpace(s) == "" {
			return fmt.Errorf("%s is empty; Wallet refuses a pass without it", key)
		}
	}
	for _, key := range t.colours {
		v, given := pass[key]
		if !given {
			continue
		}
		s, _ := v.(string)
		rgb, ok := colour(s)
		if !ok {
			return fmt.Errorf("%s %s", key, noColour)
		}
		pass[key] = rgb
	}
	return t.encodeBarcodes(pass)
}

// encodeBarcodes makes messages text, as a number alone is none, and fills in
// messageEncoding: Latin-1 where it holds the message, as most scanners expect,
// else UTF-8.
func (t *Template) encodeBarcodes(pass map[string]any) error {
	list, _ := pass["barcodes"].([]any)
	for i, v := range list {
		if err := t.encodeBarcode(fmt.Sprintf("barcodes[%d]", i), v); err != nil {
			return err
		}
	}
	return t.encodeBarcode("barcode", pass["barcode"]) // the key of iOS 8
}

func (t *Template) encodeBarcode(at string, v any) error {
	code, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	message := expressions.Stringify(code["message"], t.settings)
	if message == "" {
		return fmt.Errorf("%s.message is empty", at)
	}
	code["message"] = message
	if code["messageEncoding"] == nil {
		code["messageEncoding"] = encodingFor(message)
	}
	return nil
}

func encodingFor(message string) string {
	for _, r := range message {
		if r > 0xff {
			return "utf-8"
		}
	}
	return "iso-8859-1"
}

// front is what the front says.
func (t *Template) front(pass map[string]any) []Field {
	style, _ := pass[styleOf(pass)].(map[string]any)
	var out []Field
	for _, group := range groups {
		list, _ := style[group].([]any)
		for _, v := range list {
			field, _ := v.(map[string]any)
			label, _ := field["label"].(string)
			if value := t.plain(field); value != "" {
				out = append(out, Field{label, value})
			}
		}
	}
	return out
}

// plain is a field's value as Wallet would print it: with a dateStyle or a
// timeStyle it is a date.
func (t *Template) plain(field map[string]any) string {
	value := expressions.Stringify(field["value"], t.settings)
	date, hasDate := field["dateStyle"].(string)
	clock, hasClock := field["timeStyle"].(string)
	if !hasDate && !hasClock {
		if currency, ok := field["currencyCode"].(string); ok {
			return value + " " + currency
		}
		return value
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return value
	}
	layout := "full"
	switch {
	case !hasClock || clock == "PKDateStyleNone":
		layout = "date"
	case !hasDate || date == "PKDateStyleNone":
		layout = "time"
	}
	return expressions.FormatTime(at, layout, t.settings)
}
