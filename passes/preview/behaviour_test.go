package preview_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/passes/preview"
	"github.com/passhook/passhook/passes/schema"
)

// scan reads the barcode in a picture, as a scanner does.
func scan(t *testing.T, img image.Image, reader gozxing.Reader) (string, error) {
	t.Helper()
	// The reader of Aztec codes wants the code in the middle.
	size := img.Bounds().Size()
	side := size.X * 3 / 4
	bottom := image.NewRGBA(image.Rect(0, 0, size.X, side))
	draw.Draw(bottom, bottom.Rect, img, image.Pt(0, size.Y-side+size.X/7), draw.Src)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(bottom)
	if err != nil {
		t.Fatal(err)
	}
	result, err := reader.Decode(bitmap, nil)
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}

// A scanner reads the barcode from the picture.
func TestBarcodeIsRead(t *testing.T) {
	for _, c := range []struct {
		sample string
		scale  int
		want   string
		reader gozxing.Reader
	}{
		{"eventTicket", 1, "hall-one-c24-7f3k9q2m", qrcode.NewQRCodeReader()},
		{"generic", 2, "LIB-1815-1210", qrcode.NewQRCodeReader()},
		{"boardingPass", 1, "M1LOVELACE/ADA       EK7QX2M HAMLISNW 0421 134Y014A0007 100", aztec.NewAztecReader()},
		{"coupon", 1, "SPRING25-0042", oned.NewCode128Reader()},
		{"coupon", 2, "SPRING25-0042", oned.NewCode128Reader()},
	} {
		img, err := preview.Front(sample(t, c.sample), preview.Options{Scale: c.scale})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := scan(t, img, c.reader); err != nil || got != c.want {
			t.Errorf("%s at scale %d is read as %q, %v", c.sample, c.scale, got, err)
		}
	}
}

// Nobody gets in with the picture of a void pass.
func TestVoidBarcodeIsNotRead(t *testing.T) {
	img, err := preview.Front(sample(t, "void"), preview.Options{Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := scan(t, img, qrcode.NewQRCodeReader()); err == nil {
		t.Errorf("a void pass is read as %q", got)
	}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if c := img.RGBAAt(x, y); c.R != c.G || c.G != c.B {
				t.Fatalf("at %d, %d a void pass has the colour %v", x, y, c)
			}
		}
	}
}

// The samples are passes that an iPhone takes.
func TestSamplesAreGoodPasses(t *testing.T) {
	for _, name := range sampleNames(t) {
		var pass map[string]any
		if err := json.Unmarshal(sample(t, name).JSON, &pass); err != nil {
			t.Fatal(name, err)
		}
		if err := schema.Check(pass, schema.Options{Unsigned: true}).Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSameInputSamePicture(t *testing.T) {
	p := sample(t, "eventTicketBackground")
	draw := func() []byte {
		img, err := preview.Both(p, preview.Options{Scale: 1})
		if err != nil {
			t.Error(err)
			return nil
		}
		return img.Pix
	}
	first := draw()
	again := make(chan []byte)
	for range 2 {
		go func() { again <- draw() }()
	}
	for range 2 {
		if !bytes.Equal(<-again, first) {
			t.Error("the same pass makes another picture")
		}
	}
}

// Sizes are the same at every scale, in points.
func TestScale(t *testing.T) {
	p := sample(t, "plain")
	for scale, want := range map[int]image.Point{0: {750, 976}, 1: {375, 488}, 2: {750, 976}, 3: {1125, 1464}} {
		img, err := preview.Front(p, preview.Options{Scale: scale})
		if err != nil || img.Rect.Size() != want {
			t.Errorf("at scale %d the front is %v, %v", scale, img.Rect, err)
		}
	}
}

// A pass with more than fits is higher; nothing is drawn over the barcode.
func TestHighFront(t *testing.T) {
	row := `[{"key":"a","label":"a","value":"b"}]`
	pass := fmt.Sprintf(`{"eventTicket":{"primaryFields":%[1]s,"secondaryFields":%[1]s,"auxiliaryFields":[{"key":"x","value":"y"},{"key":"z","row":1,"value":"y"}]},
		"barcodes":[{"format":"PKBarcodeFormatQR","message":%[2]q,"altText":"text"}]}`, row, strings.Repeat("long message ", 40))
	img, err := preview.Front(preview.Pass{JSON: []byte(pass)}, preview.Options{Scale: 1})
	if err != nil || img.Rect.Dy() < 488 {
		t.Fatal(err, img.Rect)
	}
	if got, err := scan(t, img, qrcode.NewQRCodeReader()); err != nil || !strings.HasPrefix(got, "long message ") {
		t.Errorf("the code is read as %q, %v", got, err)
	}
}

// bomb is the head of a PNG that says it is enormous.
func bomb(w, h uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	head[12], head[13] = 8, 6
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	return binary.BigEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head))
}

func TestMistakes(t *testing.T) {
	generic := []byte(`{"generic":{}}`)
	for _, c := range []struct {
		pass preview.Pass
		want string
	}{
		{preview.Pass{}, "pass.json cannot be read"},
		{preview.Pass{JSON: []byte(`[]`)}, "pass.json cannot be read"},
		{preview.Pass{JSON: []byte(`{}`)}, "pass.json has no style"},
		{preview.Pass{JSON: []byte(`{"generic":[]}`)}, "pass.json has no style"},
		{preview.Pass{JSON: generic, Files: map[string][]byte{"logo.png": []byte("text")}}, "logo.png cannot be read"},
		{preview.Pass{JSON: generic, Files: map[string][]byte{"logo@3x.png": bomb(100_000, 100_000)}}, "logo@3x.png has 100000 by 100000 pixels"},
		{preview.Pass{JSON: generic, Files: map[string][]byte{"logo.png": bomb(1<<31-1, 1<<31-1)}}, "logo.png cannot be read"},
		{preview.Pass{JSON: []byte(`{"generic":{},"barcode":{"format":"QR","message":"a"}}`)}, "QR is no barcode format"},
	} {
		if _, err := preview.Front(c.pass, preview.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v", c.pass.JSON, err)
		}
	}
}

// What is written as an odd type is left out.
func FuzzFront(f *testing.F) {
	for _, name := range sampleNames(f) {
		f.Add(sample(f, name).JSON, "en")
	}
	f.Add([]byte(`{"boardingPass":{"primaryFields":[{},1,null,{"value":null},{"value":[1]}],"headerFields":{},"transitType":3}}`), "xx-invalid-")
	f.Add([]byte(`{"coupon":{"primaryFields":[{"value":1e400,"currencyCode":"EUR"}]},"backgroundColor":3,"barcodes":[null,{"message":""}]}`), "ar")
	f.Add([]byte(`{"storeCard":{"primaryFields":[{"value":-0.5,"currencyCode":"JPY"},{"value":"x","dateStyle":"PKDateStyleShort"}]}}`), "de_CH")
	f.Add([]byte(`{"posterGeneric":{"primaryFields":[{"value":"2027-01-01T00:00Z","dateStyle":"PKDateStyleFull","isRelative":true}]},"voided":true}`), "")
	now := time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, pass []byte, lang string) {
		img, err := preview.Both(preview.Pass{JSON: pass, Language: lang}, preview.Options{Scale: 1, Now: now})
		if err == nil && (img.Rect.Dx() != 770 || img.Rect.Dy() < 488 || img.Rect.Dy() > 3200) {
			t.Errorf("the picture is %v", img.Rect)
		}
	})
}

// gozxing reads no PDF417; ZXing does.
func TestPDF417IsRead(t *testing.T) {
	program := passtest.Program(t, "ZXingReader", "zxing-cpp-tools")
	img, err := preview.Front(sample(t, "storeCard"), preview.Options{Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pass.png")
	write(t, file, encoded(t, img))
	out, err := exec.Command(program, "-format", "PDF417", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "THIRDCUP-88120-1280") {
		t.Errorf("read as %s, %v", out, err)
	}
}
