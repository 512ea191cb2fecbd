package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A package may be mailed without a server, to see it on one's own phone.
func TestIssueSendsAPackage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	if out, code := w.verb(t, "issue", "concert", "holder=Ada Lovelace", "--to", "ada@example.com"); code != 0 || !strings.Contains(out, "sent to ada@example.com") {
		t.Fatalf("exit %d: %s", code, out)
	}
	mail, err := w.smtp.Messages()[0].Parse()
	if err != nil || len(mail.Attachments) != 1 || holderOf(t, mail.Attachments[0].Bytes) != "Ada Lovelace" {
		t.Fatalf("%v: %d attachments", err, len(mail.Attachments))
	}
	if strings.Contains(mail.Text, "https://tickets.example.com") {
		t.Errorf("the mail leads to a page, but no server knows the pass:\n%s", mail.Text)
	}
	for args, want := range map[string]string{
		"issue concert holder=Ada":                                      "-o FILE.pkpass writes it, --to ADDRESS sends it",
		"issue concert --csv guests.csv --to ada@example.com -o guests": "--to sends one package",
		"issue concert holder=Ada --to nobody":                          "nobody",
	} {
		if out, code := w.verb(t, strings.Fields(args)...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d: %s", args, code, out)
		}
	}
	if made, err := filepath.Glob(filepath.Join(w.dir, "*.pkpass")); err != nil || len(made) > 0 {
		t.Errorf("%v, %v", made, err)
	}
}
