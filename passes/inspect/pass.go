package inspect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/passes/schema"
	"github.com/passhook/passhook/problems"
)

const (
	passFile            = "pass.json"
	personalizationFile = "personalization.json"
	refused             = "an iPhone refuses the pass"
	// maxFindings is how many findings about pass.json are reported.
	maxFindings = 200
)

// pass is one pass while it is looked at.
type pass struct {
	Options
	*collection
	report *Pass
	// unsigned: it is a folder or a template, which is signed later.
	unsigned bool
	template bool
	document *document
	// loading is what was found while a template was loaded.
	loading problems.List
	// source is a template's pass.json, whose lines findings name.
	source *document
	pass   map[string]any
	style  string
	cms    *cms
}

// Pass is what was found out about one pass.
type Pass struct {
	// File is its name in a bundle; empty for a package of its own.
	File         string        `json:"file,omitempty"`
	PassType     string        `json:"pass_type,omitempty"`
	Team         string        `json:"team,omitempty"`
	Serial       string        `json:"serial,omitempty"`
	Style        string        `json:"style,omitempty"`
	Description  string        `json:"description,omitempty"`
	Organization string        `json:"organization,omitempty"`
	SignedAt     *time.Time    `json:"signed_at,omitempty"`
	Certificate  *Certificate  `json:"certificate,omitempty"`
	Findings     problems.List `json:"findings"`
	// Timeline is what each iOS from 15 to 27 shows of it.
	Timeline []schema.IOS `json:"timeline,omitempty"`
}

// check looks at everything, once the files are collected.
func (p *pass) check() *Pass {
	p.passJSON()
	p.pictures()
	if !p.unsigned {
		p.manifest()
		p.signature()
	}
	p.personalization()
	p.localization()
	if p.pass != nil && !p.document.partial {
		p.report.Timeline = schema.Timeline(p.pass)
	}
	p.addLoading()
	p.found.SortBySeverity()
	p.report.Findings = p.found
	return p.report
}

// passJSON reads and checks pass.json.
func (p *pass) passJSON() {
	f := p.files[passFile]
	if f == nil {
		text := "there is no pass.json"
		for _, name := range p.names {
			if strings.EqualFold(name, passFile) {
				text += "; " + name + " is written in other upper and lower case"
			}
		}
		p.err("pass-missing", passFile, text, refused, "add it at the top of the package")
		return
	}
	if !f.readable() {
		return // Said already.
	}
	p.document = readJSON(passFile, f.bytes)
	p.found = append(p.found, p.document.found...)
	if p.pass = p.document.root.object(); p.pass == nil {
		if p.document.root != nil && len(p.document.found) == 0 {
			p.err("json", passFile, "is no object: { … }", refused, "")
		}
		return
	}
	if p.source != nil {
		p.found = append(p.found, p.source.found...)
		p.document = p.source
	}
	for _, style := range schema.Styles() {
		if _, ok := p.pass[style]; ok {
			p.style = style
			break
		}
	}
	r := p.report
	r.PassType, r.Team = p.text("passTypeIdentifier"), p.text("teamIdentifier")
	r.Serial, r.Style = p.text("serialNumber"), p.style
	r.Description, r.Organization = p.text("description"), p.text("organizationName")
	if !p.document.partial {
		list := schema.Check(p.pass, schema.Options{Now: p.Now, Unsigned: p.unsigned})
		if !p.unsigned { // What its certificate allows is looked at.
			list = slices.DeleteFunc(list, func(f problems.Problem) bool { return f.Rule == "nfc-certificate" })
		}
		p.place(list)
		p.barcodes()
	}
}

// place adds findings about pass.json with their lines.
func (p *pass) place(list problems.List) {
	for _, f := range list[:min(len(list), maxFindings)] {
		p.found = append(p.found, p.document.locate(f))
	}
	if more := len(list) - maxFindings; more > 0 {
		p.note("more", passFile, fmt.Sprintf("%d more findings are left out", more), "", "")
	}
}

func (p *pass) personalization() {
	f := p.files[personalizationFile]
	if !f.readable() {
		return
	}
	doc := readJSON(personalizationFile, f.bytes)
	p.found = append(p.found, doc.found...)
	object := doc.root.object()
	if object == nil {
		p.err("json", personalizationFile, "is no object: { … }", "Wallet does not ask the holder for anything", "")
		return
	}
	for _, f := range schema.CheckPersonalization(object) {
		p.found = append(p.found, doc.locate(f))
	}
}

// text is a text of pass.json's top level, or empty.
func (p *pass) text(key string) string {
	s, _ := p.pass[key].(string)
	return s
}

// at adds a finding about one place in pass.json.
func (p *pass) at(path string, s problems.Severity, rule, text, effect, fix string) {
	f := finding(s, rule, passFile, text, effect, fix)
	f.Path = path
	p.found = append(p.found, p.document.locate(f))
}

func (p *pass) warn(rule, file, text, effect, fix string) {
	p.found = append(p.found, finding(problems.Warning, rule, file, text, effect, fix))
}

func (p *pass) note(rule, file, text, effect, fix string) {
	p.found = append(p.found, finding(problems.Note, rule, file, text, effect, fix))
}
