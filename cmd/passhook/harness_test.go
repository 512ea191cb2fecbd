package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// world is everything around a passhook process: a project of somebody else's,
// a mail server, Stripe's API and Apple's certificates.
type world struct {
	dir    string
	ca     *standins.CA
	smtp   *standins.SMTP
	stripe *standins.Stripe
	// api is the address of Stripe's API.
	api string
	env []string
	// program is passhook itself.
	program string
}

const (
	worldSecret   = "whsec_the_world_of_the_tests"
	worldPassType = "pass.com.example.tickets"
)

// built is where passhook is built for the tests; empty: it is not yet.
var built string

// build builds it once.
var build = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "passhook-program-")
	if err != nil {
		return err
	}
	built = filepath.Join(dir, "passhook")
	out, err := exec.Command("go", "build", "-race=false", "-o", built, ".").CombinedOutput() //nolint:gosec // our own program
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

// theProgram is passhook: the test binary, which can play it, or, where that has
// the race detector in it and would start slowly, a build of its own. What runs
// at once in a process is tested with the detector in the packages below.
func theProgram(t testing.TB) string {
	t.Helper()
	if !raced {
		return os.Args[0]
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return built
}

// Keys are slow to make, so that all worlds share an Apple and a certificate.
var (
	worldCA          = sync.OnceValues(func() (*standins.CA, error) { return standins.NewCA(time.Now()) })
	worldCertificate = sync.OnceValues(func() (*standins.PassCertificate, error) {
		ca, err := worldCA()
		if err != nil {
			return nil, err
		}
		return ca.Issue(worldPassType, "TEAM012345", "Hall One")
	})
)

// newWorld writes a project with the example's template. database is empty for
// SQLite.
func newWorld(t testing.TB, database string) *world {
	t.Helper()
	return newWorldWith(t, database, standins.SMTPOptions{})
}

// newWorldWith has a mail server that behaves as mail says.
func newWorldWith(t testing.TB, database string, mail standins.SMTPOptions) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), stripe: standins.NewStripe(), program: theProgram(t)}
	var err error
	var cert *standins.PassCertificate
	if w.ca, err = worldCA(); err == nil {
		cert, err = worldCertificate()
	}
	if err != nil {
		t.Fatal(err)
	}
	if w.smtp, err = standins.NewSMTP(mail); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.smtp.Close() })
	api := httptest.NewServer(w.stripe)
	t.Cleanup(api.Close)
	w.api = api.URL
	if err := copyFS(filepath.Join(w.dir, "templates"), examples.FS, "concert/templates"); err != nil {
		t.Fatal(err)
	}
	w.write(t, "cert.pem", string(cert.CertPEM))
	w.write(t, "key.pem", string(cert.KeyPEM))
	w.write(t, "wwdr.pem", string(w.ca.IntermediatePEM()))
	w.write(t, "root.pem", string(w.ca.RootPEM()))
	w.write(t, ".env", "WORLD_SECRET="+strings.Repeat("0123456789abcdef", 3)+"\n")
	w.write(t, "passhook.yaml", worldConfig(w.smtp.Addr(), api.URL, database))
	return w
}

func worldConfig(smtp, api, database string) string {
	text := `url: https://tickets.example.com
secret: ${WORLD_SECRET}
signing:
  - {certificate: file:cert.pem, key: file:key.pem, intermediate: file:wwdr.pem}
mail: {from: Hall One <tickets@example.com>, smtp: smtp+insecure://` + smtp + `}
stripe: {webhook_secrets: [` + worldSecret + `], api_keys: [rk_test_world], api_url: ` + api + `}
rules:
  - name: concert
    on: stripe.checkout.paid
    template: concert
    with:
      holder: ${{ data.customer_details.name ?? "Guest" }}
    deliver:
      - email: ${{ data.customer_details.email }}
`
	if database != "" {
		text += "database: " + strconv.Quote(database) + "\n"
	}
	return text
}

func (w *world) write(t testing.TB, name, text string) {
	t.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// process is a passhook that runs.
type process struct {
	cmd *exec.Cmd
	url string
	log *apptest.Log
}

// command is passhook with these arguments, in the world's folder.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.program, args...) //nolint:gosec // a test's own program
	cmd.Dir = w.dir
	cmd.Env = append(append(os.Environ(), runMain+"=1"), w.env...)
	return cmd
}

// verb runs passhook to its end and returns what it printed.
func (w *world) verb(t testing.TB, args ...string) (out string, code int) {
	t.Helper()
	cmd := w.command(args...)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return both.String(), cmd.ProcessState.ExitCode()
}

// serve starts passhook serve and waits until it listens.
func (w *world) serve(t testing.TB, port int) *process {
	t.Helper()
	p := &process{cmd: w.command("serve", "--port", strconv.Itoa(port)), log: &apptest.Log{}}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("serve did not start: %v\n%s", err, p.log)
	}
	p.url = strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// port is the one that it picked.
func (p *process) port(t testing.TB) int {
	t.Helper()
	n, err := strconv.Atoi(p.url[strings.LastIndex(p.url, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// checkout adds a paid session to Stripe's stand-in and returns its event,
// with n units over two line items where n is over 1.
func (w *world) checkout(seed string, n int) []byte {
	o := sampleCheckout(seed, time.Now(), false, seed+"@example.com")
	o.Items = []standins.Item{{Name: "Floor", Quantity: max(n-1, 1), UnitAmount: 4950}}
	if n > 1 {
		o.Items = append(o.Items, standins.Item{Name: "Balcony", Quantity: 1, UnitAmount: 3950})
	}
	session, items := standins.Checkout(o)
	w.stripe.AddSession(session, items)
	return standins.Event(standins.EventOptions{
		ID: "evt_" + seed, Type: "checkout.session.completed", Created: time.Now(), APIVersion: "2025-06-30.basil",
	}, session)
}

// send posts a signed event.
func (w *world) send(ctx context.Context, url string, body []byte) (string, error) {
	return post(ctx, url+stripe.WebhookPath, body, standins.Sign(body, worldSecret, time.Now()))
}

// eventually waits for f to be true, for as long as a test may take.
func eventually(t testing.TB, within time.Duration, what string, f func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-deadline:
			t.Fatalf("did not happen within %s: %s", within, what)
		case <-tick.C:
		}
	}
}
