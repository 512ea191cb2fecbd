package passes_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/passhook/passhook/passes"
)

func TestBundlesAreSplitAtTenPassesAndAt150MB(t *testing.T) {
	small, large := passes.PackageOf([]byte("PK")), passes.PackageOf(make([]byte, 60_000_000))
	for _, tc := range []struct {
		name string
		in   []*passes.Package
		want string
	}{
		{"none", nil, "[]"},
		{"ten", repeat(small, 10), "[10]"},
		{"eleven", repeat(small, 11), "[10 1]"},
		{"large ones", repeat(large, 5), "[2 2 1]"},
		{"a large one among small ones", append(repeat(large, 2), append(repeat(small, 9), large)...), "[10 2]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sizes []sized
			for _, p := range tc.in {
				sizes = append(sizes, sized(p.Size()))
			}
			if a, b := lengths(passes.Bundles(tc.in)), lengths(passes.Bundles(sizes)); a != tc.want || b != tc.want {
				t.Errorf("packages are split into %s, their sizes into %s, want %s", a, b, tc.want)
			}
		})
	}
}

// lengths are how many passes each bundle has.
func lengths[P any](bundles [][]P) string {
	out := []int{}
	for _, b := range bundles {
		out = append(out, len(b))
	}
	return fmt.Sprint(out)
}

func repeat(p *passes.Package, n int) []*passes.Package {
	out := make([]*passes.Package, n)
	for i := range out {
		out[i] = p
	}
	return out
}

func TestABundleHoldsItsPackages(t *testing.T) {
	var first, second bytes.Buffer
	in := []*passes.Package{passes.PackageOf([]byte("one")), passes.PackageOf([]byte("two"))}
	if err := passes.WriteBundle(&first, in); err != nil {
		t.Fatal(err)
	}
	if err := passes.WriteBundle(&second, in); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the bundles differ, %v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil || len(z.File) != 2 {
		t.Fatalf("%v", err)
	}
	for i, want := range []string{"one", "two"} {
		f, err := z.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != want || z.File[i].Name != fmt.Sprintf("%02d.pkpass", i+1) {
			t.Errorf("%s holds %q, %v", z.File[i].Name, b, err)
		}
	}
	for _, n := range []int{0, 11} {
		if err := passes.WriteBundle(io.Discard, repeat(in[0], n)); err == nil {
			t.Errorf("a bundle of %d passes was written", n)
		}
	}
}
