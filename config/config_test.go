package config_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
)

var update = flag.Bool("update", false, "write what is printed now into testdata and schema.json")

// TestMessages loads the config of each testdata/load file and compares what
// is said. In such a file, env is the environment, sections and port are
// Options, want is what is said; all others are files of the project.
func TestMessages(t *testing.T) {
	cases, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		absolute, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(absolute)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(messages(t, archive), "\n") + "\n"
			want := section(archive, "want")
			if *update {
				*want = []byte(got)
				if err := os.WriteFile(absolute, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for line := range strings.Lines(string(*section(archive, "env"))) {
				if _, value, _ := strings.Cut(strings.TrimSpace(line), "="); len(value) > 4 && strings.Contains(got, value) {
					t.Errorf("the value of a variable is shown: %s", got)
				}
			}
			if got != string(*want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, *want)
			}
		})
	}
}

// messages are all warnings and errors of one case.
func messages(t *testing.T, archive *txtar.Archive) []string {
	t.Helper()
	var o config.Options
	for _, f := range archive.Files {
		text := strings.TrimSpace(string(f.Data))
		switch f.Name {
		case "env":
			o.Env = environment(text)
		case "sections":
			o.Sections = []config.Section{}
			for _, s := range strings.Fields(text) {
				o.Sections = append(o.Sections, config.Section(s))
			}
		case "port":
			port, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			o.Port = &port
		}
	}
	project(t, archive)
	var said problems.List
	o.Warn = func(p problems.Problem) { said = append(said, p) }
	_, err := config.Load("", o)
	var out []string
	if err != nil {
		out = append(out, strings.Split(err.Error(), "\n")...)
	}
	for _, p := range said {
		out = append(out, p.String())
	}
	return out
}

// project writes the files of an archive into a new folder and goes there.
// There is always a folder templates; a nil archive is nothing more.
func project(t *testing.T, archive *txtar.Archive) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("templates", 0o755); err != nil {
		t.Fatal(err)
	}
	if archive == nil {
		return
	}
	for _, f := range archive.Files {
		switch f.Name {
		case "env", "sections", "port", "want":
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		data := bytes.ReplaceAll(f.Data, []byte("<TAB>"), []byte("\t"))
		if err := os.WriteFile(f.Name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// section is the data of a file of the archive, which is added where missing.
func section(archive *txtar.Archive, name string) *[]byte {
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			return &archive.Files[i].Data
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: name})
	return &archive.Files[len(archive.Files)-1].Data
}

// environment is one with NAME=value lines in it and nothing else.
func environment(text string) func(string) (string, bool) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}

// load loads a passhook.yaml that must be good as far as it is used.
func load(t *testing.T, text string, o config.Options) *config.Config {
	t.Helper()
	project(t, &txtar.Archive{Files: []txtar.File{{Name: "passhook.yaml", Data: []byte(text)}}})
	c, err := config.Load("", o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
