package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// maxBundle is how many passes one request may ask for: Wallet takes no more in
// one file.
const maxBundle = 10

// request is what somebody asks for.
type request struct {
	passes []wanted
	to     []integrations.Recipient
	// sum tells requests apart.
	sum string
	// ignored are fields that mean nothing here.
	ignored []string
}

// wanted is one pass that is asked for.
type wanted struct {
	template string
	inputs   map[string]any
	// pictures are where the pass's own are, by kind; style is what they are made
	// for.
	pictures map[string]string
	style    string
	// name is what the file is called after.
	name string
	days int
	// ignored are fields of an update that mean nothing here.
	ignored []string
}

// decode reads a JSON object.
func decode(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the body is empty; it must be a JSON object")
	}
	v, err := expressions.DecodeJSON(body)
	if err != nil {
		return nil, fmt.Errorf("the body is not valid JSON: %s", strings.TrimPrefix(err.Error(), "invalid JSON: "))
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the body must be a JSON object")
	}
	return m, nil
}

// parse reads a body. Its errors are for whoever wrote it.
func parse(body []byte) (*request, error) {
	m, err := decode(body)
	if err != nil {
		return nil, err
	}
	canonical, err := jsonv2.Marshal(m, jsonv2.Deterministic(true))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(canonical)
	out := &request{sum: hex.EncodeToString(sum[:])}
	r := newReader(m)
	out.to = r.deliver()
	if r.value("passes") == nil {
		one, err := r.pass()
		out.passes, out.ignored = []wanted{one}, r.unread()
		return out, err
	}
	for _, p := range r.list("passes", maxBundle) {
		one, err := p.pass()
		if err != nil && !strings.HasPrefix(err.Error(), p.at) {
			err = fmt.Errorf("%s: %w", strings.TrimSuffix(p.at, "."), err)
		}
		if err != nil {
			return nil, err
		}
		out.passes = append(out.passes, one)
	}
	if len(out.passes) == 0 {
		r.fail("passes must have at least one item")
	}
	out.ignored = r.unread()
	return out, r.err
}

// pass is the one that a request's fields describe.
func (r *reader) pass() (wanted, error) {
	for _, name := range []string{"serialNumber", "authenticationToken"} {
		if r.given[name] != nil {
			r.fail("%s cannot be set; the server makes it", name)
		}
	}
	if r.given["template"] != nil || r.given["inputs"] != nil {
		return r.ofTemplate(), r.err
	}
	w := r.ofFields()
	return w, r.err
}

// ofTemplate is a pass of one of the server's own templates.
func (r *reader) ofTemplate() wanted {
	w := wanted{template: r.text("template", maxTitle), inputs: map[string]any{}}
	w.name = w.template
	switch v := r.value("inputs").(type) {
	case nil:
	case map[string]any:
		w.inputs = v
	default:
		r.fail("inputs must be an object")
	}
	switch w.template {
	case "":
		r.fail("template is required with inputs")
	case Template:
		r.fail("template %s is made of a request's own fields; leave template out", Template)
	}
	if more := r.unread(); r.at == "" && len(more) > 0 {
		for _, name := range more {
			if designs[name] {
				r.fail("template and %s cannot be combined; what a template takes stands in inputs", name)
			}
		}
	}
	return w
}

// designs are fields of passes without a template.
var designs = map[string]bool{
	"title": true, "logoText": true, "primaryFields": true, "secondaryFields": true, "headerFields": true, "backFields": true, "barcodeValue": true, "color": true, "colorPreset": true,
}

// ofFields is a pass that the request designs itself.
func (r *reader) ofFields() wanted {
	title, logo := r.text("title", maxTitle), r.text("logoText", maxTitle)
	cardLabel := r.text("cardLabel", maxCardLabel)
	groups := map[string]any{}
	for _, name := range []string{"headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields"} {
		if list := r.fields(name); list != nil {
			groups[name] = list
		}
	}
	if title == "" && logo == "" && groups["primaryFields"] == nil {
		r.fail("At least one of title, primaryFields, or logoText is required")
	}
	if title != "" && groups["primaryFields"] == nil {
		groups["primaryFields"] = []any{map[string]any{"key": "primary-1", "label": cmp.Or(cardLabel, "CARD"), "value": title}}
	}
	if label, value := r.text("label", maxLabel), r.text("value", maxValue); (label != "" || value != "") && groups["secondaryFields"] == nil {
		groups["secondaryFields"] = []any{map[string]any{"key": "secondary-1", "label": label, "value": value}}
	}
	w := wanted{template: Template, pictures: r.pictures(), name: cmp.Or(title, logo), days: r.days()}
	style := r.choice("style", "generic", "storeCard", "coupon", "eventTicket", "boardingPass")
	if w.style = style; style == "" {
		w.style = "generic"
		if w.pictures["strip"] != "" {
			w.style = "storeCard" // a generic pass shows no strip
		}
	}
	if transit := r.choice("transitType", "air", "boat", "bus", "train", "generic"); w.style == "boardingPass" {
		transit = cmp.Or(transit, "generic")
		groups["transitType"] = "PKTransitType" + strings.ToUpper(transit[:1]) + transit[1:]
	}
	about := cmp.Or(r.text("description", maxAbout), logo, title, "Pass")
	c := r.colours()
	w.inputs = map[string]any{
		"style": w.style, "description": about, "organization": cmp.Or(r.text("organizationName", maxTitle), logo, title, "Pass"),
		"logo_text": orNil(cmp.Or(logo, title)), "ground": c.ground, "text": c.text, "label": c.label, "fields": groups,
		"barcodes": r.barcodes(), "locations": r.locations(), "relevant_date": orNil(r.time("relevantDate")),
		"sharing_prohibited": r.flag("sharingProhibited", true),
	}
	return w
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// days is for how many a pass is valid; 0 is for ever.
func (r *reader) days() int {
	n, given := r.number("expirationDays", 1, maxDays)
	if given && n != float64(int(n)) {
		r.fail("expirationDays must be a whole number")
	}
	return int(n)
}

func (r *reader) time(name string) string {
	s := r.text(name, maxLabel)
	if s == "" {
		return ""
	}
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		r.fail("%s must be a time such as 2026-12-31T20:00:00+01:00", name)
	}
	return s
}

// deliver are those who are sent the passes, as in rules: [{"email": "…"}], or
// one alone.
func (r *reader) deliver() []integrations.Recipient {
	if one, ok := r.given["deliver"].(map[string]any); ok {
		r.given = maps.Clone(r.given)
		r.given["deliver"] = []any{one}
	}
	var out []integrations.Recipient
	for i, target := range r.list("deliver", maxFields) {
		if len(target.given) != 1 {
			r.fail(`deliver[%d] must name one channel, as {"email": "ada@example.com"}`, i)
		}
		for channel := range target.given {
			text, ok := target.value(channel).(string)
			if !ok || strings.TrimSpace(text) == "" {
				r.fail("deliver[%d].%s must be a string", i, channel)
			}
			out = append(out, integrations.Recipient{Channel: channel, Address: strings.TrimSpace(text)})
		}
	}
	return out
}

// pictures are where the pass's own are, by kind.
func (r *reader) pictures() map[string]string {
	out := map[string]string{}
	for _, kind := range []string{"icon", "logo", "thumbnail", "strip", "background", "footer"} {
		name := kind + "URL"
		address := r.text(name, maxBody)
		switch {
		case address == "":
		case strings.HasPrefix(address, "data:"), strings.HasPrefix(strings.ToLower(address), "https://"):
			out[kind] = address
		default:
			r.fail("%s must use HTTPS protocol", name)
		}
	}
	return out
}
