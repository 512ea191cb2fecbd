package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/standins"
)

// The stories of certs, with somebody who plays Apple's portal.
func TestCertsScripts(t *testing.T) {
	passtest.Program(t, "openssl", "openssl")
	icon, err := examples.FS.ReadFile("concert/templates/concert.pass/icon.png")
	if err != nil {
		t.Fatal(err)
	}
	// One Apple for all scripts: keys are slow to make.
	ca, err := standins.NewCA(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script/certs",
		Setup: func(e *testscript.Env) error {
			e.Setenv("ICON", filepath.Join(e.WorkDir, ".icon.png"))
			return os.WriteFile(filepath.Join(e.WorkDir, ".icon.png"), icon, 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"portal": func(ts *testscript.TestScript, _ bool, args []string) { playPortal(ts, ca, args) }, "verifies": verifies, "mode": mode, "derived": derived,
		},
	})
}

// playPortal REQUEST PASSTYPE FILE.cer makes what Apple's portal makes of a
// request, and puts wwdr.cer and root.pem beside.
func playPortal(ts *testscript.TestScript, ca *standins.CA, args []string) {
	cer, err := ca.IssueRequest([]byte(ts.ReadFile(args[0])), args[1], "TEAM012345", "Hall One")
	ts.Check(err)
	wwdr, _ := pem.Decode(ca.IntermediatePEM())
	for name, b := range map[string][]byte{args[2]: cer, "wwdr.cer": wwdr.Bytes, "root.pem": ca.RootPEM()} {
		ts.Check(os.WriteFile(ts.MkAbs(name), b, 0o600))
	}
}

// mode FILE 0600 checks who may read a file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().String(); got != args[1] {
		ts.Fatalf("%s is %s, not %s", args[0], got, args[1])
	}
}

// derived makes FILE the PEM of a DER certificate.
func derived(ts *testscript.TestScript, _ bool, args []string) {
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(ts.ReadFile(args[0]))})
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}

// What docs/certificates.md tells people to type is what the scripts type.
func TestCertsDocsAreRun(t *testing.T) {
	docs, err := os.ReadFile("../../docs/certificates.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("testdata/script/certs/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(b)
	}
	commands := regexp.MustCompile(`(?m)^ {4}(passhook certs .*)$`).FindAllStringSubmatch(string(docs), -1)
	if len(commands) < 5 {
		t.Fatalf("there are %d commands", len(commands))
	}
	for _, command := range commands {
		if !strings.Contains(scripts.String(), "\nexec "+command[1]) {
			t.Errorf("no script runs %s", command[1])
		}
	}
}
