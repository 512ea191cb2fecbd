package preview_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/preview"
)

func packed(t *testing.T, files map[string][]byte) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// A package is drawn as its files are.
func TestOpen(t *testing.T) {
	want := sample(t, "eventTicketBackground")
	r := packed(t, map[string][]byte{
		"pass.json": want.JSON, "background@2x.png": want.Files["background@2x.png"], "thumbnail@2x.png": want.Files["thumbnail@2x.png"],
		"icon@2x.png": want.Files["icon@2x.png"], "de.lproj/pass.strings": want.Files["de.lproj/pass.strings"], "signature": []byte("none"),
	})
	p, err := preview.Open(r, r.Size(), "de")
	if err != nil {
		t.Fatal(err)
	}
	a, err := preview.Both(p, preview.Options{Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := preview.Both(want, preview.Options{Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Error("the package is drawn differently from its files")
	}
	if p.Files["signature"] != nil {
		t.Error("the signature is read")
	}
}

func TestOpenMistakes(t *testing.T) {
	text := bytes.NewReader([]byte("text"))
	if _, err := preview.Open(text, text.Size(), ""); err == nil || !strings.Contains(err.Error(), "is no package") {
		t.Error(err)
	}
	empty := packed(t, map[string][]byte{"icon.png": nil})
	if _, err := preview.Open(empty, empty.Size(), ""); err == nil || !strings.Contains(err.Error(), "has no pass.json") {
		t.Error(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.CreateRaw(&zip.FileHeader{Name: "logo.png", UncompressedSize64: 65 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	bomb := bytes.NewReader(b.Bytes())
	if _, err := preview.Open(bomb, bomb.Size(), ""); err == nil || !strings.Contains(err.Error(), "unpacked") {
		t.Error(err)
	}
}
