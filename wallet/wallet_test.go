package wallet_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/wallet"
)

const (
	token   = "abcdefghijklmnopqrstuvwxyz234567"
	session = "cs_test_a1B2c3D4e5F6"
)

var berlin = time.FixedZone("CET", 60*60)

// shelf is an engine with one pass, one order and one session. What it is asked
// to change it writes down in calls, and answers with refused.
type shelf struct {
	pass    *bot.Pass
	orders  []*orders.Delivery
	err     error
	refused error
	unmade  error // of packages and pictures
	may     bool  // all orders are fresh
	calls   *[]string
}

func (s shelf) PassByLink(_ context.Context, t string) (*bot.Pass, bool, error) {
	return s.pass, s.pass != nil && t == token, s.err
}

func (s shelf) Picture(context.Context, *bot.Pass) ([]byte, error) { return []byte("PNG"), s.unmade }

func (s shelf) QR(_ context.Context, address string) ([]byte, error) {
	return []byte("PNG of " + address), s.unmade
}

func (s shelf) DeliveryByLink(_ context.Context, t string) (*orders.Delivery, bool, error) {
	if s.err != nil || len(s.orders) == 0 || t != token {
		return nil, false, s.err
	}
	return s.orders[0], true, nil
}

func (s shelf) DeliveriesAbout(_ context.Context, source, object string) ([]*orders.Delivery, error) {
	if source != "stripe" || object != session {
		return nil, s.err
	}
	return s.orders, s.err
}

func (s shelf) Package(_ context.Context, p *bot.Pass) (*passes.Package, error) {
	if p.Sign == nil {
		return nil, s.unmade
	}
	content, _ := p.Sign()
	return content, s.unmade
}

func (s shelf) Rename(_ context.Context, _ *orders.Delivery, serial string, given map[string]string) error {
	*s.calls = append(*s.calls, fmt.Sprintf("%s %v", serial, given))
	return s.refused
}

func (s shelf) Fresh(*orders.Delivery) bool { return s.may }

func (s shelf) Correct(_ context.Context, o *orders.Delivery, address string) error {
	*s.calls = append(*s.calls, o.Recipient+" "+address)
	return s.refused
}

func (s shelf) MayRepeat(o *orders.Delivery) bool { return o.State != "pending" }

func (s shelf) Repeat(_ context.Context, o *orders.Delivery) error {
	*s.calls = append(*s.calls, o.Recipient+" again")
	return s.refused
}

func pass() *bot.Pass {
	return &bot.Pass{
		Package: integrations.Package{
			Serial: "serial", Title: `Concert <b>at</b> Hall One`, Filename: "concert-1.pkpass", Sign: func() (*passes.Package, error) { return passes.PackageOf([]byte("PK package")), nil },
			Link: "https://tickets.example.com/p/" + token, Fields: []integrations.Field{{Label: "Holder", Value: "Ada Lovelace"}},
		},
		Modified: time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC), Version: "v1",
	}
}

func get(t *testing.T, s shelf, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, s, method, path, "", header...)
}

// post sends a form.
func post(t *testing.T, s shelf, path, form string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, s, http.MethodPost, path, form, "Content-Type", "application/x-www-form-urlencoded")
}

func ask(t *testing.T, s shelf, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := wallet.New(s, berlin, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	router := mux.NewRouter()
	read := []string{http.MethodGet, http.MethodHead}
	router.HandleFunc("/p/"+pages.Token, h.Pass).Methods(read...)
	router.HandleFunc("/p/"+pages.Token+".pkpass", h.PassFile).Methods(read...)
	router.HandleFunc("/p/"+pages.Token+".png", h.PassPicture).Methods(read...)
	router.HandleFunc("/o/"+pages.Token, h.Order).Methods(read...)
	router.HandleFunc("/o/"+pages.Token, h.RenameHolders).Methods(http.MethodPost)
	router.HandleFunc("/o/"+pages.Token+".pkpasses", h.OrderFile).Methods(read...)
	router.HandleFunc("/stripe/success", h.Success("stripe").Page).Methods(read...)
	router.HandleFunc("/stripe/success", h.Success("stripe").Change).Methods(http.MethodPost)
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	router.ServeHTTP(w, r)
	return w
}

func TestPicture(t *testing.T) {
	w := get(t, shelf{pass: pass()}, http.MethodGet, "/p/"+token+".png")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Body.String() != "PNG" {
		t.Errorf("got %d %v %q", w.Code, w.Header(), w.Body)
	}
	if w := get(t, shelf{pass: pass()}, http.MethodGet, "/p/"+token+".png", "If-None-Match", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("got %d for who has it", w.Code)
	}
	if w := get(t, shelf{}, http.MethodGet, "/p/"+token+".png"); w.Code != http.StatusNotFound {
		t.Errorf("got %d for an unknown link", w.Code)
	}
}

func TestDownload(t *testing.T) {
	w := get(t, shelf{pass: pass()}, http.MethodGet, "/p/"+token+".pkpass")
	for name, want := range map[string]string{
		"Content-Type": "application/vnd.apple.pkpass", "Content-Disposition": `attachment; filename="concert-1.pkpass"`,
		"Content-Length": "10", "Last-Modified": "Fri, 20 Nov 2026 18:00:00 GMT", "Cache-Control": "private, no-cache",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if w.Code != http.StatusOK || w.Body.String() != "PK package" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	t.Run("HEAD has the headers alone", func(t *testing.T) {
		w := get(t, shelf{pass: pass()}, http.MethodHead, "/p/"+token+".pkpass")
		if w.Code != http.StatusOK || w.Body.Len() > 0 || w.Header().Get("Content-Length") != "10" {
			t.Errorf("got %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
		}
	})
}

// Who has a pass in this state is told so before anything is drawn or signed.
func TestUnchanged(t *testing.T) {
	o := order(2)
	s := of(o)
	s.pass, s.unmade = pass(), errors.New("it is made")
	const modified = "Fri, 20 Nov 2026 18:00:00 GMT"
	for _, path := range []string{"/p/" + token + ".pkpass", "/p/" + token + ".png", page + ".pkpasses"} {
		whole := s
		whole.unmade = nil
		tag := get(t, whole, http.MethodGet, path).Header().Get("ETag")
		for _, tc := range []struct {
			name   string
			header []string
			want   int
		}{
			{"nothing", nil, http.StatusServiceUnavailable},
			{"this version", []string{"If-None-Match", tag}, http.StatusNotModified},
			{"this version among others", []string{"If-None-Match", `"x", W/` + tag}, http.StatusNotModified},
			{"another version", []string{"If-None-Match", `"x"`, "If-Modified-Since", modified}, http.StatusServiceUnavailable},
			{"one of this time", []string{"If-Modified-Since", modified}, http.StatusNotModified},
			{"one of an earlier time", []string{"If-Modified-Since", "Fri, 20 Nov 2026 17:59:59 GMT"}, http.StatusServiceUnavailable},
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				w := get(t, s, method, path, tc.header...)
				if w.Code != tc.want || tc.want == http.StatusNotModified && (w.Body.Len() > 0 || w.Header().Get("ETag") != tag) {
					t.Errorf("%s %s for who has %s: got %d %v", method, path, tc.name, w.Code, w.Header())
				}
			}
		}
	}
	o.Passes[1].Version = "v2"
	if w := get(t, of(o), http.MethodGet, page+".pkpasses", "If-None-Match", get(t, of(order(2)), http.MethodGet, page+".pkpasses").Header().Get("ETag")); w.Code != http.StatusOK {
		t.Errorf("one pass of a bundle changed: got %d", w.Code)
	}
}

func TestWhatCannotBeMadeNow(t *testing.T) {
	for _, tc := range []struct {
		err        error
		text, wait string
	}{
		{orders.ErrBusy, "in a few seconds", "5"},
		{fmt.Errorf("%w: secret detail", orders.ErrNotSigned), "its page shows it with its barcode", "3600"},
		{errors.New("secret detail"), "in a few minutes", "30"},
	} {
		s := of(order(2))
		s.pass, s.unmade = pass(), tc.err
		for _, path := range []string{"/p/" + token + ".pkpass", "/p/" + token + ".png", page + ".pkpasses"} {
			w := get(t, s, http.MethodGet, path)
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != tc.wait || w.Header().Get("Content-Disposition") != "" || w.Header().Get("ETag") != "" {
				t.Errorf("%s: got %d %v", path, w.Code, w.Header())
			}
			has(t, w.Body.String(), tc.text, "-secret")
		}
		if w := get(t, s, http.MethodGet, page, "User-Agent", iPhone); w.Code != http.StatusOK {
			t.Errorf("the page: got %d", w.Code)
		}
	}
}

func TestPageFitsTheDevice(t *testing.T) {
	for _, tc := range []struct{ name, agent, want, not string }{
		{"iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)", "Add to Apple Wallet", "data:image"},
		{"Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "Add to Apple Wallet", "Download the pass"},
		{"Android", "Mozilla/5.0 (Linux; Android 16)", "Get the pass", "Add to Apple Wallet"},
		{"Windows", "Mozilla/5.0 (Windows NT 10.0)", "data:image/png;base64,", "Add to Apple Wallet"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := get(t, shelf{pass: pass()}, http.MethodGet, "/p/"+token, "User-Agent", tc.agent)
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(body, tc.want) || strings.Contains(body, tc.not) {
				t.Errorf("got %d %s", w.Code, body)
			}
			if !strings.Contains(body, `href="https://tickets.example.com/p/`+token+`.pkpass"`) || !strings.Contains(body, "Ada Lovelace") {
				t.Errorf("the download or the holder is missing: %s", body)
			}
			if strings.Contains(body, "<b>at") {
				t.Error("the title is not escaped")
			}
		})
	}
}

func TestPagesAreKeptPrivate(t *testing.T) {
	h := get(t, shelf{pass: pass()}, http.MethodGet, "/p/"+token).Header()
	for name, want := range map[string]string{"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("CSP is %q", h.Get("Content-Security-Policy"))
	}
}

func TestAVoidPassSaysSo(t *testing.T) {
	p := pass()
	p.Voided = true
	if w := get(t, shelf{pass: p}, http.MethodGet, "/p/"+token); !strings.Contains(w.Body.String(), "no longer valid") {
		t.Error("the page does not say that the pass is void")
	}
}

func TestUnknownLinks(t *testing.T) {
	for _, path := range []string{
		"/p/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "/p/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.pkpass",
		"/p/short", "/p/..%2f..%2fetc%2fpasswd", "/p/" + strings.Repeat("a", 10_000), "/p/%00" + token,
	} {
		w := get(t, shelf{pass: pass()}, http.MethodGet, path)
		if w.Code == http.StatusMovedPermanently { // the router takes .. out of the path
			w = get(t, shelf{pass: pass()}, http.MethodGet, w.Header().Get("Location"))
		}
		if w.Code != http.StatusNotFound {
			t.Errorf("%.60s: got %d", path, w.Code)
		}
	}
}

func TestAPassThatCannotBeMadeIsA503WithoutDetails(t *testing.T) {
	w := get(t, shelf{err: errors.New("certificate expired")}, http.MethodGet, "/p/"+token)
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "certificate") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
