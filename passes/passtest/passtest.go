// Package passtest is for tests of passes: an issuer that plays Apple, and
// openssl as an independent judge.
package passtest

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// What Apple issues.
const (
	PassType = "pass.com.example.test"
	Team     = "TEAM123456"
)

// Now is the time in tests.
var Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// apple is made once: keys are slow to make.
var apple = sync.OnceValues(func() (*standins.CA, *standins.PassCertificate) {
	ca, err := standins.NewCA(Now)
	if err != nil {
		return nil, nil
	}
	issued, err := ca.Issue(PassType, Team, "Hall One")
	if err != nil {
		return nil, nil
	}
	return ca, issued
})

// Apple is the stand-in for Apple, valid at Now, with a certificate for
// PassType. All tests of a process share it.
func Apple(t testing.TB) (*standins.CA, *standins.PassCertificate) {
	t.Helper()
	ca, issued := apple()
	if issued == nil {
		t.Fatal("the stand-in for Apple could not be made")
	}
	return ca, issued
}

// Program finds a program that judges what we make. The test is skipped where it
// is missing, or fails where PASSHOOK_REQUIRE_ALL is set; of names the Debian
// package.
func Program(t testing.TB, name, of string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		text := name + " is missing (Debian: " + of + ")"
		if os.Getenv("PASSHOOK_REQUIRE_ALL") != "" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	return path
}

// OpenSSL runs openssl in dir and returns what it prints. The test fails where
// openssl does, and is skipped where there is none.
func OpenSSL(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Program(t, "openssl", "openssl"), args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", args[0], err, stderr.String())
	}
	return string(out)
}
