package inspect

import (
	"io/fs"
	"strings"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/findings"
)

// render puts the template's pass, made with the examples of its inputs, in the
// place of its pass.json.
func (p *pass) render(fsys fs.FS) {
	const is = "template"
	loaded, found := passes.LoadTemplates(oneTemplate{is + suffix, fsys}, "", passes.Settings{})
	for _, problem := range found {
		file := strings.TrimPrefix(problem.File, is+suffix+"/")
		f := findings.Finding{Severity: findings.Error, Rule: "template", File: file, Path: problem.Path, Line: problem.Line, Column: problem.Column, Text: problem.Text}
		if problem.Warning {
			f.Severity = findings.Warning
		}
		p.found = append(p.found, f)
	}
	delete(p.files, descriptionFile)
	if t := loaded[is]; t != nil && found.Err() == nil {
		p.examples(t)
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
	p.err("template", passFile, "cannot be rendered with the examples of its inputs: "+err.Error(), "", "give the inputs examples in "+descriptionFile)
}
