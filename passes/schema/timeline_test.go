package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestTimeline(t *testing.T) {
	for _, c := range []struct{ name, pass, want string }{
		{
			"a QR code is drawn everywhere",
			`{"eventTicket": {}, "barcodes": [{"format": "PKBarcodeFormatQR"}]}`,
			`15 eventTicket PKBarcodeFormatQR
16 eventTicket PKBarcodeFormatQR
17 eventTicket PKBarcodeFormatQR
18 eventTicket PKBarcodeFormatQR
26 eventTicket PKBarcodeFormatQR
27 eventTicket PKBarcodeFormatQR`,
		},
		{
			"iOS 27 draws the new format, older ones the next",
			`{"generic": {}, "barcodes": [{"format": "PKBarcodeFormatEAN13"}, {"format": "PKBarcodeFormatCode128"}], "featuredActions": []}`,
			`15 generic PKBarcodeFormatCode128 ignores featuredActions
16 generic PKBarcodeFormatCode128 ignores featuredActions
17 generic PKBarcodeFormatCode128 ignores featuredActions
18 generic PKBarcodeFormatCode128 ignores featuredActions
26 generic PKBarcodeFormatCode128 ignores featuredActions
27 generic PKBarcodeFormatEAN13`,
		},
		{
			"posterGeneric alone is refused before iOS 27",
			`{"posterGeneric": {}, "barcodes": [{"format": "PKBarcodeFormatEAN13"}]}`,
			`15 - ignores posterGeneric: refuses the pass; knows none of the barcodes
16 - ignores posterGeneric: refuses the pass; knows none of the barcodes
17 - ignores posterGeneric: refuses the pass; knows none of the barcodes
18 - ignores posterGeneric: refuses the pass; knows none of the barcodes
26 - ignores posterGeneric: refuses the pass; knows none of the barcodes
27 posterGeneric PKBarcodeFormatEAN13`,
		},
		{
			"a poster event ticket needs its semantics",
			`{"eventTicket": {}, "preferredStyleSchemes": ["posterEventTicket", "eventTicket"], "nfc": {"message": "a"}, "semantics": {"eventName": "a", "venueRegionName": "b"}, "relevantDate": "2027-03-01T19:30:00Z"}`,
			`15 eventTicket ignores preferredStyleSchemes, semantics.venueRegionName
16 eventTicket ignores preferredStyleSchemes, semantics.venueRegionName
17 eventTicket ignores preferredStyleSchemes, semantics.venueRegionName
18 eventTicket: posterEventTicket lacks semantics.venueName
26 eventTicket: posterEventTicket lacks semantics.venueName
27 eventTicket: posterEventTicket lacks semantics.venueName`,
		},
		{
			"a poster event ticket has no barcode; each iOS reads its own date",
			`{"eventTicket": {}, "preferredStyleSchemes": ["posterEventTicket"], "nfc": {"message": "a"}, "semantics": {"eventName": "a", "venueName": "b", "venueRegionName": "c"},
			  "barcode": {"format": "PKBarcodeFormatQR"}, "relevantDates": [{"date": "2027-03-01T19:30:00Z"}]}`,
			`15 eventTicket PKBarcodeFormatQR ignores preferredStyleSchemes, relevantDates, semantics.venueRegionName: is not shown on the lock screen at its time
16 eventTicket PKBarcodeFormatQR ignores preferredStyleSchemes, relevantDates, semantics.venueRegionName: is not shown on the lock screen at its time
17 eventTicket PKBarcodeFormatQR ignores preferredStyleSchemes, relevantDates, semantics.venueRegionName: is not shown on the lock screen at its time
18 posterEventTicket ignores relevantDates[0].date: the poster has no barcode; is not shown on the lock screen at its time
26 posterEventTicket: the poster has no barcode
27 posterEventTicket: the poster has no barcode`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []string
			for _, ios := range Timeline(decode(t, c.pass)) {
				lines = append(lines, line(ios))
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func line(ios IOS) string {
	b, _ := json.Marshal(ios.Version)
	s := string(b) + " " + ios.Scheme
	if ios.Scheme == "" {
		s += "-"
	}
	if ios.Barcode != "" {
		s += " " + ios.Barcode
	}
	if len(ios.Ignored) > 0 {
		s += " ignores " + strings.Join(ios.Ignored, ", ")
	}
	if len(ios.Notes) > 0 {
		s += ": " + strings.Join(ios.Notes, "; ")
	}
	return s
}

func decode(t *testing.T, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRelevantDatesAreReadByEveryIOS(t *testing.T) {
	for _, c := range []struct{ name, pass, want string }{
		{"iOS 26 only", `{"relevantDates": [{"date": "a"}]}`, `{"relevantDate": "a", "relevantDates": [{"date": "a", "relevantDate": "a"}]}`},
		{"iOS 18 only", `{"relevantDates": [{"relevantDate": "a"}]}`, `{"relevantDate": "a", "relevantDates": [{"date": "a", "relevantDate": "a"}]}`},
		{"the first start", `{"relevantDates": [{"startDate": "a", "endDate": "b"}, {"date": "c"}]}`, `{"relevantDate": "a", "relevantDates": [{"startDate": "a", "endDate": "b"}, {"date": "c", "relevantDate": "c"}]}`},
		{"what is given is kept", `{"relevantDate": "x", "relevantDates": [{"date": "a", "relevantDate": "b"}]}`, `{"relevantDate": "x", "relevantDates": [{"date": "a", "relevantDate": "b"}]}`},
		{"the old key alone", `{"relevantDate": "x"}`, `{"relevantDate": "x"}`},
		{"none", `{}`, `{}`},
		{"not a list", `{"relevantDates": 7}`, `{"relevantDates": 7}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			pass := decode(t, c.pass)
			RelevantDates(pass)
			if want := decode(t, c.want); !reflect.DeepEqual(pass, want) {
				t.Errorf("got %v, want %v", pass, want)
			}
		})
	}
}

// TestJSONSchemaRefers holds every reference of the JSON Schema to a definition.
func TestJSONSchemaRefers(t *testing.T) {
	b, err := jsonSchema()
	if err != nil {
		t.Fatal(err)
	}
	root := decode(t, string(b))
	defs := object(root, "$defs")
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && defs[strings.TrimPrefix(ref, "#/$defs/")] == nil {
				t.Errorf("%s is not defined", ref)
			}
			for _, child := range v {
				visit(child)
			}
		case []any:
			for _, child := range v {
				visit(child)
			}
		}
	}
	visit(root)
	if props := object(object(defs, "pass"), "properties"); len(props) < 73 {
		t.Errorf("the pass has %d keys", len(props))
	}
}
