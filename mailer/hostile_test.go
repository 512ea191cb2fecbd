package mailer_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/standins"
)

func TestHostileTexts(t *testing.T) {
	names := map[string]string{
		"header":       "x\r\nBcc: evil@evil.example\r\n\r\nbody",
		"bare breaks":  "x\nBcc: evil@evil.example\rCc: evil@evil.example",
		"end of data":  "x\r\n.\r\nMAIL FROM:<evil@evil.example>",
		"smuggled end": "x\n.\nMAIL FROM:<evil@evil.example>\r.\r",
		"controls":     "x\x00\x1b\u2028Bcc: evil@evil.example\u2029\u0085Cc: e@evil.example",
		"html":         "</p><a href=//evil>click</a><script>alert(1)</script><img src=//evil>",
		"attribute":    `" onmouseover="alert(1)" href="//evil" x='`,
		"link":         "WIN https://evil.example/prize www.evil.example",
		"encoded word": "=?utf-8?q?=0D=0ABcc=3A_evil@evil.example?=",
		"very long":    strings.Repeat("A", 70_000),
		"bad UTF-8":    "\xff\xfe\xc0\xaf",
		"template":     "{{.Passes}} ${{ secret }} %s%d",
	}
	for name, s := range names {
		t.Run(name, func(t *testing.T) {
			d := concert(1)
			d.Subject, d.Intro = s, s
			d.Packages[0].Title, d.Packages[0].Fields = s, []integrations.Field{{Label: s, Value: s}}
			raw, m := delivered(t, d)
			if len(raw.To) != 1 || raw.To[0] != "anna@example.com" || raw.From != "tickets@hall.example" {
				t.Errorf("from %s to %s", raw.From, raw.To)
			}
			onlyOurHeaders(t, m)
			onlyOurLinks(t, m)
			for i, l := range strings.Split(string(raw.Raw), "\r\n") {
				if len(l) > 998 || strings.ContainsAny(l, "\r\n\x00") {
					t.Fatalf("line %d of the mail is %d bytes long or has a bare line break: %.80q", i+1, len(l), l)
				}
			}
			for _, tag := range []string{"<script", "<img src=//", "<a href=//", "onmouseover=\"alert"} {
				if strings.Contains(m.HTML, tag) {
					t.Errorf("the HTML has %s", tag)
				}
			}
		})
	}
}

func TestAHostileNameIsShownAsText(t *testing.T) {
	const name = "</p><a href=//evil>"
	d := concert(1)
	d.Subject = "For " + name
	d.Packages[0].Fields = []integrations.Field{{Label: "Guest", Value: name}}
	_, m := delivered(t, d)
	if got := m.Get("Subject"); got != "For "+name {
		t.Errorf("the subject is %q", got)
	}
	if !strings.Contains(m.HTML, "&lt;/p&gt;&lt;a href=//evil&gt;") {
		t.Errorf("the HTML does not show the name:\n%s", m.HTML)
	}
	if !strings.Contains(m.Text, "Guest: "+name) {
		t.Errorf("the text does not show the name:\n%s", m.Text)
	}
}

func onlyOurHeaders(t *testing.T, m standins.Mail) {
	t.Helper()
	want := "Auto-Submitted Content-Type Date From MIME-Version Message-ID Reply-To Resend-Idempotency-Key Subject To X-Entity-Ref-ID"
	seen := map[string]int{}
	for _, f := range m.Header {
		seen[f.Name]++
		if seen[f.Name] > 1 || !strings.Contains(want, f.Name) {
			t.Errorf("the header has %s: %s", f.Name, f.Value)
		}
	}
	if len(seen) != len(strings.Fields(want)) {
		t.Errorf("the header has %d fields: %v", len(seen), m.Header)
	}
}

func onlyOurLinks(t *testing.T, m standins.Mail) {
	t.Helper()
	var links []string
	for _, element := range regexp.MustCompile(`<[^>]+>`).FindAllString(m.HTML, -1) {
		for _, l := range regexp.MustCompile(`(?i)\s(?:href|src|action|background)\s*=\s*["']?([^"'\s>]+)`).FindAllStringSubmatch(element, -1) {
			links = append(links, l[1])
		}
	}
	links = append(links, regexp.MustCompile(`\w+://[^\s"<>]+`).FindAllString(m.HTML+m.Text, -1)...)
	ours := 0
	for _, l := range links {
		u, err := url.Parse(l)
		if err != nil || u.Host != "tickets.hall.example" {
			t.Errorf("the mail links to %q", l)
			continue
		}
		ours++
	}
	if ours == 0 {
		t.Error("the mail has no link")
	}
}
