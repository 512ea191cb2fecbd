package inspect

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

// render puts the template's pass, made with the examples of its inputs, in the
// place of its pass.json.
func (p *pass) render(fsys fs.FS) {
	const is = "template"
	loaded, found := passes.LoadTemplates(oneTemplate{is + suffix, fsys}, "", passes.Settings{})
	for _, problem := range found {
		problem.File = strings.TrimPrefix(problem.File, is+suffix+"/")
		problem.Rule = cmp.Or(problem.Rule, "template")
		p.loading = append(p.loading, problem)
	}
	delete(p.files, descriptionFile)
	if t := loaded[is]; t != nil && found.Err() == nil {
		p.examples(t)
	}
}

// addLoading adds what was found while the template was loaded, unless the
// checks of its pass found it again.
func (p *pass) addLoading() {
	for _, l := range p.loading {
		again := func(f problems.Problem) bool { return f.Rule == l.Rule && f.File == l.File && f.Line == l.Line }
		if !slices.ContainsFunc(p.found, again) {
			p.found = append(p.found, l)
		}
	}
}

func (p *pass) examples(t *passes.Template) {
	inputs, err := t.Examples()
	if err == nil {
		var r *passes.Rendered
		if r, err = t.Render(passes.Pass{Serial: "example", Inputs: inputs, Updated: p.Now}); err == nil {
			p.source = readJSON(passFile, p.files[passFile].bytes)
			p.files[passFile].bytes = r.JSON
			return
		}
	}
	p.err("template", passFile, "cannot be rendered with the examples of its inputs: "+err.Error(),
		"", "give the inputs examples in "+descriptionFile)
}
