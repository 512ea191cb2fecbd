package schema

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestLookup(t *testing.T) {
	for path, want := range map[string]string{
		"formatVersion":                                          "integer",
		"barcodes[0].format":                                     "barcodeFormat",
		"eventTicket.primaryFields[0].value":                     "value",
		"storeCard.backFields[12].semantics.balance":             "currencyAmount",
		"semantics.seats[3].seatSectionColor":                    "colour",
		"upcomingPassInformation[0].images.venueMap.URLs[1].URL": "url",
		"preferredStyleSchemes[0]":                               "list of styleScheme",
		"":                                                       "",
		"nothing":                                                "",
		"formatVersion.deeper":                                   "",
		"eventTicket.primaryFields[0].valu":                      "",
	} {
		k, ok := Lookup(path)
		if k.Type != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", path, k.Type, ok, want)
		}
	}
}

func TestEnum(t *testing.T) {
	if got := Enum("boardingPass.transitType"); len(got) != 5 || !slices.Contains(got, "PKTransitTypeTrain") {
		t.Errorf("transit types are %v", got)
	}
	if got := Enum("barcodes[7].format"); len(got) != 8 {
		t.Errorf("barcode formats are %v", got)
	}
	if got := Enum("logoText"); got != nil {
		t.Errorf("a text has the values %v", got)
	}
}

func TestCheckValue(t *testing.T) {
	for _, c := range []struct {
		path string
		v    any
		rule string
	}{
		{"barcodes[0].format", "PKBarcodeFormatQR", ""},
		{"barcodes[0].format", "QR", "value-not-allowed"},
		{"barcodes[0].messageEncoding", "ISO-8859-1", ""},
		{"preferredStyleSchemes[0]", "posterEventTicket", ""},
		{"preferredStyleSchemes", []any{"posterEventTicket", "eventTicket"}, ""},
		{"backgroundColor", "rgb(23, 42, 70)", ""},
		{"backgroundColor", "navy", "bad-colour"},
		{"expirationDate", "2027-03-01T19:30:00+01:00", ""},
		{"expirationDate", "2027-03-01", "bad-date"},
		{"eventTicket.primaryFields[0].value", 7, ""},
		{"eventTicket.primaryFields[0].value", int64(7), ""},
		{"eventTicket.primaryFields[0].value", json.Number("7.5"), ""},
		{"eventTicket.primaryFields[0].value", nil, "wrong-type"},
		{"locations[0].latitude", json.Number("91"), "out-of-range"},
		{"voided", "yes", "wrong-type"},
		{"semantics.eventNam", "An Evening of Engines", "unknown-key"},
	} {
		got := CheckValue(c.path, c.v)
		switch {
		case c.rule == "" && got != nil:
			t.Errorf("%s %v: %v", c.path, c.v, got)
		case c.rule != "" && (len(got) != 1 || got[0].Rule != c.rule || got[0].Path != c.path || got[0].File != "pass.json"):
			t.Errorf("%s %v: %v; want %s", c.path, c.v, got, c.rule)
		}
	}
}

func BenchmarkCheckValue(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if CheckValue("eventTicket.headerFields[0].textAlignment", "PKTextAlignmentRight") != nil {
			b.Fatal("not allowed")
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"eventTicket":{"primaryFields":[{"key":"a","value":1},null,7]},"barcodes":[{"format":"QR"}]}`,
		`{"generic":[],"relevantDates":[{"startDate":1},{"date":"2027-03-01T19:30:00 01:00"}],"featuredActions":[{"type":"place"}]}`,
		`{"preferredStyleSchemes":["posterEventTicket","semanticBoardingPass"],"boardingPass":{},"semantics":{"eventType":"PKEventTypeSports"}}`,
		`{"nfc":{"message":"a","encryptionPublicKey":"MAA="},"backgroundColor":"#fff","labelColor":"rgb(999,0,0)","webServiceURL":"http://[::1]/v1"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var pass map[string]any
		if json.Unmarshal(b, &pass) != nil {
			return
		}
		for _, found := range Check(pass, Options{Now: now}) {
			if !slices.Contains(Rules(), found.Rule) || found.Text == "" || found.File == "" {
				t.Errorf("%+v", found)
			}
		}
		CheckPersonalization(pass)
		RelevantDates(pass)
		if got := len(Timeline(pass)); got != len(versions) {
			t.Errorf("%d versions", got)
		}
	})
}
