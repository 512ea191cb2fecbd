package inspect

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // PassKit's manifest is SHA-1
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/passhook/passhook/problems"
)

// Limits of what is kept in memory of one pass, in bytes. The rest is hashed
// and forgotten.
const (
	maxText   = 1 << 20 // a JSON file, a signature, a pass.strings
	maxImage  = 8 << 20
	maxKept   = 4 << 20 // all texts together
	maxNested = 16 << 20
)

// file is one file of a pass.
type file struct {
	name string
	size int64
	// sha1 is in hex.
	sha1 string
	// bytes are kept of texts and the signature only.
	bytes []byte
	// unread: it could not be read, which a finding says.
	unread bool
}

func (f *file) readable() bool { return f != nil && !f.unread && f.bytes != nil }

// collection gathers the files of a pass.
type collection struct {
	files map[string]*file
	// names are in the order of the package.
	names []string
	found problems.List
	kept  int64
	// total is the size of all files, and most what of it is read.
	total, most int64
	// later reads the images, and image is called with each, whose bytes are not
	// kept.
	later []func()
	image func(name string, b []byte)
	// scratch is used for one image after the other.
	scratch *bytes.Buffer
}

// newCollection uses scratch for one file after the other.
func newCollection(scratch *bytes.Buffer) *collection {
	return &collection{files: map[string]*file{}, most: maxInflated, scratch: scratch}
}

// add reads one file, an image later. size is what is promised; read writes no
// more than that.
func (c *collection) add(name string, size int64, read func(io.Writer) error) {
	f := &file{name: name, size: size}
	c.files[name] = f
	c.names = append(c.names, name)
	if c.total += size; c.total > c.most {
		f.unread = true
		if c.total-size <= c.most {
			c.err("package-size", "",
				fmt.Sprintf("the files have more than %d MB together; the rest is not looked at", c.most>>20),
				"an iPhone may refuse the pass", "make the images smaller")
		}
		return
	}
	if isImage(name) {
		c.later = append(c.later, func() { c.load(f, read) })
		return
	}
	c.load(f, read)
}

func (c *collection) load(f *file, read func(io.Writer) error) {
	name, size := f.name, f.size
	hash := sha1.New() //nolint:gosec // as above
	w := io.Writer(hash)
	keep := c.keeps(name, size)
	if keep {
		c.scratch.Reset()
		c.scratch.Grow(int(size)) // at most maxImage, see keeps
		w = io.MultiWriter(hash, c.scratch)
	}
	if err := read(w); err != nil {
		f.unread = true
		c.err("entry-unreadable", name, err.Error(), refused, "make the package anew")
		return
	}
	f.sha1 = hex.EncodeToString(hash.Sum(nil))
	switch {
	case !keep:
	case isImage(name):
		c.image(name, c.scratch.Bytes())
	default:
		c.kept += size
		f.bytes = append([]byte{}, c.scratch.Bytes()...)
	}
}

// keeps is true for the files that are looked into.
func (c *collection) keeps(name string, size int64) bool {
	base := path.Base(name)
	text := name == signatureFile || strings.HasSuffix(base, ".json") ||
		strings.HasSuffix(base, ".strings") || base == "template.yaml"
	switch {
	case text && size <= maxText && c.kept+size <= maxKept, isImage(name) && size <= maxImage:
		return true
	case text || isImage(name):
		c.err("file-size", name, fmt.Sprintf("has %d bytes, which is more than is looked at", size),
			"an iPhone may refuse the pass", "make it smaller")
	}
	return false
}

func (c *collection) err(rule, file, text, effect, fix string) {
	c.found = append(c.found, finding(problems.Error, rule, file, text, effect, fix))
}

func isImage(name string) bool { return strings.EqualFold(path.Ext(name), ".png") }
