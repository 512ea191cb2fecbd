package preview_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/passhook/passhook/passes/preview"
)

var update = flag.Bool("update", false, "write the pictures that the tests compare with")

// Every sample is drawn as its picture in testdata/golden.
func TestPictures(t *testing.T) {
	for _, name := range sampleNames(t) {
		t.Run(name, func(t *testing.T) {
			img, err := preview.Both(sample(t, name), preview.Options{Scale: 1})
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", name+".png")
			if *update {
				write(t, golden, encoded(t, img))
			}
			b, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, img, b)
		})
	}
}

// The pictures of the README.
func TestDocsPictures(t *testing.T) {
	const most = 80_000 // bytes
	for _, name := range []string{"boardingPass", "coupon", "eventTicket", "generic", "storeCard", "posterGeneric"} {
		img, err := preview.Front(sample(t, name), preview.Options{Scale: 2})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", "..", "docs", "previews", name+".png")
		if *update {
			write(t, file, encoded(t, img))
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, img, b)
		if len(b) > most {
			t.Errorf("%s has %d bytes; the most is %d", file, len(b), most)
		}
	}
}
