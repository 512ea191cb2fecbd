package preview_test

import (
	"testing"

	"github.com/passhook/passhook/passes/preview"
)

func BenchmarkFront(b *testing.B) {
	for _, name := range []string{"boardingPass", "eventTicketBackground", "posterGeneric"} {
		p := sample(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := preview.Front(p, preview.Options{Scale: 2}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
