package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Folder inspects a folder with a pass.json in it: a template, an unsigned pass,
// or a signed one that was unpacked.
func Folder(fsys fs.FS, o Options) *Report {
	if _, err := fs.Stat(fsys, passFile); err != nil {
		return notFolder(err)
	}
	report := &Report{Kind: KindFolder}
	c := newCollection(&bytes.Buffer{})
	p := &pass{Options: o, collection: c, report: &Pass{}}
	p.collectFolder(fsys)
	if p.isTemplate() {
		report.Kind, p.template = KindTemplate, true
		p.render(fsys)
	}
	p.unsigned = p.files[manifestFile] == nil && p.files[signatureFile] == nil
	report.Passes = []*Pass{p.check()}
	return report.finish()
}

func notFolder(err error) *Report {
	text := "has no pass.json"
	if !errors.Is(err, fs.ErrNotExist) {
		text = "cannot be read: " + err.Error()
	}
	return noPass("no-pass", text, "", "name a folder that holds a pass.json, or a .pkpass")
}

// collectFolder reads the files, as of an archive. Links are not followed.
func (p *pass) collectFolder(fsys fs.FS) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case len(names) == maxEntries:
			p.err("archive-entries", "", fmt.Sprintf("has more than %d files", maxEntries),
				"", "name the folder of one pass")
			return fs.SkipAll
		case d.IsDir() && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		names = append(names, name)
		if !d.IsDir() {
			p.addFile(fsys, name, d)
		}
		return nil
	})
	if err != nil {
		p.err("no-pass", "", "cannot be read: "+err.Error(), "", "")
	}
	p.found = append(p.found, checkNames(names)...)
}

func (p *pass) addFile(fsys fs.FS, name string, d fs.DirEntry) {
	info, err := d.Info()
	if err != nil || !info.Mode().IsRegular() {
		p.err("entry-link", name, "is no plain file", "", "put the file itself there")
		return
	}
	p.add(name, info.Size(), func(w io.Writer) error {
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, io.LimitReader(f, info.Size()))
		return errors.Join(err, f.Close())
	})
}

// descriptionFile describes a template's inputs.
const descriptionFile = "template.yaml"

func (p *pass) isTemplate() bool {
	f := p.files[passFile]
	return p.files[descriptionFile] != nil || f.readable() && bytes.Contains(f.bytes, []byte("${{"))
}

// suffix ends the names of template folders.
const suffix = ".pass"

// oneTemplate is a folder that holds one template under a name that templates
// may have.
type oneTemplate struct {
	name string
	fs.FS
}

func (o oneTemplate) Open(name string) (fs.File, error) {
	if name == "." {
		return o.FS.Open(".")
	}
	if name == o.name {
		return o.FS.Open(".")
	}
	if rest, ok := strings.CutPrefix(name, o.name+"/"); ok {
		return o.FS.Open(rest)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the template alone at the top.
func (o oneTemplate) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return fs.ReadDir(o.FS, strings.TrimPrefix(path.Clean("."+strings.TrimPrefix(name, o.name)), "/"))
	}
	info, err := fs.Stat(o.FS, ".")
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(named{info, o.name})}, nil
}

type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }
