package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// with is a request with another field.
func with(name string, value any) map[string]any {
	return map[string]any{"title": "Membership Card", name: value}
}

func list(n int) (out []map[string]any) {
	for range n {
		out = append(out, map[string]any{"label": "SEAT", "value": "A1"})
	}
	return out
}

func long(n int) string { return strings.Repeat("é", n) }

// Each line is a field that walletwallet.dev documents, at its limit and beyond.
func TestFieldsAndTheirLimitsAreWalletWallets(t *testing.T) {
	s := serve(t, options{})
	for _, tc := range []struct {
		name string
		body any
		want string // the error; empty: it is taken
	}{
		{"title", map[string]any{"title": long(64)}, ""},
		{"title too long", map[string]any{"title": long(65)}, "title must be 64 characters or less"},
		{"logoText alone", map[string]any{"logoText": long(64)}, ""},
		{"logoText too long", with("logoText", long(65)), "logoText must be 64 characters or less"},
		{"primaryFields alone", map[string]any{"primaryFields": list(1)}, ""},
		{"nothing", map[string]any{}, "At least one of title, primaryFields, or logoText is required"},
		{"a barcode alone", map[string]any{"barcodeValue": "1", "barcodeFormat": "QR"}, "At least one of title, primaryFields, or logoText is required"},
		{"barcode too long", map[string]any{"title": "x", "barcodeValue": long(513), "barcodeFormat": "QR"}, "barcodeValue must be 512 characters or less"},
		{"barcode without format", with("barcodeValue", "1"), "barcodeFormat is required with barcodeValue; it must be one of: QR, PDF417, Aztec, Code128"},
		{"format without barcode", with("barcodeFormat", "QR"), "barcodeValue is required with barcodeFormat"},
		{"unknown format", map[string]any{"title": "x", "barcodeValue": "1", "barcodeFormat": "EAN"}, "barcodeFormat must be one of: QR, PDF417, Aztec, Code128"},
		{"no barcode", with("barcodeValue", nil), ""},
		{"description", with("description", long(128)), ""},
		{"description too long", with("description", long(129)), "description must be 128 characters or less"},
		{"organizationName", with("organizationName", long(64)), ""},
		{"organizationName too long", with("organizationName", long(65)), "organizationName must be 64 characters or less"},
		{"cardLabel", with("cardLabel", long(32)), ""},
		{"cardLabel too long", with("cardLabel", long(33)), "cardLabel must be 32 characters or less"},
		{"label and value", map[string]any{"title": "x", "label": long(64), "value": long(256)}, ""},
		{"label too long", with("label", long(65)), "label must be 64 characters or less"},
		{"value too long", with("value", long(257)), "value must be 256 characters or less"},
		{"10 fields", with("secondaryFields", list(10)), ""},
		{"11 fields", with("secondaryFields", list(11)), "secondaryFields must have 10 items or less"},
		{"fields that are none", with("headerFields", "x"), "headerFields must be an array"},
		{"a field that is none", with("backFields", []any{"x"}), "backFields[0] must be an object"},
		{"a field without value", with("backFields", []any{map[string]any{"label": "x"}}), "backFields[0].value is required"},
		{"a number", with("backFields", []any{map[string]any{"value": 12.5}}), ""},
		{"field label too long", with("primaryFields", []any{map[string]any{"label": long(65), "value": "x"}}), "primaryFields[0].label must be 64 characters or less"},
		{"field value too long", with("primaryFields", []any{map[string]any{"value": long(257)}}), "primaryFields[0].value must be 256 characters or less"},
		{"changeMessage too long", with("primaryFields", []any{map[string]any{"value": "x", "changeMessage": long(129)}}), "primaryFields[0].changeMessage must be 128 characters or less"},
		{"changeMessage", with("primaryFields", []any{map[string]any{"value": "x", "changeMessage": "Now %@"}}), ""},
		{"locations", with("locations", []any{map[string]any{"latitude": 52.5, "longitude": 13.4, "altitude": 34, "relevantText": "Doors open at 19:00"}}), ""},
		{"11 locations", with("locations", slices.Repeat([]any{map[string]any{"latitude": 1, "longitude": 1}}, 11)), "locations must have 10 items or less"},
		{"a place beyond the pole", with("locations", []any{map[string]any{"latitude": 91, "longitude": 1}}), "locations[0].latitude must be between -90 and 90"},
		{"half a place", with("locations", []any{map[string]any{"latitude": 1}}), "locations[0].longitude is required"},
		{"sharingProhibited", with("sharingProhibited", false), ""},
		{"sharingProhibited as text", with("sharingProhibited", "no"), "sharingProhibited must be true or false"},
		{"colorPreset", with("colorPreset", "purple"), ""},
		{"unknown colorPreset", with("colorPreset", "pink"), "colorPreset must be one of: dark, blue, green, red, purple, orange"},
		{"color", with("color", "#7a9e8f"), ""},
		{"no color", with("color", "green"), "color must be a hex color such as #1e40af"},
		{"expirationDays", with("expirationDays", 3650), ""},
		{"no expirationDays", with("expirationDays", 0), "expirationDays must be between 1 and 3650"},
		{"too many expirationDays", with("expirationDays", 3651), "expirationDays must be between 1 and 3650"},
		{"half a day", with("expirationDays", 1.5), "expirationDays must be a whole number"},
		{"logoURL over http", with("logoURL", "http://example.com/logo.png"), "logoURL must use HTTPS protocol"},
		{"iconURL that is none", with("iconURL", "logo.png"), "iconURL must use HTTPS protocol"},
		{"serialNumber", with("serialNumber", "1"), "serialNumber cannot be set; the server makes it"},
		{"authenticationToken", with("authenticationToken", "1"), "authenticationToken cannot be set; the server makes it"},
		{"a title that is no text", map[string]any{"title": []string{"x"}}, "title must be a string"},
		{"no object", "[]", "the body must be a JSON object"},
		{"no JSON", "title", "the body is not valid JSON: "},
		{"a key twice", `{"title": "a", "title": "b"}`, "the body is not valid JSON: "},
		{"nothing at all", "", "the body is empty; it must be a JSON object"},
	} {
		a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", tc.body)
		switch {
		case tc.want == "" && a.Code != http.StatusOK:
			t.Errorf("%s: %d %s", tc.name, a.Code, a.Body)
		case tc.want != "" && (a.Code != http.StatusBadRequest || !strings.HasPrefix(a.Error(), tc.want)):
			t.Errorf("%s: %d %s, want %s", tc.name, a.Code, a.Body, tc.want)
		case tc.want == "":
			s.opened(t, a.Body)
		}
	}
}

func TestWhatBecomesOfWalletWalletsFields(t *testing.T) {
	s := serve(t, options{})
	pass := func(body any) map[string]any {
		return s.opened(t, s.call(t, websiteKey, http.MethodPost, "/api/pkpass", body).Body)
	}
	text := func(v any, path ...any) string {
		for _, p := range path {
			switch p := p.(type) {
			case string:
				m, _ := v.(map[string]any)
				v = m[p]
			case int:
				l, _ := v.([]any)
				if len(l) <= p {
					return "none"
				}
				v = l[p]
			}
		}
		return fmt.Sprint(v)
	}
	legacy := pass(map[string]any{"title": "Gold", "label": "MEMBER", "value": "Ada Lovelace", "barcodeValue": "M-1", "barcodeFormat": "Code128"})
	current := pass(map[string]any{
		"logoText": "Hall One", "organizationName": "Hall One GmbH", "description": "Season ticket", "colorPreset": "blue", "sharingProhibited": false, "expirationDays": 30,
		"primaryFields": []any{map[string]any{"label": "SEAT", "value": "A1", "changeMessage": "Your seat is now %@"}}, "backFields": list(2),
	})
	other := pass(map[string]any{"title": "Gold", "cardLabel": "CLUB", "style": "coupon"})
	for _, tc := range []struct{ name, got, want string }{
		{"the title is the primary field", text(legacy, "generic", "primaryFields", 0, "value"), "Gold"},
		{"whose label is CARD", text(legacy, "generic", "primaryFields", 0, "label"), "CARD"},
		{"or cardLabel", text(other, "coupon", "primaryFields", 0, "label"), "CLUB"},
		{"and the logo's text", text(legacy, "logoText"), "Gold"},
		{"and the description", text(legacy, "description"), "Gold"},
		{"label and value are the secondary field", text(legacy, "generic", "secondaryFields", 0, "value"), "Ada Lovelace"},
		{"the barcode", text(legacy, "barcodes", 0, "format") + " " + text(legacy, "barcodes", 0, "message"), "PKBarcodeFormatCode128 M-1"},
		{"dark is the default", text(legacy, "backgroundColor"), "rgb(24, 24, 27)"},
		{"sharing is prohibited by default", text(legacy, "sharingProhibited"), "true"},
		{"unless it is not", text(current, "sharingProhibited"), "false"},
		{"the preset", text(current, "backgroundColor") + " " + text(current, "foregroundColor"), "rgb(30, 64, 175) rgb(255, 255, 255)"},
		{"the description", text(current, "description"), "Season ticket"},
		{"the organization", text(current, "organizationName"), "Hall One GmbH"},
		{"a change message", text(current, "generic", "primaryFields", 0, "changeMessage"), "Your seat is now %@"},
		{"keys go by their places", text(current, "generic", "backFields", 1, "key"), "back-2"},
		{"no title, no primary field of its own", text(current, "generic", "primaryFields", 1), "none"},
		{"no expiry by default", text(legacy, "expirationDate"), "<nil>"},
		{"phones ask for changes", text(legacy, "webServiceURL"), s.URL + "/wallet"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, tc.got, tc.want)
		}
	}
	if text(current, "expirationDate") == "<nil>" {
		t.Error("expirationDays makes no expirationDate")
	}
}

func TestUnknownFieldsAreNamedAndIgnored(t *testing.T) {
	s := serve(t, options{})
	a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", `{"title": "Gold", "stripImageUrl": "https://example.com/a.png", "passType": "storeCard"}`)
	if a.Code != http.StatusOK || a.Header.Get("X-Ignored-Fields") != "passType, stripImageUrl" {
		t.Errorf("%d %v", a.Code, a.Header)
	}
}

func TestAnswersComeInEitherForm(t *testing.T) {
	s := serve(t, options{})
	for path, want := range map[string]string{
		"/api/pkpass": "application/vnd.apple.pkpass", "/api/pkpass?format=json": "application/json",
		"/api/passes": "application/json", "/api/passes?format=binary": "application/vnd.apple.pkpass",
	} {
		if a := s.call(t, websiteKey, http.MethodPost, path, `{"title": "Gold"}`); a.Code != http.StatusOK || a.Header.Get("Content-Type") != want {
			t.Errorf("%s: %d %s", path, a.Code, a.Header.Get("Content-Type"))
		}
	}
}
