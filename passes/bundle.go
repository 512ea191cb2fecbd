package passes

import (
	"archive/zip"
	"fmt"
	"io"
)

// BundleType is the media type of a bundle, .pkpasses: several packages in one
// file, which Safari adds to Wallet with one tap.
// https://developer.apple.com/documentation/walletpasses/distributing-and-updating-a-pass
const BundleType = "application/vnd.apple.pkpasses"

// Limits of one bundle.
const (
	MaxBundled     = 10
	MaxBundleBytes = 150_000_000
)

// Bundles splits packages into as few bundles as Wallet allows, in their order.
// What only has the size of its package, as PackageSize gives it, is split like
// the packages themselves.
func Bundles[P interface{ Size() int64 }](packages []P) [][]P {
	var out [][]P
	size := int64(0)
	for _, p := range packages {
		n := p.Size() + bundleOverhead
		last := len(out) - 1
		if last < 0 || len(out[last]) == MaxBundled || size+n > MaxBundleBytes {
			out, size = append(out, nil), 0
			last++
		}
		out[last] = append(out[last], p)
		size += n
	}
	return out
}

// bundleOverhead is more than what one package costs in a bundle beside its
// bytes.
const bundleOverhead = 512

// WriteBundle writes one bundle. Equal packages give equal bytes.
func WriteBundle(w io.Writer, packages []*Package) error {
	if len(packages) == 0 || len(packages) > MaxBundled {
		return fmt.Errorf("a bundle has 1 to %d passes, not %d", MaxBundled, len(packages))
	}
	z := zip.NewWriter(w)
	for i, p := range packages {
		h := &zip.FileHeader{Name: fmt.Sprintf("%02d.pkpass", i+1), Method: zip.Store}
		h.SetMode(0o644)
		h.ModifiedDate = dosDate //nolint:staticcheck // Modified would add an extra field to every entry
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := p.WriteTo(f); err != nil {
			return err
		}
	}
	return z.Close()
}
