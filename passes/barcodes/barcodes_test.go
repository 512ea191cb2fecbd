package barcodes_test

import (
	"errors"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/barcodes"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/problems"
)

const (
	qr      = "PKBarcodeFormatQR"
	pdf417  = "PKBarcodeFormatPDF417"
	aztec   = "PKBarcodeFormatAztec"
	code128 = "PKBarcodeFormatCode128"
	code39  = "PKBarcodeFormatCode39"
	codabar = "PKBarcodeFormatCodabar"
	ean13   = "PKBarcodeFormatEAN13"
	i2of5   = "PKBarcodeFormatI2of5"
)

func TestCheck(t *testing.T) {
	for _, tc := range []struct{ name, format, message, charset, want string }{
		{"a serial number", qr, "4hn2xnqw7b3yj5k6c8t9za", "iso-8859-1", ""},
		{"UTF-8", qr, "Zoë ☕", "utf-8", ""},
		{"Latin-1", pdf417, "Zoë", "iso-8859-1", ""},
		{"no Latin-1", qr, "☕", "iso-8859-1", "messageEncoding: the message has characters that iso-8859-1 does not have"},
		{"an unknown character set", qr, "a", "klingon", "messageEncoding: the message klingon is no character set that is known here"},
		{"too long", qr, strings.Repeat("a", 2400), "utf-8", "message: has 2400 bytes, and QR holds about 2331"},
		{"too fine", aztec, strings.Repeat("a", 600), "utf-8", "message: warning: has 600 bytes, and from 501 on Aztec is too fine"},
		{"Code 128", code128, "AB-123 xyz", "", ""},
		{"Code 128 with an umlaut", code128, "Grün", "utf-8", `message: "Grün" does not fit into Code 128`},
		{"long Code 128", code128, strings.Repeat("1a", 20), "", "message: warning: has 40 bytes"},
		{"Code 39", code39, "AB-123", "", ""},
		{"Code 39 in small letters", code39, "ab-123", "", "write AB-123"},
		{"Codabar", codabar, "A1234B", "", ""},
		{"Codabar with text", codabar, "AHELLOB", "", "holds digits and"},
		{"EAN", ean13, "4006381333931", "", ""},
		{"EAN with a wrong check digit", ean13, "4006381333930", "", "message: 4006381333930 ends in 0, and the check digit of the others is 1"},
		{"EAN without its check digit", ean13, "400638133393", "", "write 4006381333931"},
		{"ITF", i2of5, "123456", "", ""},
		{"ITF of odd length", i2of5, "12345", "", "write 012345"},
		{"an unknown format", "QR", "x", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := lines(barcodes.Check(tc.format, tc.message, tc.charset))
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func lines(found problems.List) string {
	var out []string
	for _, f := range found {
		out = append(out, f.String())
	}
	return strings.Join(out, "\n")
}

// What is drawn is read again, for messages of every kind that fits.
func TestWhatIsDrawnIsRead(t *testing.T) {
	const letters, latin, wide = "ABCxyz019 -.:/", "ÄéßñZ9", "é☕漢Ж🎟"
	for _, tc := range []struct {
		name, format, charset, from string
		lengths                     []int
	}{
		{"QR, ASCII", qr, "iso-8859-1", letters, []int{1, 22, 100, 500}},
		{"QR, digits", qr, "iso-8859-1", "0123456789", []int{1, 13, 200}},
		{"QR, Latin-1", qr, "iso-8859-1", latin, []int{1, 22, 100}},
		{"QR, UTF-8", qr, "utf-8", wide, []int{1, 22, 80}},
		{"Aztec, ASCII", aztec, "iso-8859-1", letters, []int{1, 22, 100, 300}},
		{"Code 128", code128, "", letters, []int{1, 12, 30}},
		{"Code 39", code39, "", "ABC019-. $/+%", []int{1, 9, 16}},
		{"Codabar", codabar, "", "0123456789-$:/.+", []int{3, 12}},
		{"ITF", i2of5, "", "0123456789", []int{6, 14}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's dice
			from := []rune(tc.from)
			for _, n := range tc.lengths {
				message := make([]rune, n)
				for i := range message {
					message[i] = from[random.IntN(len(from))]
				}
				if err := barcodes.Verify(tc.format, string(message), tc.charset); err != nil {
					t.Errorf("%q: %v", string(message), err)
				}
			}
		})
	}
	t.Run("EAN-13", func(t *testing.T) {
		if err := barcodes.Verify(ean13, "4006381333931", ""); err != nil {
			t.Error(err)
		}
	})
	t.Run("PDF417 has no decoder", func(t *testing.T) {
		if err := barcodes.Verify(pdf417, "hello", ""); !errors.Is(err, barcodes.ErrNoDecoder) {
			t.Error(err)
		}
	})
}

// ZXing, another program, reads what there is no decoder for here.
func TestZXingReadsWhatIsDrawn(t *testing.T) {
	program := passtest.Program(t, "ZXingReader", "zxing-cpp-tools")
	for _, tc := range []struct{ format, message string }{
		{pdf417, "M1LOVELACE/ADA        E7F3K9Q HAMLISNW 0421 134Y014A0001 100"},
		{pdf417, "4hn2xnqw7b3yj5k6c8t9za"},
		{pdf417, "a serial number: 4hn2xnqw7b3yj5k6c8t9za and more"}, {pdf417, "HELLO"}, {pdf417, "0123456789"},
		{aztec, "4hn2xnqw7b3yj5k6c8t9za"},
		{qr, "4hn2xnqw7b3yj5k6c8t9za"},
	} {
		m, err := barcodes.Draw(tc.format, tc.message, "")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "code.png")
		f, err := os.Create(file) //nolint:gosec // a test's own path
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, barcodes.Enlarged(m)), f.Close()); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "-bytes", file).Output() //nolint:gosec // found above
		if err != nil || string(out) != tc.message {
			t.Errorf("%s: ZXing reads %q, %v; want %q", tc.format, out, err, tc.message)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add(qr, "Zoë ☕", "utf-8")
	f.Add(codabar, "A1B", "")
	f.Add(pdf417, "\xff", "iso-8859-1")
	f.Fuzz(func(t *testing.T, format, message, charset string) {
		if len(message) > 300 {
			return
		}
		bad := barcodes.Check(format, message, charset).Err() != nil
		if _, known := barcodes.Lookup(format); !known || message == "" {
			return
		}
		if _, err := barcodes.Draw(format, message, charset); err != nil && !bad {
			t.Errorf("%s %q %q is good, and cannot be drawn: %v", format, message, charset, err)
		}
	})
}
