package main

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/standins"
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
func (s suite) Run() int {
	code := storetest.Run(s.m)
	if built != "" {
		_ = os.RemoveAll(filepath.Dir(built))
	}
	return code
}

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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"testca": testCA, "verifies": verifies},
	})
}

// testCA PASSTYPE writes cert.pem, key.pem, wwdr.pem and root.pem.
func testCA(ts *testscript.TestScript, _ bool, args []string) {
	ca, err := standins.NewCA(time.Now())
	ts.Check(err)
	cert, err := ca.Issue(args[0], "TEAM012345", "Hall One")
	ts.Check(err)
	for name, b := range map[string][]byte{"cert.pem": cert.CertPEM, "key.pem": cert.KeyPEM, "wwdr.pem": ca.IntermediatePEM(), "root.pem": ca.RootPEM()} {
		ts.Check(os.WriteFile(ts.MkAbs(name), b, 0o600))
	}
}

// verifies FILE TEXT checks a package against root.pem, and that its pass.json
// has the text.
func verifies(ts *testscript.TestScript, _ bool, args []string) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ts.ReadFile("root.pem")))
	b := []byte(ts.ReadFile(args[0]))
	ts.Check(passes.Verify(b, roots, time.Now()))
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	ts.Check(err)
	f, err := z.Open("pass.json")
	ts.Check(err)
	pass, err := io.ReadAll(f)
	ts.Check(err)
	if !strings.Contains(string(pass), args[1]) {
		ts.Fatalf("%q is not in %s", args[1], pass)
	}
}
