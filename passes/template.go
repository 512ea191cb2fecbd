package passes

import (
	"errors"
	"io/fs"
	"path"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

// Settings are what templates are loaded with.
type Settings struct {
	Expressions expressions.Settings
	// Keyring is nil where only what needs no certificate is checked.
	Keyring *certificates.Keyring
	// ImageCache is a folder for scaled pictures; empty: they are made anew.
	ImageCache string
}

// Template is a folder NAME.pass, checked and prepared. It does not change and
// is safe for concurrent use.
type Template struct {
	Name, Title string
	Inputs      []Input
	// BuyerInputs are the inputs that the buyer may change on the order's page,
	// until a time that BuyerUntil says.
	BuyerInputs []string
	// PassType is the passTypeIdentifier of pass.json, or empty.
	PassType string
	// ModTime is when the newest of its files changed.
	ModTime time.Time

	// keyring is nil where only what needs no certificate is done; signedAs is
	// the pass type whose certificate signs.
	keyring  *certificates.Keyring
	signedAs string
	settings expressions.Settings
	style    string
	// colours are the keys of those that have expressions.
	colours        []string
	tree           *expressions.Tree
	title          *expressions.Text
	subject, intro *expressions.Text
	buyerUntil     *expressions.Text
	static         *static
	// files are those of every package, beside pass.json.
	files []entry
}

// Files are the files of the template's packages beside pass.json, manifest and
// signature, by name.
func (t *Template) Files() map[string][]byte {
	out := make(map[string][]byte, len(t.files))
	for _, e := range t.files {
		out[e.name] = e.data
	}
	return out
}

// Style is the style of its passes, as eventTicket: of two the one that the
// newest iOS shows.
func (t *Template) Style() string { return t.style }

// templateLoader loads one template.
type templateLoader struct {
	Settings
	fsys     fs.FS
	dir      string
	designed bool
	template *Template
	found    problems.List
}

// in adds a problem of one of the template's files. What is only worth knowing
// is left to inspect.
func (l *templateLoader) in(file string, p problems.Problem) {
	if p.Severity == problems.Note {
		return
	}
	p.File = path.Join(l.dir, file)
	l.found = append(l.found, p)
}

func (l *templateLoader) load() *Template {
	t := l.template
	l.describe()
	l.passJSON()
	l.files()
	if l.Keyring != nil && l.found.Err() == nil {
		c, err := l.Keyring.Find(t.PassType)
		if err != nil {
			l.in("pass.json", problems.Problem{Text: err.Error()})
			return t
		}
		t.keyring, t.signedAs = l.Keyring, c.PassType
	}
	return t
}

// Certificate is the one that signs the template's passes now: a renewed one
// may have taken its place since the template was loaded.
func (t *Template) Certificate() (*certificates.Certificate, error) {
	if t.keyring == nil {
		return nil, errors.New("the template was loaded without a certificate")
	}
	return t.keyring.Find(t.signedAs)
}

// scope is the names that a template may use.
func (l *templateLoader) scope() expressions.Scope {
	s := expressions.NewScope(l.Expressions).With("serial").With("link").With("now")
	for _, in := range l.template.Inputs {
		s = s.With(in.Name)
	}
	return s
}

// reason is err without the path, which problems name already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
