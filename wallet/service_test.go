package wallet_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store/storetest"
)

const shopKey = "0123456789abcdef01234567"

// shop is a server whose passes are made over the API, with a push service.
type shop struct {
	*apptest.Server
	apns *standins.APNs
}

func newShop(t testing.TB, database string) *shop {
	t.Helper()
	s := &shop{apns: standins.NewAPNs()}
	push := httptest.NewUnstartedServer(s.apns)
	push.EnableHTTP2 = true
	push.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	push.StartTLS()
	t.Cleanup(push.Close)
	roots := x509.NewCertPool()
	roots.AddCert(push.Certificate())
	s.Server = apptest.Serve(t, apptest.Options{
		Database: database, YAML: "push: {url: \"" + push.URL + "\"}\napi: {keys: [{name: shop, key: " + shopKey + ", rate: 1000000/s}]}\n", Options: app.Options{Roots: roots},
	})
	return s
}

func onBoth(t *testing.T, f func(t *testing.T, s *shop)) {
	t.Run("SQLite", func(t *testing.T) { f(t, newShop(t, "")) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, newShop(t, storetest.Postgres(t))) })
}

// pass issues one and returns its package.
func (s *shop) pass(t testing.TB) []byte {
	t.Helper()
	a := s.Call(t, http.MethodPost, "/api/pkpass", `{"title": "Concert", "label": "SEAT", "value": "A1"}`, "Authorization", "Bearer "+shopKey)
	if a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	return a.Body
}

// change asks for something about a pass.
func (s *shop) change(t testing.TB, method, serial, verb string, body any) {
	t.Helper()
	if a := s.Call(t, method, "/api/passes/"+serial+verb, body, "Authorization", "Bearer "+shopKey); a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
}

// phone is one with a pass, which fetches what changed when it is woken.
func (s *shop) phone(t testing.TB, library string, pkg []byte) (*standins.Phone, *standins.HeldPass) {
	t.Helper()
	p := standins.NewPhone(library, "token-"+library, http.DefaultClient)
	held, status, err := p.Add(t.Context(), pkg)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("%d %v", status, err)
	}
	s.apns.Wake(p.Token, func() { _, _ = p.Refresh(context.Background(), s.URL+"/wallet", held.PassType) })
	return p, held
}

func TestAVoidGreysOutTheTicketOnThePhone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		phone, held := s.phone(t, "ada", s.pass(t))
		s.change(t, http.MethodDelete, held.Serial, "", nil)
		apptest.Until(t, "the pass on the phone is void", func() bool { return phone.Pass(held.Serial).JSON["voided"] == true })
		s.change(t, http.MethodPost, held.Serial, "/unvoid", nil)
		apptest.Until(t, "and valid again", func() bool { return phone.Pass(held.Serial).JSON["voided"] == nil })
		s.change(t, http.MethodPut, held.Serial, "", `{"title": "Concert", "label": "SEAT", "value": "B7"}`)
		apptest.Until(t, "and has another seat", func() bool { return strings.Contains(fmt.Sprint(phone.Pass(held.Serial).JSON), "B7") })
		apptest.Until(t, "nobody is behind", func() bool {
			stale, err := s.Store.Stale(t.Context(), time.Time{}, time.Now().Add(time.Hour), 10)
			return err == nil && len(stale) == 0
		})
		if pushes := s.apns.Pushes(); len(pushes) != 3 || pushes[0].Topic != apptest.PassType || pushes[0].Certificate != apptest.PassType {
			t.Errorf("%+v", pushes)
		}
	})
}

func TestNothingIsPushedThatDidNotChange(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		_, held := s.phone(t, "ada", s.pass(t))
		s.change(t, http.MethodPut, held.Serial, "", `{"title": "Concert", "label": "SEAT", "value": "A1"}`)
		s.change(t, http.MethodPost, held.Serial, "/unvoid", nil)
		_, other := s.phone(t, "grace", s.pass(t))
		s.change(t, http.MethodDelete, other.Serial, "", nil)
		apptest.Until(t, "the other phone is woken", func() bool { return len(s.apns.Pushes()) > 0 })
		if pushes := s.apns.Pushes(); len(pushes) != 1 || pushes[0].Token != "token-grace" {
			t.Errorf("%+v", pushes)
		}
	})
}

// Each line is one thing that Apple's page, or a flaw of another service, says.
func TestTheWebServiceAnswersAsApplesPageSays(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		phone, held := s.phone(t, "ada", s.pass(t))
		other, stranger := s.phone(t, "grace", s.pass(t))
		_ = other
		token, _ := held.JSON["authenticationToken"].(string)
		foreign, _ := stranger.JSON["authenticationToken"].(string)
		const base, push = "/wallet/v1", `{"pushToken": "token-ada"}`
		registration := base + "/devices/ada/registrations/" + held.PassType + "/" + held.Serial
		list := base + "/devices/ada/registrations/" + held.PassType
		pass := base + "/passes/" + held.PassType + "/" + held.Serial
		apple := func(token string) string { return "ApplePass " + token }
		first := s.Call(t, http.MethodGet, pass, nil, "Authorization", apple(token))
		for _, tc := range []struct {
			name, method, path string
			body               any
			header             []string
			want               int
		}{
			{"registered again", http.MethodPost, registration, push, []string{"Authorization", apple(token)}, http.StatusOK},
			{"no token", http.MethodPost, registration, push, nil, http.StatusUnauthorized},
			{"a wrong token", http.MethodPost, registration, push, []string{"Authorization", apple("x")}, http.StatusUnauthorized},
			{"the token of another pass", http.MethodPost, registration, push, []string{"Authorization", apple(foreign)}, http.StatusUnauthorized},
			{"another scheme", http.MethodPost, registration, push, []string{"Authorization", "Bearer " + token}, http.StatusUnauthorized},
			{"an unknown pass answers the same", http.MethodPost, base + "/devices/ada/registrations/" + held.PassType + "/" + strings.Repeat("a", 26), push, []string{"Authorization", apple(token)}, http.StatusUnauthorized},
			{"another pass type", http.MethodPost, base + "/devices/ada/registrations/pass.com.example.other/" + held.Serial, push, []string{"Authorization", apple(token)}, http.StatusUnauthorized},
			{"no JSON", http.MethodPost, registration, "push", []string{"Authorization", apple(token)}, http.StatusBadRequest},
			{"no push token", http.MethodPost, registration, "{}", []string{"Authorization", apple(token)}, http.StatusBadRequest},
			{"JSON of another shape", http.MethodPost, registration, `{"pushToken": {"a": 1}}`, []string{"Authorization", apple(token)}, http.StatusBadRequest},
			{"a large body", http.MethodPost, registration, `{"pushToken": "` + strings.Repeat("a", 1<<20) + `"}`, []string{"Authorization", apple(token)}, http.StatusRequestEntityTooLarge},
			{"a push token of 10 kB", http.MethodPost, registration, `{"pushToken": "` + strings.Repeat("a", 10_000) + `"}`, []string{"Authorization", apple(token)}, http.StatusBadRequest},
			{"nothing has changed", http.MethodGet, list, nil, nil, http.StatusNoContent},
			{"nothing since a tag", http.MethodGet, list + "?passesUpdatedSince=1", nil, nil, http.StatusNoContent},
			{"a tag that is none", http.MethodGet, list + "?passesUpdatedSince=2026-11-24T20:00:00%2B01:00", nil, nil, http.StatusNoContent},
			{"an unknown phone", http.MethodGet, base + "/devices/nobody/registrations/" + held.PassType, nil, nil, http.StatusNoContent},
			{"an unknown pass type", http.MethodGet, base + "/devices/ada/registrations/pass.com.example.other", nil, nil, http.StatusNoContent},
			{"a pass", http.MethodGet, pass, nil, []string{"Authorization", apple(token)}, http.StatusOK},
			{"its HEAD", http.MethodHead, pass, nil, []string{"Authorization", apple(token)}, http.StatusOK},
			{"since it changed", http.MethodGet, pass, nil, []string{"Authorization", apple(token), "If-Modified-Since", first.Header.Get("Last-Modified")}, http.StatusNotModified},
			{"its HEAD since it changed", http.MethodHead, pass, nil, []string{"Authorization", apple(token), "If-Modified-Since", first.Header.Get("Last-Modified")}, http.StatusNotModified},
			{"since long before", http.MethodGet, pass, nil, []string{"Authorization", apple(token), "If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}, http.StatusOK},
			{"since a time that is none", http.MethodGet, pass, nil, []string{"Authorization", apple(token), "If-Modified-Since", "1732478400"}, http.StatusOK},
			{"without a token", http.MethodGet, pass, nil, nil, http.StatusUnauthorized},
			{"with that of another pass", http.MethodGet, pass, nil, []string{"Authorization", apple(foreign)}, http.StatusUnauthorized},
			{"a serial with dots", http.MethodGet, base + "/passes/" + held.PassType + "/..%2f..%2fpasswd", nil, []string{"Authorization", apple(token)}, http.StatusNotFound},
			{"a serial of 10 kB", http.MethodGet, base + "/passes/" + held.PassType + "/" + strings.Repeat("a", 10_000), nil, []string{"Authorization", apple(token)}, http.StatusNotFound},
			{"NUL in an id", http.MethodPost, base + "/devices/a%00b/registrations/" + held.PassType + "/" + held.Serial, push, []string{"Authorization", apple(token)}, http.StatusBadRequest},
			{"a log", http.MethodPost, base + "/log", `{"logs": ["something went wrong with ` + held.Serial + `"]}`, nil, http.StatusOK},
			{"an empty log", http.MethodPost, base + "/log", `{"logs": []}`, nil, http.StatusOK},
			{"a log that is none", http.MethodPost, base + "/log", `[]`, nil, http.StatusBadRequest},
			{"removed by somebody else", http.MethodDelete, registration, nil, []string{"Authorization", apple(foreign)}, http.StatusUnauthorized},
			{"removed before it was added", http.MethodDelete, base + "/devices/mary/registrations/" + held.PassType + "/" + held.Serial, nil, []string{"Authorization", apple(token)}, http.StatusOK},
			{"removed", http.MethodDelete, registration, nil, []string{"Authorization", apple(token)}, http.StatusOK},
			{"removed again", http.MethodDelete, registration, nil, []string{"Authorization", apple(token)}, http.StatusOK},
			{"another version of the service", http.MethodGet, "/wallet/v2/passes/" + held.PassType + "/" + held.Serial, nil, nil, http.StatusNotFound},
		} {
			if a := s.Call(t, tc.method, tc.path, tc.body, tc.header...); a.Code != tc.want || tc.want == http.StatusOK && tc.method == http.MethodGet && a.Header.Get("Content-Type") != "application/vnd.apple.pkpass" {
				t.Errorf("%s: %d %v %.200s, want %d", tc.name, a.Code, a.Header, a.Body, tc.want)
			}
		}
		if logs, err := s.Store.PhoneLogs(t.Context(), held.Serial, 10); err != nil || len(logs) != 1 {
			t.Errorf("%+v %v", logs, err)
		}
		// What was removed is not pushed.
		s.change(t, http.MethodDelete, held.Serial, "", nil)
		s.change(t, http.MethodDelete, stranger.Serial, "", nil)
		apptest.Until(t, "the other phone is woken", func() bool { return len(s.apns.Pushes()) > 0 })
		if pushes := s.apns.Pushes(); len(pushes) != 1 || pushes[0].Token != "token-grace" || phone.Pass(held.Serial).JSON["voided"] != nil {
			t.Errorf("%+v", pushes)
		}
	})
}

func TestTwoUpdatesInOneSecondBothReachThePhone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		pkg := s.pass(t)
		phone := standins.NewPhone("ada", "token-ada", http.DefaultClient)
		held, _, err := phone.Add(t.Context(), pkg)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			seat := fmt.Sprintf("row %d", i)
			s.change(t, http.MethodPut, held.Serial, "", `{"title": "Concert", "label": "SEAT", "value": "`+seat+`"}`)
			fetched, err := phone.Refresh(t.Context(), s.URL+"/wallet", held.PassType)
			if err != nil || len(fetched) != 1 || !strings.Contains(fmt.Sprint(phone.Pass(held.Serial).JSON), seat) {
				t.Errorf("update %d: %v, %v: %v", i, fetched, err, phone.Pass(held.Serial).JSON)
			}
		}
	})
}

func TestWhatApplesPushServiceAnswers(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func(n int) (int, string)
		pushes int
		phones int
	}{
		{"410: the phone is forgotten", func(int) (int, string) { return http.StatusGone, "Unregistered" }, 1, 0},
		{"503 once: it is woken again", func(n int) (int, string) {
			if n == 1 {
				return http.StatusServiceUnavailable, "Shutdown"
			}
			return http.StatusOK, ""
		}, 2, 1},
		{"BadDeviceToken for all: nobody is forgotten", func(int) (int, string) { return http.StatusBadRequest, "BadDeviceToken" }, 1, 1},
		{"403: the operator has to mend it", func(int) (int, string) { return http.StatusForbidden, "BadCertificate" }, 1, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newShop(t, "")
			n := 0
			s.apns.Answer(func(standins.Push) (int, string) { n++; return tc.answer(n) })
			_, held := s.phone(t, "ada", s.pass(t))
			s.change(t, http.MethodDelete, held.Serial, "", nil)
			apptest.Until(t, "the phone is woken", func() bool { return len(s.apns.Pushes()) >= tc.pushes })
			apptest.Until(t, "what became of it is written", func() bool {
				phones, err := s.Store.PhonesOf(t.Context(), held.Serial, 10)
				return err == nil && len(phones) == tc.phones && (tc.phones == 0 || phones[0].Note != "" || phones[0].State == "done")
			})
		})
	}
}
