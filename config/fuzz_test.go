package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
)

// FuzzLoad: no config and no .env makes Load panic, and all that is wrong with
// them has a position.
func FuzzLoad(f *testing.F) {
	cases, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range cases {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(*section(archive, "passhook.yaml"), *section(archive, ".env"))
	}
	example, err := os.ReadFile("example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example, []byte(exampleEnvironment))
	path := filepath.Join(f.TempDir(), "passhook.yaml")
	dotenv := filepath.Join(filepath.Dir(path), ".env")
	f.Fuzz(func(t *testing.T, text, env []byte) {
		if err := errors.Join(os.WriteFile(path, text, 0o600), os.WriteFile(dotenv, env, 0o600)); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, config.Options{Env: environment("S=x")})
		var list problems.List
		switch {
		case err == nil:
			c.Place(problems.List{problems.At("rules[0].with.a", "x"), {Path: "url", Line: 2, Column: 3}})
		case errors.Is(err, fs.ErrNotExist):
			t.Fatal(err)
		case !errors.As(err, &list):
			t.Fatalf("not a list: %v", err)
		}
		for _, p := range list {
			if p.File == "" && strings.HasPrefix(p.Text, "PORT ") {
				continue
			}
			if p.File != path && p.File != dotenv || p.Line < 1 || p.Column < 1 || p.Path != "" {
				t.Errorf("no position: %+v", p)
			}
		}
	})
}
