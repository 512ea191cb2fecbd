package inspect

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// data is where an entry's packed bytes begin, and the name that stands before
// them.
func (a *archive) data(e zipEntry) (at int64, name string, err error) {
	if e.at < 0 || e.at > a.size {
		return 0, "", errors.New("begins after the end of the file")
	}
	head := make([]byte, localSize)
	if _, err := a.r.ReadAt(head, e.at); err != nil || !bytes.HasPrefix(head, localMark) {
		return 0, "", fmt.Errorf("no entry begins at byte %d, where the directory says it does", e.at)
	}
	names, extra := int64(binary.LittleEndian.Uint16(head[26:])), int64(binary.LittleEndian.Uint16(head[28:]))
	local := make([]byte, names)
	if _, err := a.r.ReadAt(local, e.at+localSize); err != nil {
		return 0, "", fmt.Errorf("the file ends within it: %w", err)
	}
	at = e.at + localSize + names + extra
	if e.packed > a.size-at {
		return 0, "", errors.New("the file ends within it")
	}
	return at, string(local), nil
}

// read writes an entry's content to w and checks its length and checksum. It
// never writes more than the directory promised.
func (a *archive) read(e zipEntry, w io.Writer) error {
	at, _, err := a.data(e)
	if err != nil {
		return err
	}
	var r io.Reader = io.NewSectionReader(a.r, at, e.packed)
	if e.method == deflated {
		inflate := flate.NewReader(r)
		defer inflate.Close()
		r = inflate
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(sum, w), io.LimitReader(r, e.inflated))
	switch {
	case err != nil:
		return fmt.Errorf("cannot be unpacked: %w", err)
	case n < e.inflated:
		return fmt.Errorf("has %d bytes, and the directory says %d", n, e.inflated)
	case sum.Sum32() != e.crc:
		return errCRC
	}
	if n, _ := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return errOverread
	}
	return nil
}
