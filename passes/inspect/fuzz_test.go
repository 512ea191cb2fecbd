package inspect_test

import (
	"bytes"
	"testing"

	"github.com/passhook/passhook/passes/inspect"
	"github.com/passhook/passhook/passes/passtest"
)

// Whatever a file is: inspect ends, says the same again, and prints it.
func FuzzFile(f *testing.F) {
	o := options(f)
	small := goodParts()
	small.files = map[string][]byte{"pass.json": []byte(goodPass), "icon.png": pngOf(38, 38), "de.lproj/pass.strings": []byte(`"Holder" = "Inhaberin";`)}
	f.Add(small.pack(f))
	f.Add(bundleOf(f, map[string][]byte{"a.pkpass": small.pack(f)}))
	f.Add(entries(f, nil, "pass.json", "../x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := inspected(t, b, o)
		if again := inspected(t, b, o); text(t, r) != text(t, again) {
			t.Errorf("%s\n%s", text(t, r), text(t, again))
		}
	})
}

// Whatever pass.json, a language's texts and the manifest are.
func FuzzContent(f *testing.F) {
	o := inspect.Options{Now: passtest.Now}
	f.Add([]byte(goodPass), []byte(`"Holder" = "Inhaberin";`), []byte(`{"pass.json": "00"}`))
	f.Add([]byte("\xff\xfe{\x00}\x00"), []byte("\xff\xfe\"\x00"), []byte("[]"))
	f.Add([]byte("// x\n{'a': [1,,], \"b\": NaN \"c\\u12\"}"), []byte("a = b; /*"), []byte(`{"a":1,"a":"x",}`))
	f.Fuzz(func(t *testing.T, pass, strings, manifest []byte) {
		pkg := zipped(t, map[string][]byte{"pass.json": pass, "de.lproj/pass.strings": strings, "manifest.json": manifest, "personalization.json": pass})
		r := inspected(t, pkg, o)
		_ = text(t, r)
		for _, finding := range everything(r) {
			lines := bytes.Count(pass, []byte("\n")) + bytes.Count(strings, []byte("\n")) + bytes.Count(manifest, []byte("\n"))
			if finding.Line > 2*lines+len(pass)+len(strings)+len(manifest)+1 || finding.Line > 0 && finding.Column < 1 {
				t.Errorf("%v", finding)
			}
		}
	})
}

// Whatever a signature is: only what is signed verifies.
func FuzzSignature(f *testing.F) {
	a := newAuthority(f, passtest.Now)
	for name, s := range signatures {
		if name == "RSA" || name == "the plain RSA algorithm" {
			continue // Their keys are slow to make.
		}
		h := byHand(f, a, []byte(manifestOfSignatures))
		s.edit(f, h)
		f.Add(h.make(f))
	}
	o := a.options()
	f.Fuzz(func(t *testing.T, b []byte) {
		r := inspected(t, signedFiles(t, b), o)
		_ = text(t, r)
	})
}
