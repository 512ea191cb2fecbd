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
			if a := s.call(t, websiteKey, http.MethodPost, path, body); a.Code < 400 || a.Code >= 500 || a.Error() == "" {
				t.Errorf("%.80s: %d %.200s", body, a.Code, a.Body)
			}
		}
	}
	if a := s.call(t, websiteKey, http.MethodPost, "/api/passes", `{"title": "`+strings.Repeat("a", 2<<20)+`"}`); a.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := s.call(t, websiteKey, http.MethodGet, "/api/passes", nil); !strings.Contains(string(a.Body), `"passes":[]`) {
		t.Errorf("something was issued: %s", a.Body)
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
		if a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", body); a.Code >= 500 || a.Code != http.StatusOK && a.Error() == "" {
			t.Errorf("%d %.200s", a.Code, a.Body)
		}
	})
}

func TestAPassOfTheAPIIsMailed(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Ada Lovelace"}, "deliver": []any{map[string]any{"email": "ada@example.com"}}})
	s.mailed(t, 1)
	if a := s.call(t, websiteKey, http.MethodPost, "/api/passes/"+serial+"/resend", map[string]any{"to": "grace@example.com"}); a.Code != http.StatusAccepted {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	s.mailed(t, 2)
	last := s.SMTP.Messages()[1]
	if len(last.To) != 1 || last.To[0] != "grace@example.com" {
		t.Errorf("sent to %v", last.To)
	}
	for body, want := range map[string]int{`{"to": "nobody"}`: http.StatusBadRequest, `x`: http.StatusBadRequest} {
		if a := s.call(t, websiteKey, http.MethodPost, "/api/passes/"+serial+"/resend", body); a.Code != want {
			t.Errorf("%s: %d %s", body, a.Code, a.Body)
		}
	}
	alone := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	if a := s.call(t, websiteKey, http.MethodPost, "/api/passes/"+alone+"/resend", nil); a.Code != http.StatusNotFound {
		t.Errorf("never sent: %d %s", a.Code, a.Body)
	}
}

// mailed waits until so many mails were sent.
func (s *server) mailed(t testing.TB, n int) {
	t.Helper()
	end := time.After(20 * time.Second)
	for len(s.SMTP.Messages()) < n {
		select {
		case <-end:
			t.Fatalf("%d mails, want %d", len(s.SMTP.Messages()), n)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
