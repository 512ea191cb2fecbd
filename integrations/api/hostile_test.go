package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// hostile are bodies that no parser should fall for.
var hostile = []string{
	``, `null`, `[]`, `"title"`, `{`, `{"title"}`, `{"title": "a"} x`, `{"title": "a"}{"title": "b"}`, `{"title": "a", "title": "b"}`,
	`{"title": 1e999}`, `{"title": "\u0000"}`, "{\"title\": \"\xff\xfe\"}", `{"title": "\ud800"}`, `{"title": ` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`,
	strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), `{"title": "` + strings.Repeat("a", 1<<20) + `"}`, "\xef\xbb\xbf{\"title\": \"a\"}",
	`{"primaryFields": [` + strings.Repeat(`{"value": "a"},`, 100_000) + `{"value": "a"}]}`, `{"title": "a", "locations": [{"latitude": NaN}]}`,
	`{"passes": {"title": "a"}}`, `{"deliver": [{"email": "a", "slack": "b"}], "title": "a"}`, `{"title": "a", "deliver": [{"fax": "1"}]}`, `{"title": "a", "deliver": [{"email": "nobody"}]}`,
	`{"template": "../concert", "inputs": {}}`, `{"template": "concert", "inputs": []}`, `{"inputs": {}}`, `{"template": "passhook-api", "inputs": {}}`,
	`{"template": "passhook-api", "inputs": {"description": "a", "organization": "a", "fields": {"primaryFields": "x"}}}`,
	`{"template": "passhook-api", "inputs": {"description": "a", "organization": "a", "fields": {}, "images": {"logo.png": "0000000000000000000000000000000000000000000000000000000000000000"}}}`,
}

func TestHostileRequestsAreRefusedAndNothingIsWritten(t *testing.T) {
	s := serve(t, options{})
	for _, body := range hostile {
		for _, path := range []string{"/api/pkpass", "/api/passes"} {
			if a := s.call(t, websiteKey, http.MethodPost, path, body); a.code < 400 || a.code >= 500 || a.failure() == "" {
				t.Errorf("%.80s: %d %.200s", body, a.code, a.body)
			}
		}
	}
	if a := s.call(t, websiteKey, http.MethodPost, "/api/passes", `{"title": "`+strings.Repeat("a", 2<<20)+`"}`); a.code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.code, a.body)
	}
	if a := s.call(t, websiteKey, http.MethodGet, "/api/passes", nil); !strings.Contains(string(a.body), `"passes":[]`) {
		t.Errorf("something was issued: %s", a.body)
	}
}

// FuzzRequest wants an answer to everything, and never one that is the server's
// fault.
func FuzzRequest(f *testing.F) {
	for _, body := range append(hostile, `{"title": "Gold", "barcodeValue": "1", "barcodeFormat": "QR"}`) {
		if len(body) < 1000 {
			f.Add(body)
		}
	}
	s := serve(f, options{})
	f.Fuzz(func(t *testing.T, body string) {
		if a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", body); a.code >= 500 || a.code != http.StatusOK && a.failure() == "" {
			t.Errorf("%d %.200s", a.code, a.body)
		}
	})
}

func TestAPassOfTheAPIIsMailed(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Ada Lovelace"}, "deliver": []any{map[string]any{"email": "ada@example.com"}}})
	s.mailed(t, 1)
	if a := s.call(t, websiteKey, http.MethodPost, "/api/passes/"+serial+"/resend", map[string]any{"to": "grace@example.com"}); a.code != http.StatusAccepted {
		t.Errorf("%d %s", a.code, a.body)
	}
	s.mailed(t, 2)
	last := s.smtp.Messages()[1]
	if len(last.To) != 1 || last.To[0] != "grace@example.com" {
		t.Errorf("sent to %v", last.To)
	}
	for body, want := range map[string]int{`{"to": "nobody"}`: http.StatusBadRequest, `x`: http.StatusBadRequest} {
		if a := s.call(t, websiteKey, http.MethodPost, "/api/passes/"+serial+"/resend", body); a.code != want {
			t.Errorf("%s: %d %s", body, a.code, a.body)
		}
	}
	alone := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	if a := s.call(t, websiteKey, http.MethodPost, "/api/passes/"+alone+"/resend", nil); a.code != http.StatusNotFound {
		t.Errorf("never sent: %d %s", a.code, a.body)
	}
}

// mailed waits until so many mails were sent.
func (s *server) mailed(t testing.TB, n int) {
	t.Helper()
	end := time.After(20 * time.Second)
	for len(s.smtp.Messages()) < n {
		select {
		case <-end:
			t.Fatalf("%d mails, want %d", len(s.smtp.Messages()), n)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
