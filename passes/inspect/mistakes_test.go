package inspect_test

import (
	"testing"
	"time"

	"github.com/passhook/passhook/passes/inspect"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/problems"
)

func TestAGoodPassHasNoFindings(t *testing.T) {
	r := inspected(t, goodParts().pack(t), options(t))
	if list := everything(r); len(list) > 0 || r.Code() != 0 || r.Verdict != "An iPhone accepts this pass." {
		t.Errorf("%s (code %d): %v", r.Verdict, r.Code(), list)
	}
	p := r.Passes[0]
	if p.PassType != passtest.PassType || p.Team != passtest.Team || p.Serial != "A1" || p.Style != "generic" || p.Description != "Concert ticket" ||
		!p.SignedAt.Equal(passtest.Now.Add(-time.Minute)) || !p.Certificate.Trusted || len(p.Certificate.Chain) != 2 || len(p.Timeline) == 0 {
		t.Errorf("%+v %+v", p, p.Certificate)
	}
}

// mistakes break a good pass in one way each.
var mistakes = map[string]struct {
	edit     func(*parts)
	severity problems.Severity
	rule     string
	place    string
}{
	"no pass.json":       {func(p *parts) { delete(p.files, "pass.json") }, problems.Error, "pass-missing", "pass.json"},
	"no manifest":        {func(p *parts) { p.late["manifest.json"] = nil }, problems.Error, "manifest-missing", "manifest.json"},
	"no signature":       {func(p *parts) { p.late["signature"] = nil }, problems.Error, "signature-missing", "signature"},
	"an empty signature": {func(p *parts) { p.late["signature"] = []byte{} }, problems.Error, "signature-form", "signature"},
	"a PEM signature":    {func(p *parts) { p.late["signature"] = []byte("-----BEGIN CMS-----\n") }, problems.Error, "signature-form", "signature"},
	"a base64 signature": {func(p *parts) { p.late["signature"] = []byte("MIIKfwYJKoZIhvcNAQcCoIIKcDCC") }, problems.Error, "signature-form", "signature"},

	"a file changed after the manifest":      {func(p *parts) { p.late["icon.png"] = icons()["icon@2x.png"] }, problems.Error, "manifest-sum", "manifest.json:1:13"},
	"a file that the manifest does not name": {func(p *parts) { p.late["logo.png"] = icons()["icon.png"] }, problems.Error, "manifest-extra", "logo.png"},
	"a file that is not there":               {func(p *parts) { p.late["icon@3x.png"] = nil }, problems.Error, "manifest-absent", "manifest.json:1:127"},
	"upper case sums":                        {func(p *parts) { p.manifest = upper }, problems.Warning, "manifest-case", "manifest.json:1:13"},
	"sums of SHA-256": {func(p *parts) {
		p.manifest = set("icon.png", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	}, problems.Error, "manifest-form", "manifest.json:1:13"},
	"a sum that is a number":       {func(p *parts) { p.manifest = set("icon.png", 1) }, problems.Error, "manifest-form", "manifest.json:1:13"},
	"a manifest that names itself": {func(p *parts) { p.manifest = set("manifest.json", "00") }, problems.Error, "manifest-itself", "manifest.json:1:186"},
	"a manifest that names a file in other case": {func(p *parts) {
		p.files["LOGO.png"] = icons()["icon.png"]
		p.manifest = renamed("LOGO.png", "logo.png")
	}, problems.Error, "manifest-extra", "LOGO.png"},
	"a .DS_Store":                      {func(p *parts) { p.late[".DS_Store"] = []byte("Bud1") }, problems.Error, "manifest-extra", ".DS_Store"},
	"a manifest changed after signing": {func(p *parts) { p.late["manifest.json"] = []byte("{}") }, problems.Error, "signature-wrong", "signature"},
	"a manifest that is a list":        {func(p *parts) { p.late["manifest.json"] = []byte("[]") }, problems.Error, "manifest-form", "manifest.json"},

	"another pass type": {func(p *parts) { p.files["pass.json"] = replaced("pass.com.example.test", "pass.com.example.other") }, problems.Error, "certificate-pass-type", "pass.json:3:25 passTypeIdentifier"},
	"another team":      {func(p *parts) { p.files["pass.json"] = replaced("TEAM123456", "TEAM654321") }, problems.Error, "certificate-team", "pass.json:4:21 teamIdentifier"},
	"nfc without its certificate": {func(p *parts) {
		p.files["pass.json"] = replaced(`"serialNumber"`, `"nfc": {"message": "m"}, "serialNumber"`)
	}, problems.Error, "certificate-nfc", "pass.json:5:10 nfc"},
	"a form without a certificate for NFC": {func(p *parts) {
		p.files["personalization.json"] = []byte(`{"requiredPersonalizationFields": ["PKPassPersonalizationFieldName"], "description": "Join"}`)
		p.files["personalizationLogo.png"] = icons()["icon.png"]
	}, problems.Error, "certificate-nfc", "personalization.json"},
	"signed in the future":               {func(p *parts) { p.at = passtest.Now.AddDate(0, 1, 0) }, problems.Warning, "signing-time-future", "signature"},
	"signed after the certificate's end": {func(p *parts) { p.at = passtest.Now.AddDate(2, 0, 0) }, problems.Error, "certificate-expired", "signature"},

	"a comment":                        {func(p *parts) { p.files["pass.json"] = replaced("{\n", "{ // mine\n") }, problems.Error, "json-comment", "pass.json:1:3"},
	"a trailing comma":                 {func(p *parts) { p.files["pass.json"] = replaced("]\n  }", "],\n  }") }, problems.Warning, "json-trailing-comma", "pass.json:13:85"},
	"a missing comma":                  {func(p *parts) { p.files["pass.json"] = replaced(`"A1",`, `"A1"`) }, problems.Error, "json", "pass.json:6:3"},
	"a byte order mark":                {func(p *parts) { p.files["pass.json"] = []byte("\xef\xbb\xbf" + goodPass) }, problems.Warning, "json-encoding", "pass.json:1:1"},
	"a key twice":                      {func(p *parts) { p.files["pass.json"] = replaced(`"A1",`, `"A1", "serialNumber": "A2",`) }, problems.Warning, "json-duplicate-key", "pass.json:5:25"},
	"a byte that is no UTF-8":          {func(p *parts) { p.files["pass.json"] = replaced("Ada", "Ad\xe9") }, problems.Error, "json-utf8", "pass.json:13:72"},
	"NaN":                              {func(p *parts) { p.files["pass.json"] = replaced(`"A1",`, `"A1", "maxDistance": NaN,`) }, problems.Error, "json-value", "pass.json:5:40"},
	"a line break in a text":           {func(p *parts) { p.files["pass.json"] = replaced("Ada ", "Ada\n") }, problems.Error, "json-control", "pass.json:13:73"},
	"a pass.json that is cut off":      {func(p *parts) { p.files["pass.json"] = []byte(goodPass[:200]) }, problems.Error, "json", "pass.json:8:1"},
	"a barcode that cannot be encoded": {func(p *parts) { p.files["pass.json"] = replaced(`"message": "A1"`, `"message": "Łódź"`) }, problems.Error, "barcode-encoding", "pass.json:11:89 barcodes[0].messageEncoding"},
	"no icon": {func(p *parts) {
		delete(p.files, "icon.png")
		delete(p.files, "icon@2x.png")
		delete(p.files, "icon@3x.png")
	}, problems.Error, "icon-missing", ""},
	"an icon that is no image": {func(p *parts) { p.files["icon.png"] = []byte("x") }, problems.Error, "image-unreadable", "icon.png"},
	"a small icon":             {func(p *parts) { p.files["icon@3x.png"] = p.files["icon.png"] }, problems.Warning, "image-size", "icon@3x.png"},
	"a misspelt image":         {func(p *parts) { p.files["logo2x.png"] = p.files["icon.png"] }, problems.Warning, "image-name", "logo2x.png"},
	"a file of no use":         {func(p *parts) { p.files["notes.txt"] = []byte("x") }, problems.Note, "unknown-file", "notes.txt"},
	"a form without a logo": {func(p *parts) {
		p.files["personalization.json"] = []byte(`{"requiredPersonalizationFields": ["PKPassPersonalizationFieldName"], "description": "Join"}`)
	}, problems.Warning, "personalization-logo", "personalization.json"},
	"a field key twice": {func(p *parts) { p.files["pass.json"] = replaced("]\n  }", `, {"key": "holder", "value": "x"}]`+"\n}") }, problems.Error, "duplicate-field-key", "pass.json:13:94 generic.primaryFields[1].key"},

	"a text without its semicolon": {func(p *parts) { p.files["de.lproj/pass.strings"] = []byte("\"Holder\" = \"Inhaberin\"\n") }, problems.Warning, "strings-form", "de.lproj/pass.strings:1:23"},
	"a text that nothing uses":     {func(p *parts) { p.files["de.lproj/pass.strings"] = []byte(`"Holder" = "Inhaberin"; "Seat" = "Platz";`) }, problems.Note, "strings-unused", "de.lproj/pass.strings"},
	"a text that a language lacks": {func(p *parts) {
		p.files["de.lproj/pass.strings"] = []byte(`"Holder" = "Inhaberin";`)
		p.files["fr.lproj/pass.strings"] = []byte("")
	}, problems.Warning, "strings-missing", "fr.lproj/pass.strings"},
	"a folder that is no language": {func(p *parts) { p.files["images/icon.png"] = icons()["icon.png"] }, problems.Warning, "folder", "images"},
	"a language that there is not": {func(p *parts) { p.files["123.lproj/pass.strings"] = []byte(`"Holder" = "x";`) }, problems.Warning, "language-unknown", "123.lproj"},
	"pass.strings at the top":      {func(p *parts) { p.files["pass.strings"] = []byte(`"Holder" = "x";`) }, problems.Warning, "strings-place", "pass.strings"},
}

func upper(m map[string]any) {
	for name, v := range m {
		s, _ := v.(string)
		b := []byte(s)
		for i, c := range b {
			if c >= 'a' {
				b[i] = c - 'a' + 'A'
			}
		}
		m[name] = string(b)
	}
}

func set(name string, v any) func(map[string]any) { return func(m map[string]any) { m[name] = v } }

func renamed(name, as string) func(map[string]any) {
	return func(m map[string]any) {
		m[as] = m[name]
		delete(m, name)
	}
}

func count(r *inspect.Report, s problems.Severity) int {
	n := 0
	for _, f := range everything(r) {
		if f.Severity == s {
			n++
		}
	}
	return n
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	o := options(t)
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			p := goodParts()
			m.edit(p)
			r := inspected(t, p.pack(t), o)
			f, ok := found(r, m.rule)
			if !ok || f.Severity != m.severity || f.Place() != m.place {
				t.Errorf("%s: got %s %q, want %s %q of %v", m.rule, f.Severity, f.Place(), m.severity, m.place, everything(r))
			}
			if want := count(r, problems.Error) > 0; (r.Code() == 1) != want || m.severity == problems.Error && !want {
				t.Errorf("code %d", r.Code())
			}
		})
	}
}
