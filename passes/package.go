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
	// archive is how every package begins, the entries, and then free room.
	archive []byte
	// size is what the entries take of archive, directory what they take in
	// the directory at the end of a package.
	size, directory int
}

// room is as much as nearly all packages have beside the template's files, in
// bytes.
const room = 64 << 10

func newStatic(entries []entry) (*static, error) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	s := &static{entries: entries}
	var m strings.Builder
	m.WriteByte('{')
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		m.WriteString(strconv.Quote(e.name) + `:"` + e.sha1 + `",`)
		s.directory += zipOverhead + len(e.name)
		if err := e.store(z); err != nil {
			return nil, err
		}
	}
	s.manifest = m.String() + `"pass.json":"`
	if err := z.Flush(); err != nil {
		return nil, err
	}
	s.size = b.Len()
	s.archive = append(b.Bytes(), make([]byte, room)...)
	return s, nil
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
	if t.Certificate == nil {
		return nil, errors.New("the template was loaded without a certificate")
	}
	pass := newEntry(passFile, r.JSON)
	manifest := newEntry("manifest.json", []byte(t.static.manifest+pass.sha1+`"}`))
	der, err := t.Certificate.signer.sign(manifest.data, p.Updated)
	if err != nil {
		return nil, err
	}
	signature := entry{name: "signature", data: der, crc: crc32.ChecksumIEEE(der)}
	b := t.static.begin(len(pass.data) + len(manifest.data) + len(der) + 3*(zipOverhead+32) + 22)
	z := zip.NewWriter(b)
	for _, list := range [][]entry{t.static.entries, {pass, manifest, signature}} {
		for _, e := range list {
			if err := e.store(z); err != nil {
				return nil, err
			}
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.bytes, nil
}

// begin is a package that has the template's files, and room for n bytes and
// the directory. Go copies memory without clearing it first, so that this is
// twice as fast as writing the files into an empty buffer.
func (s *static) begin(n int) *begun {
	end := min(s.size+s.directory+n, len(s.archive))
	return &begun{bytes.Clone(s.archive[:end])[:s.size], s.size}
}

// begun is a file whose first bytes are there already; writing them again does
// nothing.
type begun struct {
	bytes []byte
	skip  int
}

func (b *begun) Write(p []byte) (int, error) {
	n := min(b.skip, len(p))
	b.skip -= n
	b.bytes = append(b.bytes, p[n:]...)
	return len(p), nil
}

// store adds the entry as it is. PNGs are compressed already, and the rest is
// small.
func (e entry) store(z *zip.Writer) error {
	h := &zip.FileHeader{Name: e.name, Method: zip.Store, CRC32: e.crc, CompressedSize64: uint64(len(e.data)), UncompressedSize64: uint64(len(e.data))}
	h.SetMode(0o644)
	h.ModifiedDate = dosDate
	w, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(e.data)
	return err
}
