package mailer

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "Hall One", "Hall One"},
		{"line breaks", "a\r\nBcc: b\nc\rd", "a Bcc: b c d"},
		{"separators", "a\u2028b\u2029c\u0085d", "a b c d"},
		{"controls", "a\x00b\x1bc\x7fd", "a b c d"},
		{"spaces", "  a \t\u00a0 b ", "a b"},
		{"direction", "a\u202etxt.exe\u202c \u2066b\u2069", "atxt.exe b"},
		{"joined emoji stay", "👩\u200d🚀", "👩\u200d🚀"},
		{"bad UTF-8", "a\xffb", "a\ufffdb"},
		{"cut", strings.Repeat("ä", 30), strings.Repeat("ä", 19) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := line(tt.in, 20); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	in := "\r\n Dear Anna,\r\n\r\n\r\n\r\nsee\u2028you\x00 there\r\n"
	if got, want := lines(in, 100), "Dear Anna,\n\nsee\nyou there"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnlinked(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Row 3, Seat 12.A", "Row 3, Seat 12.A"},
		{"anna@example.com", "anna@example.com"},
		{"go to https://evil.example/x", "go to https:\u2060//evil.example/x"},
		{"WWW.evil.example", "WWW\u2060.evil.example"},
		{"</p><a href=//evil>", "</p><a href=//evil>"},
	}
	for _, tt := range tests {
		if got := unlinked(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\r\nb", 10)
	f.Add("\u2028\u202e\x00\xff", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 1 + max(limit, -limit)%1000
		if limit < 1 {
			return
		}
		got := line(s, limit)
		if strings.ContainsFunc(got, breaksLine) || !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
			t.Errorf("line(%q, %d) is %q", s, limit, got)
		}
	})
}
