package passes_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/passtest"
)

// rendered is the pass.json that a template with these lines makes of a pass.
func rendered(t *testing.T, lines, description string, p passes.Pass) map[string]any {
	t.Helper()
	template := load(t, files(map[string]string{
		"pass.json": `{"organizationName": "Hall One", "description": "Ticket", ` + lines + `}`, "template.yaml": description,
	}), passes.Settings{Keyring: keyring(t)})
	r, err := template.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	v, err := expressions.DecodeJSON(r.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func TestRenderFillsInWhatPasshookOwns(t *testing.T) {
	got := rendered(t, `"eventTicket": {}, "serialNumber": "1", "teamIdentifier": "x", "authenticationToken": "x", "webServiceURL": "x", "voided": true, "formatVersion": 2, "passTypeIdentifier": "`+passtest.PassType+`"`, "", onePass)
	want := map[string]any{
		"formatVersion": 1, "passTypeIdentifier": passtest.PassType, "teamIdentifier": passtest.Team, "serialNumber": onePass.Serial,
		"webServiceURL": onePass.WebServiceURL, "authenticationToken": onePass.AuthToken,
		"organizationName": "Hall One", "description": "Ticket", "eventTicket": map[string]any{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRenderWithoutWebServiceHasNoToken(t *testing.T) {
	p := onePass
	p.WebServiceURL = ""
	got := rendered(t, `"eventTicket": {}`, "", p)
	if got["webServiceURL"] != nil || got["authenticationToken"] != nil {
		t.Errorf("got %v", got)
	}
}

func TestRenderVoided(t *testing.T) {
	p := onePass
	p.Voided = true
	if got := rendered(t, `"eventTicket": {}`, "", p); got["voided"] != true {
		t.Errorf("got %v", got)
	}
}

// Scanners read Latin-1 unless told otherwise.
func TestRenderEncodesBarcodes(t *testing.T) {
	for _, tc := range []struct{ name, barcode, message, encoding string }{
		{"letters", `"message": "A1"`, "A1", "iso-8859-1"},
		{"umlauts", `"message": "Köln"`, "Köln", "iso-8859-1"},
		{"beyond Latin-1", `"message": "Łódź"`, "Łódź", "utf-8"},
		{"given", `"message": "A1", "messageEncoding": "us-ascii"`, "A1", "us-ascii"},
		{"the serial number", `"message": "${{ serial }}"`, onePass.Serial, "iso-8859-1"},
		{"a number is printed", `"message": "${{ 1234 }}"`, "1234", "iso-8859-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := rendered(t, `"eventTicket": {}, "barcodes": [{"format": "PKBarcodeFormatQR", `+tc.barcode+`}]`, "", onePass)
			want := []any{map[string]any{"format": "PKBarcodeFormatQR", "message": tc.message, "messageEncoding": tc.encoding}}
			if !reflect.DeepEqual(got["barcodes"], want) {
				t.Errorf("got %v, want %v", got["barcodes"], want)
			}
		})
	}
}

func TestRenderColours(t *testing.T) {
	got := rendered(t, `"eventTicket": {}, "backgroundColor": "#172A46", "foregroundColor": "rgb(255,0,  9)", "labelColor": "rgb(010, 09, 008)"`, "", onePass)
	for key, want := range map[string]string{"backgroundColor": "rgb(23, 42, 70)", "foregroundColor": "rgb(255, 0, 9)", "labelColor": "rgb(10, 9, 8)"} {
		if got[key] != want {
			t.Errorf("%s is %v, want %s", key, got[key], want)
		}
	}
}

func TestRenderNullRemoves(t *testing.T) {
	const description = "inputs: {seat: {}, gate: {}}"
	p := onePass
	p.Inputs = map[string]any{"seat": nil, "gate": "B"}
	got := rendered(t, `"relevantDate": "${{ seat }}", "sharingProhibited": null, "eventTicket": {"primaryFields": [
		{"key": "seat", "label": "Seat", "value": "${{ seat }}"},
		{"key": "gate", "label": "${{ seat }}", "value": "${{ gate }}"},
		{"key": "both", "label": "Both", "value": "${{ gate }}${{ seat }}"}]}`, description, p)
	if _, there := got["relevantDate"]; there {
		t.Errorf("got %v", got)
	}
	want := map[string]any{"primaryFields": []any{
		map[string]any{"key": "gate", "value": "B"},
		map[string]any{"key": "both", "label": "Both", "value": "B"},
	}}
	if !reflect.DeepEqual(got["eventTicket"], want) {
		t.Errorf("got %v, want %v", got["eventTicket"], want)
	}
}

func TestRenderForPeople(t *testing.T) {
	template := load(t, files(map[string]string{
		"pass.json": `{"organizationName": "Hall One", "description": "Ticket for ${{ holder }}", "eventTicket": {
			"backFields": [{"key": "terms", "label": "Terms", "value": "None"}],
			"auxiliaryFields": [{"key": "price", "label": "Price", "value": 12.5, "currencyCode": "EUR"}],
			"secondaryFields": [
				{"key": "day", "label": "Day", "value": "2026-12-31T19:30:00Z", "dateStyle": "PKDateStyleMedium"},
				{"key": "doors", "label": "Doors", "value": "2026-12-31T19:30:00Z", "dateStyle": "PKDateStyleNone", "timeStyle": "PKDateStyleShort"},
				{"key": "odd", "label": "Odd", "value": "${{ \"soon\" }}", "timeStyle": "PKDateStyleShort"}],
			"primaryFields": [{"key": "holder", "label": "Name", "value": "${{ holder }}"}],
			"headerFields": [{"key": "row", "value": 7}, {"key": "empty", "label": "Empty", "value": ""}]}}`,
		"template.yaml": "title: For ${{ holder }}\ninputs: {holder: {required: true}}\nmail: {subject: 'Hello, ${{ holder }}', intro: ~}\n",
	}), passes.Settings{Expressions: expressions.Settings{Locale: "de", Location: time.UTC}})
	p := onePass
	p.Inputs = map[string]any{"holder": "Ada"}
	r, err := template.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "For Ada" || r.Description != "Ticket for Ada" || r.Subject != "Hello, Ada" || r.Intro != "" {
		t.Errorf("got %q, %q, %q, %q", r.Title, r.Description, r.Subject, r.Intro)
	}
	at := time.Date(2026, 12, 31, 19, 30, 0, 0, time.UTC)
	s := expressions.Settings{Locale: "de", Location: time.UTC}
	want := []passes.Field{
		{Value: "7"}, {Label: "Name", Value: "Ada"},
		{Label: "Day", Value: expressions.FormatTime(at, "date", s)}, {Label: "Doors", Value: expressions.FormatTime(at, "time", s)}, {Label: "Odd", Value: "soon"},
		{Label: "Price", Value: "12.5 EUR"},
	}
	got := r.Fields()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got[2].Value == got[3].Value {
		t.Errorf("day and time are both %q", got[2].Value)
	}
}

func TestRenderWithoutTitle(t *testing.T) {
	r, err := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{}).Render(onePass)
	if err != nil || r.Title != "Ticket" {
		t.Errorf("got %v, %v", r, err)
	}
}

// Errors name the place, and never what an input holds.
func TestRenderFails(t *testing.T) {
	for _, tc := range []struct{ name, pass, description, want string }{
		{"in pass.json", `"eventTicket": {"backFields": [{"key": "a", "value": "${{ datetime(holder) }}"}]}`, "", "pass.json: eventTicket.backFields[0].value: "},
		{"an empty barcode", `"eventTicket": {}, "barcodes": [{"format": "PKBarcodeFormatQR", "message": "${{ none }}"}]`, "", "pass.json: barcodes[0].message is empty"},
		{"in the title", `"eventTicket": {}`, "title: ${{ datetime(holder) }}\n", "template.yaml: title: "},
		{"in the subject", `"eventTicket": {}`, "mail: {subject: '${{ datetime(holder) }}'}\n", "template.yaml: mail.subject: "},
		{"in the intro", `"eventTicket": {}`, "mail: {intro: '${{ datetime(holder) }}'}\n", "template.yaml: mail.intro: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := load(t, files(map[string]string{
				"pass.json":     `{"organizationName": "Hall One", "description": "Ticket", ` + tc.pass + `}`,
				"template.yaml": tc.description + "inputs: {holder: {}, none: {}}\n",
			}), passes.Settings{})
			p := onePass
			p.Inputs = map[string]any{"holder": "Ada Lovelace"}
			_, err := template.Render(p)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "Ada") {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// What an expression gives is known when a pass is rendered, and not before.
func TestRenderChecksWhatExpressionsGive(t *testing.T) {
	const start = `{"eventTicket": {}, "organizationName": "Hall One", "description": `
	for _, tc := range []struct {
		name, pass string
		value      any
		key        string
		want       any
		err        string
	}{
		{"a colour in hex", start + `"Ticket", "labelColor": "${{ value }}"}`, "#FF0009", "labelColor", "rgb(255, 0, 9)", ""},
		{"a colour in parts", start + `"Ticket", "labelColor": "rgb(${{ value }}, 0,0)"}`, 7, "labelColor", "rgb(7, 0, 0)", ""},
		{"no colour", start + `"Ticket", "labelColor": "${{ value }}"}`, nil, "labelColor", nil, ""},
		{"a colour that is none", start + `"Ticket", "labelColor": "${{ value }}"}`, "navy", "", nil, "pass.json: labelColor is no colour; write it as rgb(23, 42, 70) or #172a46"},
		{"a description that is null", start + `"${{ value }}"}`, nil, "", nil, "pass.json: description is empty; Wallet refuses a pass without it"},
		{"a blank organization", `{"eventTicket": {}, "organizationName": "${{ value }} ", "description": "Ticket"}`, nil, "", nil, "pass.json: organizationName is empty; Wallet refuses a pass without it"},
		{"the barcode of iOS 8", start + `"Ticket", "barcode": {"format": "PKBarcodeFormatQR", "message": "${{ value }}"}}`, "Łódź", "barcode",
			map[string]any{"format": "PKBarcodeFormatQR", "message": "Łódź", "messageEncoding": "utf-8"}, ""},
		{"the barcode of iOS 8, empty", start + `"Ticket", "barcode": {"format": "PKBarcodeFormatQR", "message": "${{ value }}"}}`, nil, "", nil, "pass.json: barcode.message is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := load(t, files(map[string]string{"pass.json": tc.pass, "template.yaml": "inputs: {value: {}}\n"}), passes.Settings{})
			p := onePass
			p.Inputs = map[string]any{"value": tc.value}
			r, err := template.Render(p)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(r.JSON, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got[tc.key], tc.want) {
				t.Errorf("got %v, want %v", got[tc.key], tc.want)
			}
		})
	}
}

// A code that no scanner reads is found before there is a pass.
func TestBarcodesAreChecked(t *testing.T) {
	for _, tc := range []struct{ name, format, message, want string }{
		{"a good one", "PKBarcodeFormatQR", "${{ serial }}", ""},
		{"PDF417", "PKBarcodeFormatPDF417", "${{ serial }}", ""},
		{"letters in a number", "PKBarcodeFormatEAN13", "${{ serial }}", "pass.json: barcodes[0].message: "},
		{"an umlaut in bars", "PKBarcodeFormatCode128", "Grün", `"Grün" does not fit into Code 128`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := load(t, files(map[string]string{"pass.json": `{"organizationName": "Hall One", "description": "Ticket", "eventTicket": {}, "barcodes": [` +
				`{"format": "` + tc.format + `", "message": "` + tc.message + `"}, {"format": "PKBarcodeFormatQR", "message": "x"}]}`}), passes.Settings{})
			r, err := template.Render(onePass)
			if err != nil {
				t.Fatal(err)
			}
			if err = r.Err(); err == nil {
				err = r.Readable()
			}
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
