package inspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits of an archive. A pass has some twenty files and a few hundred
// kilobytes; what is over the limits is not read.
const (
	maxEntries   = 1000
	maxDirectory = 1 << 20  // bytes of the central directory that are read
	maxInflated  = 40 << 20 // bytes of all files of a pass together
	maxRatio     = 200      // of inflated to packed bytes, in files over a megabyte
)

// Places in the records of an archive, in bytes (APPNOTE.TXT of PKWARE,
// section 4.3).
const (
	endSize    = 22
	headerSize = 46
	localSize  = 30
	maxComment = 1<<16 - 1
	// Of ZIP64.
	end64Size   = 56
	locatorSize = 20
)

var (
	endMark     = []byte("PK\x05\x06")
	end64Mark   = []byte("PK\x06\x06")
	locatorMark = []byte("PK\x06\x07")
	headerMark  = []byte("PK\x01\x02")
	localMark   = []byte("PK\x03\x04")
	errNoZip    = errors.New("is no ZIP archive")
	errOverread = errors.New("holds more bytes than the directory says")
	errCRC      = errors.New("its checksum (CRC-32) is wrong")
)

// Methods and flags of entries.
const (
	stored        = 0
	deflated      = 8
	flagEncrypted = 1 << 0
	flagUTF8      = 1 << 11
	unixMode      = 3 // the upper byte of "version made by"
	unixTypeMask  = 0o170000
	unixSymlink   = 0o120000
	all32         = 1<<32 - 1
)

// archive is a ZIP archive. It is read by own code, as archive/zip reads a
// directory of any size into memory.
type archive struct {
	r       io.ReaderAt
	size    int64
	entries []zipEntry
	// count is how many entries the archive says it has.
	count int
	zip64 bool
	// more is true where entries were left out.
	more bool
	// before and after are bytes that belong to nothing.
	before, after int64
}

// zipEntry is one record of the central directory.
type zipEntry struct {
	name                 string
	flags, method        uint16
	crc                  uint32
	packed, inflated, at int64
	symlink              bool
}

func (e zipEntry) folder() bool { return len(e.name) > 0 && e.name[len(e.name)-1] == '/' }

// openArchive reads the central directory.
func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	a := &archive{r: r, size: size}
	tail := make([]byte, min(size, endSize+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	end := lastEnd(tail)
	if end < 0 {
		return nil, errNoZip
	}
	record := tail[end:]
	endAt := size - int64(len(tail)) + int64(end)
	a.after = int64(len(record)) - endSize - int64(binary.LittleEndian.Uint16(record[20:]))
	a.count = int(binary.LittleEndian.Uint16(record[10:]))
	length, offset := int64(binary.LittleEndian.Uint32(record[12:])), int64(binary.LittleEndian.Uint32(record[16:]))
	begin := endAt - length
	if end >= locatorSize && bytes.HasPrefix(tail[end-locatorSize:], locatorMark) {
		a.zip64 = true
		at := int64(binary.LittleEndian.Uint64(tail[end-locatorSize+8:]))
		record := make([]byte, end64Size)
		if _, err := r.ReadAt(record, max(at, 0)); at < 0 || err != nil || !bytes.HasPrefix(record, end64Mark) {
			return nil, errors.New("its ZIP64 directory cannot be found")
		}
		a.count = int(min(binary.LittleEndian.Uint64(record[32:]), 1<<31))
		length, offset = int64(binary.LittleEndian.Uint64(record[40:])), int64(binary.LittleEndian.Uint64(record[48:]))
		begin = offset
	}
	if begin < 0 || length < 0 || offset < 0 || offset > begin || begin > size-length {
		return nil, fmt.Errorf("its directory is said to be at byte %d with %d bytes, and the file has %d",
			offset, length, size)
	}
	a.before = begin - offset
	return a, a.directory(begin, length)
}

// lastEnd is where the record that ends an archive begins, or -1.
func lastEnd(tail []byte) int {
	for end := len(tail); ; {
		i := bytes.LastIndex(tail[:end], endMark)
		if i < 0 {
			return -1
		}
		if rest := tail[i:]; len(rest) >= endSize && int(binary.LittleEndian.Uint16(rest[20:])) <= len(rest)-endSize {
			return i
		}
		end = i + len(endMark) - 1
	}
}

// directory reads the records of the central directory, up to the limits.
func (a *archive) directory(begin, length int64) error {
	b := make([]byte, min(length, maxDirectory))
	if _, err := a.r.ReadAt(b, begin); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for len(b) > 0 {
		if len(a.entries) == maxEntries {
			a.more = true
			return nil
		}
		if len(b) < headerSize || !bytes.HasPrefix(b, headerMark) {
			break
		}
		names := int(binary.LittleEndian.Uint16(b[28:]))
		extra, comment := int(binary.LittleEndian.Uint16(b[30:])), int(binary.LittleEndian.Uint16(b[32:]))
		total := headerSize + names + extra + comment
		if total > len(b) {
			break
		}
		a.entries = append(a.entries, a.entry(b[:headerSize],
			string(b[headerSize:headerSize+names]), b[headerSize+names:headerSize+names+extra]))
		b = b[total:]
	}
	if length > maxDirectory {
		a.more = true
		return nil
	}
	if len(b) > 0 || len(a.entries) != a.count {
		return fmt.Errorf("its directory has %d readable entries, and its end says %d", len(a.entries), a.count)
	}
	return nil
}

// entry reads one record of the central directory.
func (a *archive) entry(b []byte, name string, extra []byte) zipEntry {
	made, external := b[5], binary.LittleEndian.Uint32(b[38:])
	e := zipEntry{
		name:  name,
		flags: binary.LittleEndian.Uint16(b[8:]), method: binary.LittleEndian.Uint16(b[10:]),
		crc:    binary.LittleEndian.Uint32(b[16:]),
		packed: int64(binary.LittleEndian.Uint32(b[20:])), inflated: int64(binary.LittleEndian.Uint32(b[24:])),
		at:      int64(binary.LittleEndian.Uint32(b[42:])),
		symlink: made == unixMode && external>>16&unixTypeMask == unixSymlink,
	}
	e.large(extra)
	e.at += a.before
	return e
}

// large takes the sizes that do not fit into 32 bits from the ZIP64 field
// (APPNOTE.TXT, section 4.5.3).
func (e *zipEntry) large(extra []byte) {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return
		}
		field := extra[:size]
		extra = extra[size:]
		for _, v := range []*int64{&e.inflated, &e.packed, &e.at} {
			if id == 1 && *v == all32 && len(field) >= 8 {
				*v = int64(min(binary.LittleEndian.Uint64(field), 1<<62))
				field = field[8:]
			}
		}
	}
}
