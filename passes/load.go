package passes

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/passhook/passhook/problems"
)

// suffix ends the names of template folders.
const suffix = ".pass"

var templateName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// LoadTemplates loads every NAME.pass and NAME.pkpasstemplate folder of fsys. prefix is how the folder
// is named in problems.
func LoadTemplates(fsys fs.FS, prefix string, s Settings) (map[string]*Template, problems.List) {
	all, found := folders(fsys, prefix)
	out := map[string]*Template{}
	for _, f := range all {
		if out[f.template] != nil {
			found = append(found, problems.Problem{File: path.Join(prefix, f.name), Text: fmt.Sprintf("is a second template with the name %s; rename one", f.template)})
			continue
		}
		t, more := f.load(fsys, prefix, s)
		if found = append(found, more...); t != nil {
			out[f.template] = t
		}
	}
	return out, found
}

// LoadTemplate loads one template by its name, and none of the others. It is nil
// where there is none.
func LoadTemplate(fsys fs.FS, prefix, name string, s Settings) (*Template, problems.List) {
	all, found := folders(fsys, prefix)
	if found != nil {
		return nil, found
	}
	var names []string
	for _, f := range all {
		if f.template == name {
			return f.load(fsys, prefix, s)
		}
		names = append(names, f.template)
	}
	text := "there is no template " + name
	if len(names) > 0 {
		text += "; there is " + strings.Join(names, ", ")
	}
	return nil, problems.List{{File: prefix, Text: text}}
}

// folder is one that holds a template, as its name says.
type folder struct {
	name, template string
	designed, link bool
}

// folders are those of fsys, sorted.
func folders(fsys fs.FS, prefix string) ([]folder, problems.List) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, problems.List{{File: prefix, Text: fmt.Sprintf("the templates cannot be read: %v", reason(err))}}
	}
	var out []folder
	for _, e := range entries {
		f := folder{name: e.Name(), link: e.Type()&fs.ModeSymlink != 0}
		ok := false
		if f.template, ok = strings.CutSuffix(f.name, suffix); !ok {
			f.template, f.designed = strings.CutSuffix(f.name, designedSuffix)
		}
		if (ok || f.designed) && (e.IsDir() || f.link) {
			out = append(out, f)
		}
	}
	return out, nil
}

func (f folder) load(fsys fs.FS, prefix string, s Settings) (*Template, problems.List) {
	file := path.Join(prefix, f.name)
	if f.link {
		return nil, problems.List{{File: file, Text: "is a link; put the folder itself here"}}
	}
	if !templateName.MatchString(f.template) {
		return nil, problems.List{{File: file, Text: "a template's name may have letters, digits, - and _ only"}}
	}
	sub, err := fs.Sub(fsys, f.name)
	if err != nil {
		return nil, problems.List{{File: file, Text: err.Error()}}
	}
	l := &templateLoader{Settings: s, fsys: sub, dir: file, designed: f.designed, template: &Template{Name: f.template, settings: s.Expressions}}
	return l.load(), l.found
}
