package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/standins"
)

// A config of somebody else's, a mail server, Stripe's API, and a signed event
// of API version 2025-06-30.basil with three units over two line items.
func TestServeSendsEveryUnitInOneMail(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	id, err := w.send(t.Context(), p.url, w.checkout("ada", 3))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.smtp.Wait(deadline(t), 1); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	mail := w.smtp.Messages()[0]
	parsed, err := mail.Parse()
	if err != nil || len(parsed.Attachments) != 3 {
		t.Fatalf("%d attachments, %v", len(parsed.Attachments), err)
	}
	serials := map[string]bool{}
	for _, a := range parsed.Attachments {
		if a.ContentType != passes.MIMEType || !strings.HasSuffix(a.Filename, ".pkpass") {
			t.Errorf("%s is %s", a.Filename, a.ContentType)
		}
		serials[opensslAccepts(t, a.Bytes, filepath.Join(w.dir, "root.pem"))] = true
	}
	if len(serials) != 3 {
		t.Errorf("serial numbers: %v", serials)
	}
	eventually(t, 5*time.Second, "the event is done", func() bool {
		out, code := w.verb(t, "events", "--json", id)
		return code == 0 && strings.Contains(out, `"state": "done"`) && strings.Contains(out, `"state": "sent"`)
	})
	t.Run("the link in the mail is the package", func(t *testing.T) {
		link := linkIn(t, parsed.Text)
		resp, err := http.Get(p.url + link + ".pkpass") //nolint:gosec // our own server
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || !serials[opensslAccepts(t, b, filepath.Join(w.dir, "root.pem"))] {
			t.Errorf("%s %v", resp.Status, err)
		}
	})
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// linkIn is the path of the first pass link in a mail's text.
func linkIn(t *testing.T, text string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "https://tickets.example.com/p/")
	if !ok {
		t.Fatalf("no link in:\n%s", text)
	}
	return "/p/" + strings.Fields(rest)[0]
}

// opensslAccepts has openssl verify a package's signature against a root and
// returns the serial number in pass.json.
func opensslAccepts(t *testing.T, pkg []byte, root string) string {
	t.Helper()
	openssl := passtest.Program(t, "openssl", "openssl")
	dir := t.TempDir()
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	var pass struct{ SerialNumber string }
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "pass.json" {
			if err := json.Unmarshal(b, &pass); err != nil {
				t.Fatal(err)
			}
		}
		if f.Name == "manifest.json" || f.Name == "signature" {
			if err := os.WriteFile(filepath.Join(dir, f.Name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", filepath.Join(dir, "signature"), //nolint:gosec // a test's own paths
		"-content", filepath.Join(dir, "manifest.json"), "-CAfile", root, "-purpose", "any", "-out", os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v %s", err, out)
	}
	return pass.SerialNumber
}

func TestRefusedRequestsWriteNothing(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	body := w.checkout("ada", 1)
	good := standins.Sign(body, worldSecret, time.Now())
	duplicate := bytes.Replace(body, []byte(`"object": "event"`), []byte(`"object": "event", "object": "event"`), 1)
	for _, tc := range []struct {
		name      string
		body      []byte
		signature string
		want      int
	}{
		{"unsigned", body, "", 401},
		{"forged", body, standins.Sign(body, "whsec_somebody_else", time.Now()), 401},
		{"stale", body, standins.Sign(body, worldSecret, time.Now().Add(-time.Hour)), 401},
		{"from the future", body, standins.Sign(body, worldSecret, time.Now().Add(time.Hour)), 401},
		{"another body", append([]byte(" "), body...), good, 401},
		{"not JSON", []byte("{"), standins.Sign([]byte("{"), worldSecret, time.Now()), 400},
		{"duplicate key", duplicate, standins.Sign(duplicate, worldSecret, time.Now()), 400},
		{"over 1 MiB", make([]byte, 1<<20+1), good, 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodPost, p.url+"/webhooks/stripe", bytes.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			if tc.signature != "" {
				req.Header.Set("Stripe-Signature", tc.signature)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("got %s", resp.Status)
			}
		})
	}
	if out, code := w.verb(t, "events", "--json"); code != 0 || strings.TrimSpace(out) != "[]" {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestUnknownEventTypesAreRecorded(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	body := standins.Event(standins.EventOptions{ID: "evt_new", Type: "some.event.of.tomorrow", Created: time.Now()}, map[string]any{"id": "x_1", "object": "x"})
	id, err := w.send(t.Context(), p.url, body)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the event is ignored", func() bool {
		out, _ := w.verb(t, "events", id, "--json")
		return strings.Contains(out, `"state": "ignored"`) && strings.Contains(out, "no rule is on stripe.some.event.of.tomorrow")
	})
}

func TestServeRefusesToStart(t *testing.T) {
	for _, tc := range []struct{ name, from, to, want string }{
		{"empty webhook secret", worldSecret, `""`, "passhook.yaml:6:"},
		{"secret that is only a prefix", worldSecret, "whsec_", "passhook.yaml:6:"},
		{"key of another certificate", "key: file:key.pem", "key: file:other.pem", "passhook.yaml:4:"},
		{"unset variable", "${WORLD_SECRET}", "${NOBODY_SET_THIS}", "passhook.yaml:2:9"},
		{"unknown key", "secret:", "secrte:", "passhook.yaml:2:1"},
		{"unknown template", "template: concert", "template: concerto", "passhook.yaml:10:15"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, "")
			other, err := w.ca.Issue("pass.com.example.other", "TEAM012345", "Other")
			if err != nil {
				t.Fatal(err)
			}
			w.write(t, "other.pem", string(other.KeyPEM))
			b, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			w.write(t, "passhook.yaml", strings.Replace(string(b), tc.from, tc.to, 1))
			for _, verb := range [][]string{{"serve", "--port", "0"}, {"check"}} {
				out, code := w.verb(t, verb...)
				if code != 1 || !strings.Contains(out, tc.want) {
					t.Errorf("%s: exit %d, %s", verb[0], code, out)
				}
			}
		})
	}
}

func TestASecondServerOnOneStoreIsRefused(t *testing.T) {
	w := newWorld(t, "")
	w.serve(t, 0)
	if out, code := w.verb(t, "serve", "--port", "0"); code != 1 || !strings.Contains(out, "passhook.db") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestTriggerAndResendBesideARunningServer(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	out, code := w.verb(t, "trigger", "stripe.checkout.paid", "--url", p.url, "--to", "me@example.com")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if err := w.smtp.Wait(deadline(t), 1); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	id := strings.Fields(out)[0]
	var deliveries []deliveryJSON
	eventually(t, 5*time.Second, "the delivery is sent", func() bool {
		out, _ := w.verb(t, "deliveries", "me@example.com", "--json")
		return json.Unmarshal([]byte(out), &deliveries) == nil && len(deliveries) == 1 && deliveries[0].State == "sent"
	})
	if out, code := w.verb(t, "deliveries", "resend", deliveries[0].ID, "--to", "other@example.com"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if err := w.smtp.Wait(deadline(t), 2); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	if to := w.smtp.Messages()[1].To[0]; to != "other@example.com" {
		t.Errorf("sent to %s", to)
	}
	if out, code := w.verb(t, "events", "replay", id); code != 0 {
		t.Errorf("replay of a finished event: exit %d: %s", code, out)
	}
}

// What happens to a sale afterwards can be tried as well, on the newest sample.
func TestTriggerWhatHappensAfterwards(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	if out, code := w.verb(t, "trigger", "stripe.refunded", "--url", p.url); code != 1 || !strings.Contains(out, "there is no sample checkout") {
		t.Errorf("without a sale: exit %d: %s", code, out)
	}
	for _, step := range []struct{ event, void, attention string }{
		{"stripe.checkout.paid", "", ""},
		{"stripe.charge.refunded", "", "49.50 EUR of 99.00 EUR were refunded"},
		{"stripe.charge.dispute.created", "dispute", "disputes a payment of 99.00 EUR"},
		{"stripe.charge.dispute.closed", "", ""},
		{"stripe.refunded", "refund", ""},
	} {
		out, code := w.verb(t, "trigger", step.event, "--url", p.url)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", step.event, code, out)
		}
		id := strings.Fields(out)[0]
		eventually(t, 5*time.Second, step.event+" is done", func() bool {
			out, _ = w.verb(t, "events", id)
			return regexp.MustCompile(`(?m)^state +done`).MatchString(out)
		})
		if !strings.Contains(out, step.attention) {
			t.Errorf("%s: %s", step.event, out)
		}
		var passes []passDetail
		out, _ = w.verb(t, "passes", "--json")
		if err := json.Unmarshal([]byte(out), &passes); err != nil || len(passes) != 2 {
			t.Fatalf("%v: %s", err, out)
		}
		for _, pass := range passes {
			if got := strings.Join(pass.Void, " "); got != step.void {
				t.Errorf("after %s a pass is void for %q, want %q", step.event, got, step.void)
			}
		}
	}
}

func TestServeStopsSoftly(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.log)
	}
}
