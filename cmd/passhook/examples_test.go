package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

var update = flag.Bool("update", false, "write what is into testdata/examples")

const examplesDir = "../../examples"

// What becomes of what happens at Stripe, in each example, through the real
// program. testdata/examples has one file for each, which is the same for API
// versions before and after members moved.
func TestExamples(t *testing.T) {
	for name, flows := range map[string][]string{
		"concert":    {"checkout-paid", "refund-partial-then-rest"},
		"free":       {"checkout-free"},
		"membership": {"checkout-subscription", "subscription-renewed", "subscription-cancelled-at-its-end"},
		"coupon":     {"checkout-paid-later", "dispute-won"},
	} {
		for _, version := range []string{standins.VersionAcacia, standins.VersionBasil} {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()
				got := playExample(t, name, flows, version)
				golden := filepath.Join("testdata", "examples", name+".golden")
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// example is a world with the project of an example, between our stand-ins.
func example(t *testing.T, name string) *world {
	t.Helper()
	w := newWorld(t, "")
	dir := filepath.Join(examplesDir, name)
	if err := copyFS(filepath.Join(w.dir, "templates"), os.DirFS(dir), "templates"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(b), "\nrules:\n")
	ours, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(ours), "rules:\n")
	w.write(t, "passhook.yaml", head+"timezone: Europe/Berlin\nrules:\n"+rules)
	return w
}

// playExample lets flows happen one after the other, and says after each what
// is there.
func playExample(t *testing.T, name string, flows []string, version string) string {
	t.Helper()
	w := example(t, name)
	p := w.serve(t, 0)
	var out strings.Builder
	all := standins.StripeFlows(version)
	for month, flowName := range flows {
		i := slices.IndexFunc(all, func(f standins.StripeFlow) bool { return f.Name == flowName })
		w.stripe.AddFlow(all[i])
		for _, body := range all[i].Events {
			if _, err := w.send(t.Context(), p.url, laterBy(t, body, month)); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, 20*time.Second, "everything settles", func() bool { return w.count(t, "events", "pending")+w.count(t, "deliveries", "pending") == 0 })
		fmt.Fprintf(&out, "%s\n%s", flowName, w.outcome(t))
	}
	return out.String()
}

// laterBy is an event that happens months later: all flows begin on one day and
// count their events from 1.
func laterBy(t testing.TB, body []byte, months int) []byte {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	event["id"] = fmt.Sprint(event["id"], "_", months)
	event["created"] = event["created"].(float64) + float64(months)*30*24*3600 //nolint:forcetypeassert // our own
	out, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// count is how many events or deliveries are in a state.
func (w *world) count(t testing.TB, verb, state string) int {
	t.Helper()
	text, told, code := w.says(t, "", verb, "--json", "--state", state)
	var list []any
	if err := json.Unmarshal([]byte(text), &list); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	return len(list)
}

// outcome is what there is: passes, mails, and what a person must look at.
func (w *world) outcome(t testing.TB) string {
	t.Helper()
	var lines []string
	text, told, code := w.says(t, "", "passes", "--json")
	var passes []passDetail
	if err := json.Unmarshal([]byte(text), &passes); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	for _, p := range passes {
		var inputs bytes.Buffer
		_ = json.Compact(&inputs, p.Inputs)
		lines = append(lines, fmt.Sprintf("  pass of %s, template %s, item %s, unit %d, void: %s, %s", p.Rule, p.Template, p.Item, p.Unit, orNone(p.Void), inputs.String()))
	}
	text, told, code = w.says(t, "", "events", "--json")
	var events []eventJSON
	if err := json.Unmarshal([]byte(text), &events); err != nil || code != 0 {
		t.Fatalf("exit %d: %v: %s", code, err, told)
	}
	for _, e := range events {
		if e.State == "failed" {
			lines = append(lines, "  failed: "+e.Note)
		}
		if e.Attention != "" {
			lines = append(lines, "  look at: "+e.Attention)
		}
	}
	for _, m := range w.smtp.Messages() {
		subject, files := readMail(t, m.Raw)
		lines = append(lines, fmt.Sprintf("  mail to %s with %d passes: %s", strings.Join(m.To, " "), files, subject))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// readMail is a mail's subject and how many passes are attached to it.
func readMail(t testing.TB, raw []byte) (subject string, files int) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return subject, strings.Count(string(raw), "Content-Type: application/vnd.apple.pkpass")
}

// Whatever an example sells, dev and trigger play a checkout of that kind.
func TestExamplesAreTriedOut(t *testing.T) {
	for name, passes := range map[string]int{"concert": 2, "free": 2, "membership": 1, "coupon": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := example(t, name)
			if out, code := w.verb(t, "dev", "--once", "--port", "0"); code != 0 || strings.Count(out, "\npackage ") != passes {
				t.Errorf("dev: exit %d: %s", code, out)
			}
			p := w.serve(t, 0)
			if out, code := w.verb(t, "trigger", "stripe.checkout.paid", "--url", p.url); code != 0 {
				t.Fatalf("trigger: exit %d: %s", code, out)
			}
			w.mails(t, 1)
			if _, files := readMail(t, w.smtp.Messages()[0].Raw); files != passes {
				t.Errorf("trigger: %d passes", files)
			}
		})
	}
}

// The checks that need none of the owner's secrets find nothing in an example,
// and each of its pictures is small.
func TestExamplesAreInOrder(t *testing.T) {
	for _, name := range []string{"concert", "free", "membership", "coupon"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := example(t, name)
			if out, code := w.verb(t, "check"); code != 0 || strings.Contains(out, "templates/") || strings.Contains(out, "rules[") {
				t.Errorf("exit %d: %s", code, out)
			}
		})
	}
}
