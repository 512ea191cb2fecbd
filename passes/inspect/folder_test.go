package inspect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/passhook/passhook/passes/inspect"
)

func folder(files map[string][]byte) fstest.MapFS {
	out := fstest.MapFS{}
	for name, b := range files {
		out[name] = &fstest.MapFile{Data: b, Mode: 0o644}
	}
	return out
}

func TestAnUnsignedFolderNeedsNoSignature(t *testing.T) {
	r := inspect.Folder(folder(goodParts().files), options(t))
	if r.Kind != inspect.KindFolder || r.Code() != 0 || len(everything(r)) != 0 {
		t.Errorf("%s %v", r.Verdict, everything(r))
	}
}

func TestASignedFolderIsInspectedAsAPackage(t *testing.T) {
	p := goodParts()
	if r := inspect.Folder(folder(p.all(t)), options(t)); r.Code() != 0 || r.Passes[0].Certificate == nil {
		t.Errorf("%s %v", r.Verdict, everything(r))
	}
	p.late["logo.png"] = icons()["icon.png"]
	r := inspect.Folder(folder(p.all(t)), options(t))
	if _, ok := found(r, "manifest-extra"); !ok {
		t.Error(everything(r))
	}
}

func TestATemplateIsRenderedWithItsExamples(t *testing.T) {
	files := goodParts().files
	files["template.yaml"] = []byte("inputs:\n  holder: {required: true, example: Ada Lovelace}\n  colour: {default: blue}\n")
	files["pass.json"] = []byte("{\n\"organizationName\": \"Hall One\", \"description\": \"Ticket\",\n\"backgroundColor\": \"#172a46\", \"foregroundColor\": \"#fff\",\n" +
		`"generic": {"primaryFields": [{"key": "holder", "value": "${{ holder }}"}, {"key": "holder", "value": "x"}]}}`)
	r := inspect.Folder(folder(files), options(t))
	f, ok := found(r, "duplicate-field-key")
	if r.Kind != inspect.KindTemplate || !ok || f.Line != 4 || r.Code() != 1 || r.Passes[0].Description != "Ticket" {
		t.Errorf("%s %v", r.Verdict, everything(r))
	}
	files["pass.json"] = []byte(`{"organizationName": "Hall One", "description": "Ticket", "generic": {"primaryFields": [{"key": "a", "value": "${{ holdr }}"}]}}`)
	r = inspect.Folder(folder(files), options(t))
	if f, ok := found(r, "template"); !ok || !strings.Contains(f.Text, "holdr") || f.File != "pass.json" || f.Line != 1 {
		t.Errorf("%s %v", r.Verdict, everything(r))
	}
}

func TestAMistakeOfATemplateIsReportedOnce(t *testing.T) {
	for _, mistake := range []string{`"logoTxt": "x"`, `"foregroundColor": "blue"`} {
		files := goodParts().files
		files["template.yaml"] = []byte("inputs:\n  holder: {example: Ada Lovelace}\n")
		files["pass.json"] = []byte(`{"organizationName": "Hall One", "description": "Ticket", ` + mistake +
			`, "generic": {"primaryFields": [{"key": "a", "value": "${{ holder }}"}]}}`)
		r := inspect.Folder(folder(files), options(t))
		if list := everything(r); len(list) != 1 || list[0].Path == "" {
			t.Errorf("%s: %v", mistake, list)
		}
	}
}

func TestFoldersThatAreNone(t *testing.T) {
	if r := inspect.Folder(fstest.MapFS{}, inspect.Options{}); r.Code() != 2 || r.Findings[0].Text != "has no pass.json" {
		t.Error(r.Findings)
	}
	if r := inspect.Missing(os.ErrNotExist); r.Code() != 2 {
		t.Error(r.Findings)
	}
}

// Links may lead out of the folder, so they are not followed.
func TestLinksInFolders(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, goodParts().files)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "logo.png")); err != nil {
		t.Fatal(err)
	}
	r := inspect.Folder(os.DirFS(dir), options(t))
	if f, ok := found(r, "entry-link"); !ok || f.File != "logo.png" {
		t.Error(everything(r))
	}
}
