package preview

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// maxPackage is the most that the files of a package may have together, in
// bytes, unpacked.
const maxPackage = 64 << 20

// Open reads what is drawn of a .pkpass of size bytes. Its signature does not
// matter.
func Open(r io.ReaderAt, size int64, language string) (Pass, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return Pass{}, fmt.Errorf("is no package: %w", err)
	}
	var sum uint64
	for _, f := range z.File { // the sizes are kept to when the files are read
		if sum += f.UncompressedSize64; sum > maxPackage || f.UncompressedSize64 > maxPackage {
			return Pass{}, fmt.Errorf("has more than %d bytes unpacked", maxPackage)
		}
	}
	p := Pass{Language: language}
	if p.JSON, err = fs.ReadFile(z, "pass.json"); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Pass{}, errors.New("has no pass.json")
		}
		return Pass{}, fmt.Errorf("pass.json cannot be read: %w", err)
	}
	p.Files, err = drawnFiles(z)
	return p, err
}

// drawnFiles reads what a picture is drawn from: images and languages.
func drawnFiles(fsys fs.FS) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, pattern := range []string{"*.png", "*.lproj/*.png", "*.lproj/pass.strings"} {
		names, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			b, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, err
			}
			out[name] = b
		}
	}
	return out, nil
}
