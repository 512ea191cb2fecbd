package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/passes/inspect"
)

// opened is the pass.json of a package in which inspect finds nothing wrong.
func (s *server) opened(t testing.TB, b []byte) map[string]any {
	t.Helper()
	root, err := os.ReadFile(filepath.Join(s.Dir, "root.pem"))
	must(t, err)
	block, _ := pem.Decode(root)
	certificate, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	r := inspect.File(bytes.NewReader(b), int64(len(b)), inspect.Options{Now: time.Now(), Roots: []*x509.Certificate{certificate}})
	if r.Code() != 0 {
		var text strings.Builder
		must(t, r.Write(&text))
		t.Errorf("%s", &text)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	f, err := z.Open("pass.json")
	must(t, err)
	defer f.Close()
	var out map[string]any
	must(t, json.NewDecoder(f).Decode(&out))
	return out
}

func TestACallIsAnsweredWithAPass(t *testing.T) {
	s := serve(t, options{})
	a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", `{"barcodeValue": "MEMBER-12345", "barcodeFormat": "QR", "title": "Membership Card"}`)
	if a.Code != http.StatusOK || a.Header.Get("Content-Type") != "application/vnd.apple.pkpass" ||
		a.Header.Get("Content-Disposition") != `attachment; filename="membership-card.pkpass"` ||
		!regexp.MustCompile(`^[A-Za-z0-9_-]{22,}$`).MatchString(a.Header.Get("X-Serial-Number")) || !strings.HasPrefix(a.Header.Get("X-Pass-Url"), s.URL+"/p/") ||
		a.Header.Get("X-Google-Save-Url") != "" || !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), "X-Serial-Number") {
		t.Errorf("%d %v %.200s", a.Code, a.Header, a.Body)
	}
	pass := s.opened(t, a.Body)
	if pass["serialNumber"] != a.Header.Get("X-Serial-Number") || pass["logoText"] != "Membership Card" {
		t.Errorf("%v", pass)
	}
	b := s.call(t, websiteKey, http.MethodPost, "/api/passes", `{"title": "Membership Card"}`).JSON(t)
	pkg, err := base64.StdEncoding.DecodeString(b["applePass"].(string))
	must(t, err)
	if pass := s.opened(t, pkg); pass["serialNumber"] != b["serialNumber"] || b["googleSaveUrl"] != nil || !strings.HasPrefix(b["shareUrl"].(string), s.URL+"/p/") {
		t.Errorf("%v", b)
	}
}

// unzip writes the files of a package to a folder.
func unzip(t testing.TB, dir string, b []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	must(t, os.CopyFS(dir, z))
}
