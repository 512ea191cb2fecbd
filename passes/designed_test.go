package passes_test

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/passhook/passhook/passes"
)

// designed is what Pass Designer saves: samples in the fields, and its own
// bookkeeping.
const designed = `{
	"_id": "1", "formatVersion": 1, "organizationName": "Hall One", "description": "Member card",
	"teamIdentifier": "TEAM123456", "passTypeIdentifier": "pass.com.example.test", "serialNumber": "sample",
	"barcodes": [{"format": "PKBarcodeFormatQR", "message": "sample", "messageEncoding": "iso-8859-1"}],
	"generic": {
		"primaryFields": [{"_id": "2", "key": "memberName", "label": "Member", "value": "Sample Name"}],
		"secondaryFields": [{"_id": "3", "key": "LEVEL", "label": "Level", "value": 3}],
		"backFields": [{"_id": "4", "key": "terms", "label": "Terms", "value": "None."}]}}`

func TestAPassDesignersTemplateIsUsedAsItIs(t *testing.T) {
	fsys := fstest.MapFS{
		"card.pkpasstemplate/pass.json":    {Data: []byte(designed)},
		"card.pkpasstemplate/tooling.json": {Data: []byte(`{"version": 1}`)},
		"card.pkpasstemplate/icon@2x.png":  {Data: icon}, "card.pkpasstemplate/icon@3x.png": {Data: icon},
	}
	all, found := passes.LoadTemplates(fsys, "templates", passes.Settings{Keyring: keyring(t)})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	card := all["card"]
	for _, tc := range []struct {
		name                   string
		with                   map[string]any
		member, level, message any
	}{
		{"with its samples", nil, "Sample Name", 3.0, onePass.Serial},
		{"with inputs by field key", map[string]any{"member_name": "Ada Lovelace", "level": "7", "barcode_message": "4711"}, "Ada Lovelace", 7.0, "4711"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs, err := card.Check(tc.with)
			if err != nil {
				t.Fatal(err)
			}
			p := onePass
			p.Inputs = inputs
			r, err := card.Render(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Err(); err != nil {
				t.Error(err)
			}
			var got struct {
				ID       *string `json:"_id"`
				Barcodes []struct{ Message any }
				Generic  struct{ PrimaryFields, SecondaryFields []map[string]any }
			}
			if err := json.Unmarshal(r.JSON, &got); err != nil {
				t.Fatal(err)
			}
			member, level := got.Generic.PrimaryFields[0], got.Generic.SecondaryFields[0]
			if got.ID != nil || member["_id"] != nil || member["value"] != tc.member || level["value"] != tc.level || got.Barcodes[0].Message != tc.message {
				t.Errorf("got %s", r.JSON)
			}
		})
	}
}

func TestTwoTemplatesOfOneName(t *testing.T) {
	fsys := fstest.MapFS{
		"t.pass/pass.json": {Data: []byte(minimal)}, "t.pass/icon.png": {Data: icon},
		"t.pkpasstemplate/pass.json": {Data: []byte(minimal)}, "t.pkpasstemplate/icon.png": {Data: icon},
	}
	if _, found := passes.LoadTemplates(fsys, "templates", passes.Settings{}); found.Err() == nil {
		t.Error("both were loaded")
	}
}
