package mailer

import (
	"net/mail"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	// 64 bytes before the @ and 255 behind it
	longest := strings.Repeat("a", 64) + "@" + strings.Repeat("a.", 126) + "com"
	tests := []struct{ in, want, err string }{
		{in: "anna@example.com", want: "anna@example.com"},
		{in: "Anna Berg <anna+hall.one@example.com>", want: "anna+hall.one@example.com"},
		{in: "o'brien@mail.example.co.uk", want: "o'brien@mail.example.co.uk"},
		{in: "anna@localhost", want: "anna@localhost"},
		{in: "anna@xn--mller-kva.example", want: "anna@xn--mller-kva.example"},
		{in: "anna@müller.example", want: "anna@müller.example"},
		{in: "jörg@example.com", want: "jörg@example.com"},

		{in: "", err: "is no mail address"},
		{in: "anna", err: "is no mail address"},
		{in: "anna@", err: "is no mail address"},
		{in: "@example.com", err: "is no mail address"},
		{in: "anna@example.com, ben@example.com", err: "is no mail address"},
		{in: "anna@example.com ORCPT=x", err: "is no mail address"},
		{in: "anna@example.com\r\nBcc: ben@example.com", err: "has control characters"},
		{in: "anna@example.com\x00", err: "has control characters"},
		{in: "anna\u2028@example.com", err: "has control characters"},
		{in: "anna@exa\xffmple.com", err: "has control characters"},
		{in: `"a@x> ORCPT=rfc822;b"@example.com`, err: "has an unusual part before the @"},
		{in: `"a b"@example.com`, err: "has an unusual part before the @"},
		{in: `"a>b"@example.com`, err: "has an unusual part before the @"},
		{in: `"a..b"@example.com`, err: "has an unusual part before the @"},
		{in: "a\u00a0b@example.com", err: "has an unusual part before the @"},
		{in: "a\u200bb@example.com", err: "has an unusual part before the @"},
		{in: strings.Repeat("a", 65) + "@example.com", err: "has an unusual part before the @"},
		{in: "anna@[127.0.0.1]", err: "has no host name behind the @"},
		{in: "anna@-example.com", err: "has no host name behind the @"},
		{in: "anna@ex\u200bample.com", err: "has characters behind the @"},
		{in: "AZaz09!#$%&'*+-/=?^_`{|}~.x@example.com", want: "AZaz09!#$%&'*+-/=?^_`{|}~.x@example.com"},
		{in: "anna@azAZ09-_.müller.example", want: "anna@azAZ09-_.müller.example"},
		{in: "anna@/müller.example", err: "has characters behind the @"},
		{in: "anna@`müller.example", err: "has characters behind the @"},
		{in: "anna@{müller.example", err: "has characters behind the @"},
		{in: longest, want: longest},
		{in: "b" + longest, err: "is 321 bytes long"},
		{in: strings.Repeat("a", 63) + "@b" + longest[65:], err: "has no host name behind the @"},
		{in: "anna@" + strings.Repeat("a", 400) + ".com", err: "is 409 bytes long"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			a, err := parseAddress(tt.in)
			switch {
			case tt.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.err)):
				t.Errorf("got %v, %v, want the error %q", a, err, tt.err)
			case tt.err == "" && (err != nil || a.Address != tt.want):
				t.Errorf("got %v, %v, want %s", a, err, tt.want)
			}
		})
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"anna@example.com", `"a@x> ORCPT=b"@y.example`, "A <a@b.example>", "jörg@müller.example", "a@b (comment)", "=?utf-8?q?=0D=0A?= <a@b.example>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseAddress(s)
		if err != nil {
			return
		}
		path := (&mail.Address{Address: a.Address}).String()
		if path != "<"+a.Address+">" || strings.ContainsAny(a.Address, "\"<> \t\r\n\\,;()[]") || strings.Count(a.Address, "@") != 1 {
			t.Errorf("%q became %s", s, path)
		}
	})
}
