package passes

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha1" //nolint:gosec // PassKit's manifest is SHA-1
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// entry is one file of a package, with its sums made once.
type entry struct {
	name string
	data []byte
	sha1 string
	crc  uint32
}

func newEntry(name string, data []byte) entry {
	e := unlisted(name, data)
	sum := sha1.Sum(data) //nolint:gosec // as above
	e.sha1 = hex.EncodeToString(sum[:])
	return e
}

// unlisted is an entry that the manifest does not name.
func unlisted(name string, data []byte) entry {
	return entry{name: name, data: data, crc: crc32.ChecksumIEEE(data)}
}

// static is what all packages of a template share: its files, packed once.
type static struct {
	// packed are the files as a ZIP archive has them, and directory is what
	// stands about them in its central directory.
	packed, directory []byte
	count             int
	// beside is what an archive takes beside the files' bytes: for those of a
	// package's own, and for its end.
	beside int
	// manifest is manifest.json up to the sum of pass.json.
	manifest string
}

func newStatic(entries []entry) (*static, error) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	s := &static{count: len(entries)}
	var m strings.Builder
	m.WriteByte('{')
	for _, e := range entries {
		m.WriteString(strconv.Quote(e.name) + `:"` + e.sha1 + `",`)
	}
	s.manifest = m.String() + `"pass.json":"`
	archive, n, err := pack(nil, 0, entries)
	if err != nil {
		return nil, err
	}
	s.packed, s.directory = archive[:n:n], archive[n:len(archive)-endSize]
	empty, _, err := pack(nil, 0, ownFiles(unlisted(passFile, nil), nil, nil))
	s.beside = len(empty)
	return s, err
}

// endSize is the size of the record that ends an archive, in bytes, and the
// rest are places in it (APPNOTE.TXT of PKWARE, section 4.3.16).
const (
	endSize          = 22
	endCount         = 8  // uint16, twice: entries on this disk, entries
	endDirectorySize = 12 // uint32, and after it the directory's offset
)

// pack makes an archive of entries that begins at an offset. Its files end where
// its directory begins, and the directory where its last endSize bytes begin. It
// may use buf.
func pack(buf []byte, offset int64, entries []entry) (archive []byte, directory int, err error) {
	b := bytes.NewBuffer(buf)
	z := zip.NewWriter(b)
	z.SetOffset(offset)
	for _, e := range entries {
		if err := e.store(z); err != nil {
			return nil, 0, err
		}
	}
	if err := z.Flush(); err != nil {
		return nil, 0, err
	}
	directory = b.Len()
	err = z.Close()
	return b.Bytes(), directory, err
}

// dosDate is the date of all entries, 1980-01-01, as MS-DOS writes it: packages
// with the same content are the same.
const dosDate = 1<<5 | 1

// Package is a signed .pkpass. It is small: the template's files, which are
// most of it, are shared by all packages of the template. It does not change
// and is safe for concurrent use.
type Package struct{ shared, own []byte }

// PackageOf is a package that was made before.
func PackageOf(b []byte) *Package { return &Package{own: b} }

// Size is in bytes.
func (p *Package) Size() int64 { return int64(len(p.shared) + len(p.own)) }

// Parts are the package's bytes: what all packages of the template share, which
// is the same array each time and may be empty, then its own. They must not be
// changed.
func (p *Package) Parts() (shared, own []byte) { return p.shared, p.own }

// WriteTo writes the package.
func (p *Package) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(p.shared)
	if err != nil {
		return int64(n), err
	}
	m, err := w.Write(p.own)
	return int64(n + m), err
}

// Reader reads the package, from any place.
func (p *Package) Reader() io.ReadSeeker { return io.NewSectionReader(p, 0, p.Size()) }

// ReadAt makes Package an io.ReaderAt.
func (p *Package) ReadAt(b []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, errors.New("a negative offset")
	}
	if at < int64(len(p.shared)) {
		n = copy(b, p.shared[at:])
		at = int64(len(p.shared))
	}
	if at -= int64(len(p.shared)); at <= int64(len(p.own)) {
		n += copy(b[n:], p.own[at:])
	}
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}

// Bytes is a copy of the package.
func (p *Package) Bytes() []byte { return slices.Concat(p.shared, p.own) }

// Package packs and signs what Render made of the same pass. The package is a
// function of both, the template's files and its certificate: equal input gives
// equal bytes. The error names the certificate where that is not valid now.
func (t *Template) Package(p Pass, r *Rendered, now time.Time) (*Package, error) {
	certificate, err := t.Certificate()
	if err == nil {
		err = certificate.Valid(now)
	}
	if err != nil {
		return nil, err
	}
	static, err := t.staticOf(p)
	if err != nil {
		return nil, err
	}
	pass := newEntry(passFile, r.JSON)
	manifest := static.manifestFor(pass.sha1)
	signature, err := certificate.Sign(manifest, p.Updated)
	if err != nil {
		return nil, err
	}
	size := len(pass.data) + len(manifest) + len(signature) + static.beside + len(static.directory)
	archive, n, err := pack(make([]byte, 0, size), int64(len(static.packed)), ownFiles(pass, manifest, signature))
	if err != nil {
		return nil, err
	}
	archive = slices.Insert(archive, n, static.directory...)
	end := archive[len(archive)-endSize:]
	count := binary.LittleEndian.Uint16(end[endCount:]) + uint16(static.count) //nolint:gosec // a template has few files
	binary.LittleEndian.PutUint16(end[endCount:], count)
	binary.LittleEndian.PutUint16(end[endCount+2:], count)
	binary.LittleEndian.PutUint32(end[endDirectorySize:], uint32(len(archive)-n-endSize)) //nolint:gosec // as above
	return &Package{static.packed, archive}, nil
}

// PackageSize is the size of what Package makes, in bytes. Nothing is signed.
func (t *Template) PackageSize(p Pass, r *Rendered) (int64, error) {
	certificate, err := t.Certificate()
	if err != nil {
		return 0, err
	}
	static, err := t.staticOf(p)
	if err != nil {
		return 0, err
	}
	manifest := static.manifestFor(strings.Repeat("0", 2*sha1.Size))
	shared := len(static.packed) + len(static.directory)
	return int64(shared + static.beside + len(r.JSON) + len(manifest) + certificate.SignatureSize()), nil
}

// manifestFor is manifest.json with the sum of pass.json.
func (s *static) manifestFor(sum string) []byte { return []byte(s.manifest + sum + `"}`) }

// ownFiles are the files of one package alone.
func ownFiles(pass entry, manifest, signature []byte) []entry {
	return []entry{pass, unlisted("manifest.json", manifest), unlisted("signature", signature)}
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
