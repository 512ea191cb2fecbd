package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/store/storetest"
)

// runMain makes the test binary behave as passhook itself, so that tests can
// start it as a process and kill it.
const runMain = "PASSHOOK_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		os.Exit(program())
	}
	testscript.Main(suite{m}, map[string]func(){"passhook": func() { os.Exit(program()) }})
}

// suite stops PostgreSQL after the tests.
type suite struct{ m *testing.M }

// Run runs the tests.
func (s suite) Run() int { return storetest.Run(s.m) }

// One story a file: what a user types, and what passhook says.
func TestScripts(t *testing.T) {
	icon, err := examples.FS.ReadFile("concert/templates/concert.pass/icon.png")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			return os.WriteFile(filepath.Join(e.WorkDir, ".icon.png"), icon, 0o600)
		},
	})
}
