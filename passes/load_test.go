package passes_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/passhook/passhook/passes"
)

func TestLoadTemplatesFollowsNoLinkToAFolder(t *testing.T) {
	root := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(root, "t.pass")); err != nil {
		t.Fatal(err)
	}
	_, found := passes.LoadTemplates(os.DirFS(root), "templates", passes.Settings{})
	if got := found.Error(); got != "templates/t.pass: is a link; put the folder itself here" {
		t.Errorf("got %q", got)
	}
}

// A link could lead out of the folder, into /etc or a key.
func TestLoadTemplatesFollowsNoLinks(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "t.pass")
	if err := os.MkdirAll(filepath.Join(root, "real.lproj"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"t.pass/pass.json": minimal, "t.pass/icon.png": string(icon), "real.png": string(icon)} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"logo.png": "../real.png", "de.lproj": "../real.lproj", "strip.png": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	_, found := passes.LoadTemplates(os.DirFS(root), "templates", passes.Settings{})
	const want = "templates/t.pass/de.lproj: is a link or a device; put the file itself here\n" +
		"templates/t.pass/logo.png: is a link or a device; put the file itself here\n" +
		"templates/t.pass/strip.png: is a link or a device; put the file itself here"
	if got := found.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLoadTemplatesTakesFoldersNamedPass(t *testing.T) {
	fsys := files(map[string]string{"pass.json": minimal})
	for name, data := range map[string]string{
		"other/pass.json": "{", "file.pass": "x", "README.md": "x",
		"b-2_x.pass/pass.json": minimal, "b-2_x.pass/icon.png": string(icon),
		"my concert.pass/pass.json": minimal, ".pass/pass.json": minimal,
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
	}
	all, found := passes.LoadTemplates(fsys, "templates", passes.Settings{})
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, []string{"b-2_x", "t"}) {
		t.Errorf("got %v", got)
	}
	const want = "templates/.pass: a template's name may have letters, digits, - and _ only\n" +
		"templates/my concert.pass: a template's name may have letters, digits, - and _ only"
	if got := found.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLoadTemplatesWithoutAFolder(t *testing.T) {
	_, found := passes.LoadTemplates(os.DirFS(filepath.Join(t.TempDir(), "none")), "templates", passes.Settings{})
	const want = "templates: the templates cannot be read: "
	if got := found.Error(); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadTemplateLoadsOneAlone(t *testing.T) {
	fsys := files(map[string]string{"pass.json": minimal})
	for name, data := range map[string]string{"start.pass/pass.json": "{", "a.pkpasstemplate/pass.json": "{", "no template.pass/pass.json": "{", "notes/x": ""} {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
	}
	if got, found := passes.LoadTemplate(fsys, "templates", "t", passes.Settings{}); got == nil || got.Name != "t" || len(found) > 0 {
		t.Errorf("got %v, %v", got, found)
	}
	for name, want := range map[string]string{
		"start":       "templates/start.pass/pass.json:1:2: ",
		"a":           "templates/a.pkpasstemplate/pass.json:1:2: ",
		"no template": "templates/no template.pass: a template's name may have letters",
		"notes":       "templates: there is no template notes; there is a, no template, start, t",
	} {
		if _, found := passes.LoadTemplate(fsys, "templates", name, passes.Settings{}); !strings.HasPrefix(found.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, found, want)
		}
	}
	if _, found := passes.LoadTemplate(fstest.MapFS{}, "templates", "t", passes.Settings{}); found.Error() != "templates: there is no template t" {
		t.Errorf("got %v", found)
	}
	if _, found := passes.LoadTemplate(os.DirFS(filepath.Join(t.TempDir(), "none")), "templates", "t", passes.Settings{}); !strings.Contains(found.Error(), "templates: the templates cannot be read") {
		t.Errorf("got %v", found)
	}
}
