package passes

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha1" //nolint:gosec // PassKit's manifest is SHA-1
	"encoding/hex"
	"errors"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// entry is one file of a package, with its sums made once.
type entry struct {
	name string
	data []byte
	sha1 string
	crc  uint32
}

func newEntry(name string, data []byte) entry {
	sum := sha1.Sum(data) //nolint:gosec // as above
	return entry{name, data, hex.EncodeToString(sum[:]), crc32.ChecksumIEEE(data)}
}

// static is what all packages of a template share.
type static struct {
	entries []entry
	// manifest is manifest.json up to the sum of pass.json.
	manifest string
	// size is about what the entries take in a package.
	size int
}

func newStatic(entries []entry) *static {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	s := &static{entries: entries}
	var m strings.Builder
	m.WriteByte('{')
	for _, e := range entries {
		m.WriteString(strconv.Quote(e.name) + `:"` + e.sha1 + `",`)
		s.size += len(e.data) + zipOverhead + 2*len(e.name)
	}
	s.manifest = m.String() + `"pass.json":"`
	return s
}

// zipOverhead is what an entry costs beside its name and data, in bytes.
const zipOverhead = 30 + 46

// dosDate is the date of all entries, 1980-01-01, as MS-DOS writes it: packages
// with the same content are the same.
const dosDate = 1<<5 | 1

// Package packs and signs what Render made of the same pass. The package is a
// function of both, the template's files and its certificate: equal input gives
// equal bytes.
func (t *Template) Package(p Pass, r *Rendered) ([]byte, error) {
	return t.AppendPackage(nil, p, r)
}

// AppendPackage appends the package to dst, which may have room already: who
// makes many packages, one after the other, saves most of what a package costs
// beside its signature.
func (t *Template) AppendPackage(dst []byte, p Pass, r *Rendered) ([]byte, error) {
	if t.Certificate == nil {
		return nil, errors.New("the template was loaded without a certificate")
	}
	pass := newEntry(passFile, r.JSON)
	manifest := newEntry("manifest.json", []byte(t.static.manifest+pass.sha1+`"}`))
	der, err := t.Certificate.Sign(manifest.data, p.Updated)
	if err != nil {
		return nil, err
	}
	signature := entry{name: "signature", data: der, crc: crc32.ChecksumIEEE(der)}
	own := len(pass.data) + len(manifest.data) + len(der) + 3*(zipOverhead+32) + 22
	b := bytes.NewBuffer(slices.Grow(dst, t.static.size+own))
	z := zip.NewWriter(b)
	for _, list := range [][]entry{{pass, manifest, signature}, t.static.entries} {
		for _, e := range list {
			if err := e.store(z); err != nil {
				return nil, err
			}
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// store adds the entry as it is. PNGs are compressed already, and the rest is
// small.
func (e entry) store(z *zip.Writer) error {
	h := &zip.FileHeader{Name: e.name, Method: zip.Store, CRC32: e.crc, CompressedSize64: uint64(len(e.data)), UncompressedSize64: uint64(len(e.data))}
	h.SetMode(0o644)
	h.ModifiedDate = dosDate //nolint:staticcheck // Modified would add an extra field to every entry
	w, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(e.data)
	return err
}
