package mailer_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/standins"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// delivered sends d and returns the mail as the server took it.
func delivered(t *testing.T, d integrations.Delivery) (standins.Message, standins.Mail) {
	t.Helper()
	s := server(t, standins.SMTPOptions{})
	if err := sending(t, s, nil).Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return only(t, s)
}

// only is the single message that the server has.
func only(t *testing.T, s *standins.SMTP) (standins.Message, standins.Mail) {
	t.Helper()
	messages := s.Messages()
	if len(messages) != 1 {
		t.Fatalf("the server has %d messages, want 1", len(messages))
	}
	parsed, err := messages[0].Parse()
	if err != nil {
		t.Fatal(err)
	}
	return messages[0], parsed
}

func TestTheMailIsAsInTestdata(t *testing.T) {
	hundred := concert(3)
	for i := range hundred.Packages {
		carry(&hundred.Packages[i], passes.PackageOf(make([]byte, 3_000_000)))
	}
	large := concert(1)
	carry(&large.Packages[0], passes.PackageOf(make([]byte, 7_000_001)))
	own := concert(2)
	own.Subject, own.Intro = "Your tickets for Saturday", "Dear Anna,\nsee you at the hall."
	unlabelled := concert(1)
	unlabelled.Packages[0].Fields = []integrations.Field{{Value: "Friend of the hall"}, {}}
	unlabelled.Packages[0].Link = ""
	named := concert(2)
	named.Link, named.Editable = "https://tickets.hall.example/o/token", true
	many := concert(11)
	many.Link = named.Link
	const button = ">Add to Apple Wallet</a>"
	const page = ">Enter or change the names on your tickets</a>"
	tests := []struct {
		name    string
		d       integrations.Delivery
		how     string // how to open the passes, as HTML
		buttons int
		page    bool
	}{
		{"one", concert(1), "tap the attachment or the button.", 1, false},
		{"two-own-words", own, "tap the attachments or the buttons.", 2, false},
		{"too-large", large, "The pass is too large to attach.", 1, false},
		{"three-too-large", hundred, "The passes are too large to attach, so each has its own button.", 3, false},
		{"no-link", unlabelled, "tap the attachment.", 0, false},
		{"two-to-name", named, "tap the attachments or the buttons.", 2, true},
		{"eleven", many, "The passes are too many to attach, so each has its own button.", 11, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, m := delivered(t, tt.d)
			head, _, _ := strings.Cut(string(raw.Raw), "\r\n\r\n")
			head = regexp.MustCompile(`boundary=\w+`).ReplaceAllString(strings.ReplaceAll(head, "\r\n", "\n"), "boundary=BOUNDARY")
			text := head + "\n\n" + strings.ReplaceAll(m.Text, "\r\n", "\n") + "\n"
			for _, a := range m.Attachments {
				text += "[" + a.Filename + ", " + a.ContentType + "]\n"
			}
			golden(t, tt.name+".txt", text)
			if !strings.Contains(m.HTML, tt.how) || strings.Count(m.HTML, button) != tt.buttons || strings.Contains(m.HTML, page) != tt.page {
				t.Errorf("the HTML is not as expected:\n%s", m.HTML)
			}
			for _, p := range tt.d.Packages {
				for _, f := range p.Fields {
					if !strings.Contains(m.HTML, ">"+f.Label+"</td>") || !strings.Contains(m.HTML, ">"+f.Value+"</td>") {
						t.Errorf("the HTML lacks %s: %s", f.Label, f.Value)
					}
				}
			}
			if tt.name == "two-to-name" { // it has all there is
				golden(t, tt.name+".html", strings.ReplaceAll(m.HTML, "\r\n", "\n"))
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it); got:\n%s", path, got)
	}
}

func TestThePageIsTheFirstButtonOnlyWhereNothingIsAttached(t *testing.T) {
	for n, want := range map[int]bool{10: false, 11: true} {
		d := concert(n)
		d.Link = "https://tickets.hall.example/o/token"
		_, m := delivered(t, d)
		if got := strings.Contains(m.HTML, `href="`+d.Link+`" style="display:block`); got != want {
			t.Errorf("%d passes: the page is a button: %t", n, got)
		}
	}
}

func TestTheMailLeadsToTheOrdersPage(t *testing.T) {
	const page = "https://tickets.hall.example/o/token"
	for _, tt := range []struct {
		name     string
		passes   int
		link     string
		editable bool
		want     string
	}{
		{"one pass", 1, page, false, ""},
		{"one pass to name", 1, page, true, "Enter or change the names on your tickets"},
		{"two passes", 2, page, false, "All passes on one page"},
		{"two passes to name", 2, page, true, "Enter or change the names on your tickets"},
		{"no page", 2, "", true, ""},
		{"no address", 2, "javascript:alert(1)", true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := concert(tt.passes)
			d.Link, d.Editable = tt.link, tt.editable
			_, m := delivered(t, d)
			if tt.want == "" {
				if strings.Contains(m.Text+m.HTML, page) || strings.Contains(m.Text+m.HTML, "javascript") {
					t.Errorf("the mail has the link:\n%s", m.Text)
				}
				return
			}
			text := strings.ReplaceAll(m.Text, "\r\n", "\n")
			if !strings.Contains(text, tt.want+":\n"+page+"\n") || !strings.Contains(m.HTML, `href="`+page+`"`) || !strings.Contains(m.HTML, ">"+tt.want+"</a>") {
				t.Errorf("%q is missing:\n%s", tt.want, text)
			}
		})
	}
}

func TestARepeatedMailHasTheSameHeader(t *testing.T) {
	boundary := regexp.MustCompile(`(?m)(boundary=|^--)[0-9a-f]{60}`)
	first, _ := delivered(t, concert(2))
	d := concert(2)
	d.Created = d.Created.UTC()
	second, m := delivered(t, d)
	a, b := boundary.ReplaceAll(first.Raw, []byte("$1")), boundary.ReplaceAll(second.Raw, []byte("$1"))
	if !bytes.Equal(a, b) {
		t.Errorf("the mails differ:\n%s\n\n%s", a, b)
	}
	for name, want := range map[string]string{
		"Message-ID": "<dlv_01JD@hall.example>", "X-Entity-Ref-ID": "dlv_01JD", "Resend-Idempotency-Key": "dlv_01JD",
		"Date": "Mon, 23 Nov 2026 18:30:00 +0000", "Auto-Submitted": "auto-generated", "Reply-To": "<help@hall.example>",
	} {
		if got := m.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestDefaultSubjects(t *testing.T) {
	untitled := concert(2)
	untitled.Packages[0].Title = ""
	tests := []struct {
		d    integrations.Delivery
		want string
	}{
		{concert(1), "Your pass: Concert at Hall One"},
		{concert(4), "Your 4 passes: Concert at Hall One"},
		{untitled, "Your 2 passes"},
	}
	for _, tt := range tests {
		if _, m := delivered(t, tt.d); m.Get("Subject") != tt.want {
			t.Errorf("got %q, want %q", m.Get("Subject"), tt.want)
		}
	}
}

func TestDeliveriesThatCanNeverBeMailed(t *testing.T) {
	s := server(t, standins.SMTPOptions{NoSMTPUTF8: true})
	m := sending(t, s, nil)
	tests := []struct {
		name   string
		change func(*integrations.Delivery)
		want   string
	}{
		{"no recipient", func(d *integrations.Delivery) { d.Recipient = "" }, "the recipient's address is no mail address"},
		{"two recipients", func(d *integrations.Delivery) { d.Recipient = "a@example.com,b@example.com" }, "the recipient's address is no mail address"},
		{"header in recipient", func(d *integrations.Delivery) { d.Recipient = "a@example.com\r\nBcc: b@example.com" }, "control characters"},
		{"quoted local part", func(d *integrations.Delivery) { d.Recipient = `"a@x> ORCPT=rfc822;b"@y.example` }, "unusual part before the @"},
		{"long recipient", func(d *integrations.Delivery) { d.Recipient = strings.Repeat("(", 1e6) + "a@example.com" }, "at most 320"},
		{"international recipient", func(d *integrations.Delivery) { d.Recipient = "jörg@example.com" }, "takes ASCII addresses only"},
		{"international domain", func(d *integrations.Delivery) { d.Recipient = "anna@müller.example" }, "xn-- form"},
		{"bad id", func(d *integrations.Delivery) { d.ID = "a>\r\nBcc: b" }, "cannot stand in a Message-ID"},
		{"no passes", func(d *integrations.Delivery) { d.Packages = nil }, "has no passes"},
		{"neither package nor link", func(d *integrations.Delivery) { d.Packages[0].Sign, d.Packages[0].Link = nil, "javascript:alert(1)" }, "can neither be attached nor has it a link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := concert(1)
			tt.change(&d)
			err := m.Deliver(t.Context(), d)
			if !integrations.IsNever(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v (never: %t), want %q", err, integrations.IsNever(err), tt.want)
			}
		})
	}
	if n := len(s.Messages()); n != 0 {
		t.Errorf("the server got %d mails", n)
	}
}

func TestInternationalAddressesGoToServersThatTakeThem(t *testing.T) {
	for _, to := range []string{"jörg@example.com", "anna@müller.example"} {
		d := concert(1)
		d.Recipient = to
		raw, m := delivered(t, d)
		if raw.To[0] != to || m.Get("To") != "<"+to+">" {
			t.Errorf("sent to %s with To: %s, want %s", raw.To, m.Get("To"), to)
		}
	}
}

func TestTheNameOfTheRecipientIsLeftOut(t *testing.T) {
	d := concert(1)
	d.Recipient = `"Win at evil.example" <anna@example.com>`
	if _, m := delivered(t, d); m.Get("To") != "<anna@example.com>" {
		t.Errorf("To is %s", m.Get("To"))
	}
}

func TestNotice(t *testing.T) {
	s := server(t, standins.SMTPOptions{})
	m := sending(t, s, nil)
	err := m.Notice(t.Context(), "me@example.com", integrations.Notice{
		ID: "notice-7", Subject: "A delivery\r\nfailed", Text: "Nobody at anna@example.com.\r\n.\r\n..\r\nSee https://tickets.hall.example/console",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, got := only(t, s)
	if got.Get("Subject") != "A delivery failed" || got.Get("Message-ID") != "<notice-7@hall.example>" || got.Get("Date") != "Mon, 23 Nov 2026 18:30:00 +0000" {
		t.Errorf("the header is %v", got.Header)
	}
	if want := "Nobody at anna@example.com.\r\n.\r\n..\r\nSee https://tickets.hall.example/console\r\n"; got.Text != want {
		t.Errorf("got %q, want %q", got.Text, want)
	}
}

func TestWithoutAttachmentsTheMailHasLinksAlone(t *testing.T) {
	s, no := server(t, standins.SMTPOptions{}), false
	m := sending(t, s, func(c *mailer.Config, _ *mailer.Options) { c.Attach = &no })
	d := concert(2)
	d.Packages[1].Sign = func() (*passes.Package, error) { t.Error("a package was signed"); return nil, nil }
	if err := m.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	text := string(s.Messages()[0].Raw)
	if strings.Contains(text, "attachment") || !strings.Contains(text, "https://tickets.hall.example/p/token2") {
		t.Errorf("the mail is\n%s", text)
	}
}
