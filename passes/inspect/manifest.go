package inspect

import (
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/passhook/passhook/problems"
)

const (
	manifestFile = "manifest.json"
	// maxWrongSums is how many of the manifest's wrong entries are reported.
	maxWrongSums = 50
	remake       = "make manifest.json from the files as they are, then sign it"
)

// manifest compares manifest.json with the files, both ways.
func (p *pass) manifest() {
	f := p.files[manifestFile]
	if f == nil {
		p.err("manifest-missing", manifestFile, "the pass has no manifest.json", refused, remake)
		return
	}
	if !f.readable() {
		return // Said already.
	}
	doc := readJSON(manifestFile, f.bytes)
	p.found = append(p.found, doc.found...)
	if doc.root == nil || doc.root.kind != '{' {
		p.err("manifest-form", manifestFile, "is no object of names and sums", refused, remake)
		return
	}
	listed := map[string]bool{}
	wrong := 0
	for _, m := range doc.root.members {
		listed[m.name] = true
		if f := p.sum(m); f.Text != "" && wrong < maxWrongSums {
			wrong++
			f.Line, f.Column = lineColumn(doc.text, m.value.at)
			p.found = append(p.found, f)
		}
	}
	for _, name := range p.names {
		if !listed[name] && name != manifestFile && name != signatureFile {
			p.unlisted(name, doc)
		}
	}
}

// unlisted is a file that manifest.json does not name.
func (p *pass) unlisted(name string, doc *document) {
	text, fix := "manifest.json does not name it", remake
	for _, m := range doc.root.members {
		if strings.EqualFold(m.name, name) {
			text += "; it names " + m.name
		}
	}
	if junk[path.Base(name)] != "" || strings.HasPrefix(name, "__MACOSX/") {
		fix = "take it out of the package"
	}
	p.err("manifest-extra", safe(name), text, refused, fix)
}

// sum checks one entry of the manifest.
func (p *pass) sum(m member) problems.Problem {
	wrong := func(rule, text string) problems.Problem {
		return finding(problems.Error, rule, manifestFile, text, refused, remake)
	}
	name, f := safe(m.name), p.files[m.name]
	given, ok := m.value.scalar.(string)
	raw, err := hex.DecodeString(given)
	switch {
	case m.name == manifestFile || m.name == signatureFile:
		return wrong("manifest-itself", "names "+name+", which it cannot hold the sum of")
	case f == nil && slices.ContainsFunc(p.names, func(n string) bool { return strings.EqualFold(n, m.name) }):
		return wrong("manifest-absent", "names "+name+", and the file is written in other upper and lower case")
	case f == nil:
		return wrong("manifest-absent", "names "+name+", which is not in the package")
	case !ok || err != nil:
		return wrong("manifest-form", "the sum of "+name+" is no SHA-1 in hex")
	case len(raw) == 32:
		return wrong("manifest-form", "the sum of "+name+" is SHA-256; Wallet reads SHA-1")
	case len(raw) != 20:
		return wrong("manifest-form", fmt.Sprintf("the sum of %s has %d bytes; SHA-1 has 20", name, len(raw)))
	case f.unread:
		return problems.Problem{} // Said already.
	case !strings.EqualFold(given, f.sha1):
		return wrong("manifest-sum", fmt.Sprintf(
			"the sum of %s is %s, and the file's is %s: the file was changed after manifest.json was made", name, given, f.sha1))
	case given != f.sha1:
		return finding(problems.Warning, "manifest-case", manifestFile,
			"the sum of "+name+" is in upper case", "an iPhone may refuse the pass", "write it in lower case")
	}
	return problems.Problem{}
}
