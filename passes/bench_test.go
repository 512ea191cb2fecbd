package passes_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/passtest"
)

// An event ticket with about 350 kB of images, rendered, packed and signed.
//
// of-raw is the share of the time that RSA itself takes: a signature of
// crypto/rsa with the same key, against a package, made and written; 1 would be
// a package for nothing. The budget is 0.95 or more. of-raw-copied is the same
// with the package copied into memory of its own, 350 kB each. B-beyond is what
// is allocated for a package that is not copied; the budget is 32 kB.
func BenchmarkPackage(b *testing.B) {
	template, p := ticket(b)
	_, issued := passtest.Apple(b)
	n := 0
	one := func() *passes.Package {
		n++
		p.Serial = fmt.Sprintf("4HN2XNQW7B3YJ5K6%06d", n)
		r, err := template.Render(p)
		if err != nil {
			b.Fatal(err)
		}
		pkg, err := template.Package(p, r, now)
		if err != nil {
			b.Fatal(err)
		}
		return pkg
	}
	written := func() { _, _ = one().WriteTo(io.Discard) }
	copied := func() { one().Bytes() }
	digest := sha256.Sum256([]byte("manifest"))
	raw := func() {
		if _, err := rsa.SignPKCS1v15(nil, issued.Key, crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
	for _, f := range []func(){written, copied, raw} {
		f() // warm
	}
	if err := passes.Verify(one().Bytes(), roots(b), now); err != nil {
		b.Fatal(err)
	}
	ofCopied, ofWritten, beyond := ofRaw(copied, raw), ofRaw(written, raw), allocated(written)
	for b.Loop() {
		written()
	}
	b.ReportMetric(ofCopied, "of-raw-copied")
	b.ReportMetric(ofWritten, "of-raw")
	b.ReportMetric(float64(beyond), "B-beyond")
}

// Rounds of the comparison. Within a round the two take turns, so that both
// see the same machine.
const (
	rounds   = 5
	turns    = 10
	perTurn  = 15
	perRound = turns * perTurn
)

// ofRaw is the median of the rounds.
func ofRaw(one, raw func()) float64 {
	var ratios [rounds]float64
	for i := range ratios {
		var ours, theirs time.Duration
		for range turns {
			ours += timed(one)
			theirs += timed(raw)
		}
		ratios[i] = float64(theirs) / float64(ours)
	}
	slices.Sort(ratios[:])
	return ratios[rounds/2]
}

func timed(f func()) time.Duration {
	begin := time.Now()
	for range perTurn {
		f()
	}
	return time.Since(begin)
}

// allocated is how many bytes one call of f allocates.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range perRound {
		f()
	}
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc-before.TotalAlloc) / perRound //nolint:gosec // far below the limit
}

// ticket is a template as people make them. Its images are noise, which PNG
// cannot make smaller.
func ticket(b *testing.B) (*passes.Template, passes.Pass) {
	b.Helper()
	content := map[string]string{
		"pass.json": `{
			"organizationName": "Hall One", "description": "Ticket for ${{ show }}", "relevantDate": "${{ doors }}",
			"backgroundColor": "#172a46", "foregroundColor": "rgb(255, 255, 255)", "labelColor": "rgb(200, 200, 200)", "logoText": "Hall One",
			"barcodes": [{"format": "PKBarcodeFormatQR", "message": "${{ serial }}", "altText": "${{ serial }}"}],
			"eventTicket": {
				"headerFields": [{"key": "seat", "label": "Seat", "value": "${{ seat }}"}],
				"primaryFields": [{"key": "show", "label": "Show", "value": "${{ show }}"}],
				"secondaryFields": [{"key": "doors", "label": "Doors", "value": "${{ doors }}", "dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleShort"}],
				"auxiliaryFields": [{"key": "holder", "label": "Name", "value": "${{ holder }}"}, {"key": "note", "label": "Note", "value": "${{ note }}"}],
				"backFields": [{"key": "link", "label": "Your ticket", "value": "${{ link }}"}, {"key": "terms", "label": "Terms", "value": "No refunds on the day of the show."}]
			}}`,
		"template.yaml":         "inputs: {holder: {required: true}, show: {}, seat: {}, doors: {type: time}, note: {}}\nmail: {subject: 'Your ticket for ${{ show }}'}\n",
		"de.lproj/pass.strings": `"Seat" = "Platz"; "Doors" = "Einlass";`,
	}
	for name, size := range map[string]image.Point{
		"icon.png": {38, 38}, "icon@2x.png": {76, 76}, "icon@3x.png": {114, 114}, "logo.png": {160, 50}, "logo@2x.png": {320, 100},
		"thumbnail.png": {90, 90}, "thumbnail@2x.png": {180, 180}, "background.png": {120, 140},
	} {
		content[name] = string(encodePNG(noise(size)))
	}
	p := onePass
	p.Inputs = map[string]any{"holder": "Ada Lovelace", "show": "The Difference Engine", "seat": "Row 4, 12", "doors": "2026-12-31T20:00:00+01:00", "note": nil}
	return load(b, files(content), passes.Settings{Keyring: keyring(b)}), p
}

// noise is opaque, so that PNG stores three bytes a pixel.
func noise(size image.Point) image.Image {
	m := image.NewRGBA(image.Rectangle{Max: size})
	source := rand.NewChaCha8([32]byte{}) // the same every time
	_, _ = source.Read(m.Pix)
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 0xff
	}
	return m
}
