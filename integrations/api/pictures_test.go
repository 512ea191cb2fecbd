package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

func picture(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 0xff
	}
	m.Set(1, 1, color.Black)
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

func inline(b []byte) string { return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b) }

// names are the files of a package.
func names(t testing.TB, b []byte) (out []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	for _, f := range z.File {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

// host serves pictures, and counts who asks.
func host(t testing.TB) (address string, at netip.AddrPort, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	mux := http.NewServeMux()
	mux.HandleFunc("/logo.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture(t, 480, 150)) })
	mux.HandleFunc("/large.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20+1)) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); mux.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	return s.URL, netip.MustParseAddrPort(s.Listener.Addr().String()), asked
}

func TestPicturesComeWithTheRequest(t *testing.T) {
	s := serve(t, options{})
	a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", map[string]any{"title": "Gold", "logoURL": inline(picture(t, 480, 150)), "iconURL": inline(picture(t, 114, 114)), "thumbnailURL": inline(picture(t, 270, 270))})
	if a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	s.opened(t, a.Body)
	if got := strings.Join(names(t, a.Body), " "); got != "icon.png icon@2x.png icon@3x.png logo.png logo@2x.png logo@3x.png manifest.json pass.json signature thumbnail.png thumbnail@2x.png thumbnail@3x.png" {
		t.Errorf("the package has %s", got)
	}
	serial := a.Header.Get("X-Serial-Number")
	if b := s.call(t, websiteKey, http.MethodGet, "/api/passes/"+serial+"?format=binary", nil); string(b.Body) != string(a.Body) {
		t.Error("the package is another one later")
	}
	// A strip makes a store card, and an update takes pictures away.
	b := s.call(t, websiteKey, http.MethodPut, "/api/passes/"+serial, map[string]any{"title": "Gold", "stripURL": inline(picture(t, 1125, 432))})
	if b.Code != http.StatusOK || b.JSON(t)["unchanged"] != false {
		t.Errorf("%d %s", b.Code, b.Body)
	}
	c := s.call(t, websiteKey, http.MethodGet, "/api/passes/"+serial+"?format=binary", nil)
	if pass := s.opened(t, c.Body); pass["storeCard"] == nil || slices.Contains(names(t, c.Body), "logo.png") || !slices.Contains(names(t, c.Body), "strip@3x.png") {
		t.Errorf("%v %v", pass, names(t, c.Body))
	}
}

func TestPicturesThatCannotBeTaken(t *testing.T) {
	s := serve(t, options{})
	address, _, asked := host(t)
	for _, tc := range []struct{ field, value, want string }{
		{"logoURL", "data:text/html;base64,PGh0bWw+", "logoURL: the data must begin with data:image/png;base64,"},
		{"logoURL", "data:image/png;base64,***", "logoURL: the data is not base64"},
		{"logoURL", "data:image/png;base64,aGVsbG8=", "logoURL: is no PNG, JPEG or WebP"},
		{"logoURL", inline(make([]byte, 1<<20+1)), "logoURL: the picture is larger than 1 MB"},
		{"logoURL", "https://127.0.0.1/logo.png", "logoURL: the address leads to a private network, which is not asked"},
		{"logoURL", address + "/logo.png", "logoURL: the address has another port than 443, which is not asked"},
		{"logoURL", "https://169.254.169.254/latest/meta-data/", "logoURL: the address leads to a private network, which is not asked"},
		{"backgroundURL", inline(picture(t, 10, 10)), "backgroundURL: a pass of style generic shows no background"},
	} {
		a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", map[string]any{"title": "Gold", tc.field: tc.value})
		if a.Code != http.StatusBadRequest || !strings.HasPrefix(a.Error(), tc.want) {
			t.Errorf("%.60s: %d %s, want %s", tc.value, a.Code, a.Body, tc.want)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	if n := s.call(t, websiteKey, http.MethodGet, "/api/passes", nil); !strings.Contains(string(n.Body), `"passes":[]`) {
		t.Errorf("something was issued: %s", n.Body)
	}
}

func TestPicturesAreFetched(t *testing.T) {
	address, at, asked := host(t)
	s := serve(t, options{reachable: []netip.AddrPort{at}})
	for path, want := range map[string]string{
		"/large.png": "logoURL: what the address holds is larger than 1048576 bytes",
		"/page":      "logoURL: is a web page, not an image",
		"/nothing":   "logoURL: the address answered 404 Not Found",
		"/logo.png":  "",
	} {
		a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", map[string]any{"title": "Gold", "logoURL": address + path})
		if want != "" && (a.Code != http.StatusBadRequest || !strings.HasPrefix(a.Error(), want)) {
			t.Errorf("%s: %d %s, want %s", path, a.Code, a.Body, want)
		}
		if want == "" && (a.Code != http.StatusOK || !slices.Contains(names(t, a.Body), "logo@3x.png")) {
			t.Errorf("%s: %d %.200s", path, a.Code, a.Body)
		}
	}
	if n := asked.Load(); n != 4 {
		t.Errorf("%d requests", n)
	}
}
