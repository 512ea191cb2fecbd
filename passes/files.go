package passes

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes/images"
	"github.com/passhook/passhook/passes/schema"
	"github.com/passhook/passhook/problems"
)

// maxStringsBytes is the most of one language's texts.
const maxStringsBytes = 4 << 20

var languageName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,30}\.lproj$`)

// Files of a package beside pass.json and the pictures.
const (
	// stringsFile is the one text that a language folder may hold.
	stringsFile = "pass.strings"
	// personalizationFile asks for the holder's details on reward cards.
	personalizationFile = "personalization.json"
)

// files collects what goes into every package as it is: pictures and languages.
func (l *templateLoader) files() {
	var out []entry
	pictures := pictures{templateLoader: l, groups: map[string]*group{}}
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
		b, ok := l.file(name, d)
		switch {
		case !ok:
		case l.isPicture(name):
			pictures.add(name, b)
		default:
			out = append(out, newEntry(name, b))
		}
		return nil
	})
	if err != nil {
		l.in("", problems.Problem{Text: fmt.Sprintf("cannot be read: %v", reason(err))})
		return
	}
	out = append(out, pictures.entries()...)
	l.template.files = out
	if l.template.static, err = newStatic(out); err != nil {
		l.in("", problems.Problem{Text: fmt.Sprintf("cannot be packed: %v", err)})
	}
}

func (l *templateLoader) folder(name string) error {
	if languageName.MatchString(name) {
		return nil
	}
	l.in(name, problems.Problem{Severity: problems.Warning, Text: "is left out: a package has folders for languages only, such as de.lproj"})
	return fs.SkipDir
}

// pictureTypes are the endings of what pictures are made of.
var pictureTypes = []string{".png", ".jpg", ".jpeg", ".webp"}

func (l *templateLoader) isPicture(name string) bool {
	n, ok := images.ParseName(name)
	return ok && slices.Contains(pictureTypes, strings.ToLower(n.Ext))
}

// file reads one file; ok is false where it stays out of the package.
func (l *templateLoader) file(name string, d fs.DirEntry) (b []byte, ok bool) {
	info, err := d.Info()
	if err != nil {
		l.in(name, problems.Problem{Text: reason(err).Error()})
		return nil, false
	}
	if !info.Mode().IsRegular() {
		l.in(name, problems.Problem{Text: "is a link or a device; put the file itself here"})
		return nil, false
	}
	if info.ModTime().After(l.template.ModTime) {
		l.template.ModTime = info.ModTime()
	}
	most := int64(maxStringsBytes)
	switch base := path.Base(name); {
	case name == passFile || name == descriptionFile || name == toolingFile && l.designed:
		return nil, false
	case base == stringsFile && name != base || name == personalizationFile:
	case l.isPicture(name):
		most = images.MaxBytes
	default:
		l.leftOut(name)
		return nil, false
	}
	if info.Size() > most {
		l.in(name, problems.Problem{Text: fmt.Sprintf("has %d bytes; the most is %d", info.Size(), most)})
		return nil, false
	}
	if b, err = fs.ReadFile(l.fsys, name); err != nil {
		l.in(name, problems.Problem{Text: reason(err).Error()})
		return nil, false
	}
	if name == personalizationFile {
		l.personalization(b)
	}
	return b, true
}

func (l *templateLoader) leftOut(name string) {
	text := "is left out: Wallet knows no such file"
	if meant := images.Meant(name); meant != "" {
		text += "; did you mean " + meant + "?"
	}
	l.in(name, problems.Problem{Severity: problems.Warning, Text: text})
}

func (l *templateLoader) personalization(b []byte) {
	v, err := expressions.DecodeJSON(b)
	if err != nil {
		line, column := jsonPosition(b, err)
		l.in(personalizationFile, problems.Problem{Line: line, Column: column, Text: err.Error()})
		return
	}
	doc, _ := v.(map[string]any)
	places := positions(b)
	for _, p := range schema.CheckPersonalization(doc) {
		l.in(personalizationFile, places.place(p))
	}
}
