package schema

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestNumbersOfEveryDecoderAreNumbers(t *testing.T) {
	for _, n := range []any{7, int64(7), 7.5, json.Number("7.5")} {
		pass := readPass(t, "eventTicket/minimal")
		pass["maxDistance"] = n
		if found := Check(pass, Options{Now: now}); len(found) > 0 {
			t.Errorf("%T: %v", n, found)
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
			if !slices.Contains(ruleNames(), found.Rule) || found.Text == "" || found.File == "" {
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
