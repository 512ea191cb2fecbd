package passes

import (
	"bytes"
	"fmt"
	"image/png"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/problems"
)

// Limits of one image: a bomb is refused before it is decoded.
const (
	maxImageBytes  = 4 << 20
	maxImagePixels = 4_000_000
)

var (
	imageName    = regexp.MustCompile(`^(icon|logo|strip|background|thumbnail|footer|primaryLogo|secondaryLogo|artwork|personalizationLogo|venueMap)(@[23]x)?\.png$`)
	languageName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,30}\.lproj$`)
)

// stringsFile is the one text that a language folder may hold.
const stringsFile = "pass.strings"

// files collects what goes into every package as it is: images and languages.
func (l *templateLoader) files() {
	var out []entry
	err := fs.WalkDir(l.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == "." || strings.HasPrefix(d.Name(), "."):
			if name != "." && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return l.folder(name)
		}
		if e, ok := l.file(name, d); ok {
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		l.in("", problems.Problem{Text: fmt.Sprintf("cannot be read: %v", reason(err))})
		return
	}
	if !slices.ContainsFunc(out, func(e entry) bool { return strings.HasPrefix(e.name, "icon") }) {
		l.in("", problems.Problem{Text: "has no icon.png; Wallet refuses a pass without one (38 by 38 points: icon.png, icon@2x.png, icon@3x.png)"})
	}
	if l.template.static, err = newStatic(out); err != nil {
		l.in("", problems.Problem{Text: fmt.Sprintf("cannot be packed: %v", err)})
	}
}

func (l *templateLoader) folder(name string) error {
	if languageName.MatchString(name) {
		return nil
	}
	l.in(name, problems.Problem{Warning: true, Text: "is left out: a package has folders for languages only, such as de.lproj"})
	return fs.SkipDir
}

// file reads one file; ok is false where it stays out of the package.
func (l *templateLoader) file(name string, d fs.DirEntry) (e entry, ok bool) {
	info, err := d.Info()
	if err != nil {
		l.in(name, problems.Problem{Text: reason(err).Error()})
		return e, false
	}
	if !info.Mode().IsRegular() {
		l.in(name, problems.Problem{Text: "is a link or a device; put the file itself here"})
		return e, false
	}
	if info.ModTime().After(l.template.ModTime) {
		l.template.ModTime = info.ModTime()
	}
	base := path.Base(name)
	switch {
	case name == passFile || name == descriptionFile || name == toolingFile && l.designed:
		return e, false
	case base == stringsFile && name != base:
	case !imageName.MatchString(base):
		l.in(name, problems.Problem{Warning: true, Text: "is left out: Wallet knows no such file"})
		return e, false
	}
	if info.Size() > maxImageBytes {
		l.in(name, problems.Problem{Text: fmt.Sprintf("has %d bytes; the most is %d", info.Size(), maxImageBytes)})
		return e, false
	}
	b, err := fs.ReadFile(l.fsys, name)
	if err == nil && base != stringsFile {
		err = checkPNG(b)
	}
	if err != nil {
		l.in(name, problems.Problem{Text: reason(err).Error()})
		return e, false
	}
	return newEntry(name, b), true
}

func checkPNG(b []byte) error {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		return fmt.Errorf("is no PNG: %w", err)
	case c.Width*c.Height > maxImagePixels:
		return fmt.Errorf("has %d by %d pixels; the most is %d in all", c.Width, c.Height, maxImagePixels)
	}
	return nil
}
