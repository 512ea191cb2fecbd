package inspect_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/inspect"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/problems"
)

// goodPass is a pass with nothing to find.
const goodPass = `{
  "formatVersion": 1,
  "passTypeIdentifier": "pass.com.example.test",
  "teamIdentifier": "TEAM123456",
  "serialNumber": "A1",
  "organizationName": "Hall One",
  "description": "Concert ticket",
  "backgroundColor": "rgb(23, 42, 70)",
  "foregroundColor": "rgb(255, 255, 255)",
  "labelColor": "rgb(200, 210, 230)",
  "barcodes": [{"format": "PKBarcodeFormatQR", "message": "A1", "messageEncoding": "iso-8859-1"}],
  "generic": {
    "primaryFields": [{"key": "holder", "label": "Holder", "value": "Ada Lovelace"}]
  }
}
`

// parts are the files of a package before it is made. A file that the edit of a
// test does not touch is what a good pass has.
type parts struct {
	files map[string][]byte
	// manifest changes manifest.json before it is signed.
	manifest func(map[string]any)
	// sign makes the signature; nil is as it should be.
	sign func(t testing.TB, manifest []byte) []byte
	at   time.Time
	// late are files that are changed after signing; nil takes one out.
	late map[string][]byte
}

var icons = sync.OnceValue(func() map[string][]byte {
	out := map[string][]byte{}
	for name, side := range map[string]int{"icon.png": 38, "icon@2x.png": 76, "icon@3x.png": 114} {
		img := image.NewRGBA(image.Rect(0, 0, side, side))
		for i := range side * side {
			img.Set(i%side, i/side, color.RGBA{uint8(i), uint8(i >> 3), 90, 255})
		}
		var b bytes.Buffer
		if png.Encode(&b, img) == nil {
			out[name] = b.Bytes()
		}
	}
	return out
})

func goodParts() *parts {
	files := maps.Clone(icons())
	files["pass.json"] = []byte(goodPass)
	return &parts{files: files, at: passtest.Now.Add(-time.Minute), late: map[string][]byte{}}
}

// sign is how a pass is signed that is as it should be.
func sign(t testing.TB, manifest []byte, at time.Time) []byte {
	t.Helper()
	ca, issued := passtest.Apple(t)
	ring, found := certificates.Load([]certificates.Config{{Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM())}}, passtest.Now)
	if found.Err() != nil {
		t.Fatal(found)
	}
	c, err := ring.Find(passtest.PassType)
	if err != nil {
		t.Fatal(err)
	}
	der, err := c.Sign(manifest, at)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// all are the files of the package.
func (p *parts) all(t testing.TB) map[string][]byte {
	t.Helper()
	sums := map[string]any{}
	for name, b := range p.files {
		sum := sha1.Sum(b)
		sums[name] = hex.EncodeToString(sum[:])
	}
	if p.manifest != nil {
		p.manifest(sums)
	}
	manifest, err := json.Marshal(sums)
	if err != nil {
		t.Fatal(err)
	}
	out := maps.Clone(p.files)
	out["manifest.json"] = manifest
	if p.sign != nil {
		out["signature"] = p.sign(t, manifest)
	} else {
		out["signature"] = sign(t, manifest, p.at)
	}
	for name, b := range p.late {
		if out[name] = b; b == nil {
			delete(out, name)
		}
	}
	return out
}

func (p *parts) pack(t testing.TB) []byte { return zipped(t, p.all(t)) }

// zipped packs files in the order of their names.
func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		addEntry(t, z, &zip.FileHeader{Name: name, Method: zip.Deflate}, files[name])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addEntry(t testing.TB, z *zip.Writer, h *zip.FileHeader, content []byte) {
	t.Helper()
	w, err := z.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
}

// options trust the stand-in for Apple.
func options(t testing.TB) inspect.Options {
	t.Helper()
	ca, _ := passtest.Apple(t)
	content, found := certificates.Read(ca.RootPEM(), "")
	if len(found) > 0 {
		t.Fatal(found)
	}
	return inspect.Options{Roots: content.Certificates, Now: passtest.Now}
}

func inspected(t testing.TB, pkg []byte, o inspect.Options) *inspect.Report {
	t.Helper()
	return inspect.File(bytes.NewReader(pkg), int64(len(pkg)), o)
}

func everything(r *inspect.Report) problems.List {
	out := slices.Clone(r.Findings)
	for _, p := range r.Passes {
		out = append(out, p.Findings...)
	}
	return out
}

// found is the first finding of a rule.
func found(r *inspect.Report, rule string) (problems.Problem, bool) {
	for _, f := range everything(r) {
		if f.Rule == rule {
			return f, true
		}
	}
	return problems.Problem{}, false
}

func text(t testing.TB, r *inspect.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func replaced(old, with string) []byte { return []byte(strings.Replace(goodPass, old, with, 1)) }

func parsed(t testing.TB, pem []byte) *x509.Certificate {
	t.Helper()
	content, problems := certificates.Read(pem, "")
	if len(problems) > 0 || len(content.Certificates) == 0 {
		t.Fatal("no certificate", problems)
	}
	return content.Certificates[0]
}
