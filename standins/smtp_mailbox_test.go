package standins_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

const full = "From: Hall One <a@example.com>\r\nTo: b@example.com\r\nSubject: =?utf-8?q?=3Cscript=3E_f=C3=BCr?=\r\n =?utf-8?q?_dich?=\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=M\r\n\r\n--M\r\nContent-Type: multipart/alternative; boundary=A\r\n\r\n" +
	"--A\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n" +
	"--A\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n<html><head></head><script>alert(1)</script></html>\r\n--A--\r\n" +
	"--M\r\nContent-Type: application/vnd.apple.pkpass; name=\"t.pkpass\"\r\nContent-Disposition: attachment; filename=\"t 1/2.pkpass\"\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsD\r\nBA==\r\n--M--\r\n"

// mailboxOf serves the mailbox with these mails in it.
func mailboxOf(t *testing.T, raw ...string) func(path string) (int, http.Header, string) {
	t.Helper()
	now := time.Date(2026, 11, 23, 19, 30, 0, 0, time.UTC)
	s := startSMTP(t, standins.SMTPOptions{Now: func() time.Time { return now }})
	for _, r := range raw {
		if err := mail(s, "b@example.com", r); err != nil {
			t.Fatal(err)
		}
	}
	handler := s.Handler("/dev/mail")
	return func(path string) (int, http.Header, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Header(), w.Body.String()
	}
}

func TestMailboxListsTheNewestFirst(t *testing.T) {
	get := mailboxOf(t, hello, full)
	for _, path := range []string{"/dev/mail", "/dev/mail/"} {
		code, header, body := get(path)
		if code != 200 || !strings.Contains(body, "&lt;script&gt; für dich") || strings.Index(body, "&lt;script&gt; für dich") > strings.Index(body, "Grüße") {
			t.Errorf("%s: %d\n%s", path, code, body)
		}
		if strings.Contains(header.Get("Content-Security-Policy"), "script-src") || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: the policy is %s", path, header.Get("Content-Security-Policy"))
		}
	}
}

func TestAddressesInATextAreLinks(t *testing.T) {
	get := mailboxOf(t, "From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nSee <https://tickets.example.com/o/x?a=1&b=2>\r\nand javascript:alert(1)\r\n")
	_, _, body := get("/dev/mail/1")
	if !strings.Contains(body, `See &lt;<a href="https://tickets.example.com/o/x?a=1&amp;b=2">https://tickets.example.com/o/x?a=1&amp;b=2</a>&gt;`) || strings.Contains(body, `href="javascript`) {
		t.Error(body)
	}
}

func TestMailboxAsJSON(t *testing.T) {
	get := mailboxOf(t, hello, full)
	_, header, body := get("/dev/mail/?format=json")
	if header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type is %s", header.Get("Content-Type"))
	}
	want := `[{"id":"2","from":"Hall One \u003ca@example.com\u003e","to":"b@example.com","subject":"\u003cscript\u003e für dich","date":"2026-11-23T19:30:00Z","url":"/dev/mail/2",` +
		`"attachments":[{"filename":"t 1/2.pkpass","content_type":"application/vnd.apple.pkpass","size":4,"url":"/dev/mail/2/attachments/1/t%201%2F2.pkpass"}]},` +
		`{"id":"1","from":"a@example.com","to":"b@example.com","subject":"Grüße","date":"2026-11-23T19:30:00Z","url":"/dev/mail/1","attachments":[]}]`
	if strings.TrimSpace(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}

func TestEmptyMailbox(t *testing.T) {
	get := mailboxOf(t)
	if _, _, body := get("/dev/mail"); !strings.Contains(body, "No mail yet") {
		t.Errorf("got %s", body)
	}
	_, _, body := get("/dev/mail?format=json")
	var list []any
	if err := json.Unmarshal([]byte(body), &list); err != nil || list == nil {
		t.Errorf("got %s", body)
	}
}

func TestMailboxShowsOneMail(t *testing.T) {
	get := mailboxOf(t, full)
	tests := []struct {
		path, contentType string
		want              []string
	}{
		{"/dev/mail/1", "text/html; charset=utf-8", []string{"Hall One &lt;a@example.com&gt;", "Grüße", `sandbox="allow-popups`, `src="/dev/mail/1/html"`, "4 bytes", "/dev/mail/1/attachments/1/t%201%2F2.pkpass"}},
		{"/dev/mail/1/html", "text/html; charset=utf-8", []string{`<head><base target="_blank"></head><script>alert(1)</script>`}},
		{"/dev/mail/1/text", "text/plain; charset=utf-8", []string{"Grüße"}},
		{"/dev/mail/1/raw", "text/plain; charset=utf-8", []string{full}},
		{"/dev/mail/1/attachments/1/t%201%2F2.pkpass", "application/vnd.apple.pkpass", []string{"PK\x03\x04"}},
	}
	for _, tt := range tests {
		code, header, body := get(tt.path)
		if code != 200 || header.Get("Content-Type") != tt.contentType || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", tt.path, code, header)
		}
		for _, want := range tt.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", tt.path, want, body)
			}
		}
	}
	_, header, _ := get("/dev/mail/1/html")
	if policy := header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") {
		t.Errorf("the HTML's policy is %s", policy)
	}
	_, header, _ = get("/dev/mail/1/attachments/1/x")
	if got := header.Get("Content-Disposition"); got != `attachment; filename="t 1/2.pkpass"` {
		t.Errorf("Content-Disposition is %s", got)
	}
}

func TestMailboxHasNoOtherPages(t *testing.T) {
	get := mailboxOf(t, full)
	for _, path := range []string{"/dev/mail/0", "/dev/mail/2", "/dev/mail/x", "/dev/mail/2/html", "/dev/mail/1/x", "/dev/mail/1/attachments/0/t", "/dev/mail/1/attachments/2/t", "/dev/mailbox", "/"} {
		if code, _, _ := get(path); code != 404 {
			t.Errorf("%s: %d, want 404", path, code)
		}
	}
}

func FuzzMessageParse(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte(full))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Whatever comes, the pages can show it.
		_, _ = standins.Message{Raw: raw}.Parse()
	})
}
