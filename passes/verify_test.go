package passes_test

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/passtest"
)

// An image that anyone touched after signing must not pass, nor anything else.
func TestVerifyRefusesWhatWasChanged(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: keyring(t)})
	entries := unzip(t, pack(t, template, onePass))
	if err := passes.Verify(zipped(t, entries), roots(t), now); err != nil {
		t.Fatalf("packed again without a change: %v", err)
	}
	for name, data := range entries {
		places := []int{0, len(data) / 2, len(data) - 1}
		for _, at := range places {
			t.Run(fmt.Sprintf("byte %d of %s", at, name), func(t *testing.T) {
				changed := maps.Clone(entries)
				changed[name] = bytes.Clone(data)
				changed[name][at] ^= 1
				if passes.Verify(zipped(t, changed), roots(t), now) == nil {
					t.Error("was accepted")
				}
			})
		}
		t.Run("without "+name, func(t *testing.T) {
			less := maps.Clone(entries)
			delete(less, name)
			if passes.Verify(zipped(t, less), roots(t), now) == nil {
				t.Error("was accepted")
			}
		})
	}
	t.Run("with one file more", func(t *testing.T) {
		more := maps.Clone(entries)
		more["logo.png"] = icon
		if passes.Verify(zipped(t, more), roots(t), now) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("with one file twice", func(t *testing.T) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, list := range []map[string][]byte{entries, {"icon.png": icon}} {
			addTo(t, z, list)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if passes.Verify(b.Bytes(), roots(t), now) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("by another root", func(t *testing.T) {
		if passes.Verify(zipped(t, entries), x509.NewCertPool(), now) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("after the certificate expired", func(t *testing.T) {
		if passes.Verify(zipped(t, entries), roots(t), now.AddDate(2, 0, 0)) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("no package", func(t *testing.T) {
		if passes.Verify([]byte("PK"), roots(t), now) == nil {
			t.Error("was accepted")
		}
	})
}

// Every byte of the file itself counts, as far as it is content.
func TestVerifyRefusesFlippedBytes(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: keyring(t)})
	pkg := pack(t, template, onePass)
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	pool := roots(t)
	for _, f := range z.File {
		begin, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		for at := begin; at < begin+int64(f.CompressedSize64); at++ {
			pkg[at] ^= 1
			if passes.Verify(pkg, pool, now) == nil {
				t.Errorf("%s: accepted with another byte %d", f.Name, at-begin)
			}
			pkg[at] ^= 1
		}
	}
}

func roots(t testing.TB) *x509.CertPool {
	t.Helper()
	ca, _ := passtest.Apple(t)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.RootPEM()) {
		t.Fatal("the root is no certificate")
	}
	return pool
}

func unzip(t testing.TB, pkg []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if sum := crc32.ChecksumIEEE(out[f.Name]); sum != f.CRC32 {
			t.Errorf("%s has the checksum %x, want %x", f.Name, f.CRC32, sum)
		}
	}
	return out
}

// zipped packs entries with checksums that fit.
func zipped(t testing.TB, entries map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	addTo(t, z, entries)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addTo(t testing.TB, z *zip.Writer, entries map[string][]byte) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(entries[name]); err != nil {
			t.Fatal(err)
		}
	}
}
