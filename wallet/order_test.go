package wallet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
)

const (
	page   = "/o/" + token
	iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)"
	pixel  = "Mozilla/5.0 (Linux; Android 16)"
)

// order has n passes whose holder may be changed until 19:00 in Berlin.
func order(n int) *orders.Delivery {
	o := &orders.Delivery{Link: "https://tickets.example.com" + page, Recipient: "ada@example.com", State: "sent"}
	for i := range n {
		p := pass()
		p.Serial = fmt.Sprintf("serial-%d", i+1)
		p.Title, p.Link = "Concert", fmt.Sprintf("https://tickets.example.com/p/%s%d", token, i+1)
		p.Fields = []integrations.Field{{Label: "Seat", Value: fmt.Sprintf("Row %d", i+1)}}
		o.Passes = append(o.Passes, orders.DeliveryPass{
			Pass: p, Until: time.Date(2026, 12, 5, 18, 0, 0, 0, time.UTC),
			Inputs: []orders.Input{input("holder", "text", fmt.Sprintf("Guest %d", i+1))},
		})
	}
	return o
}

func input(name, kind, value string) orders.Input {
	return orders.Input{Input: passes.Input{Name: name, Label: "The " + name, Type: kind}, Value: value}
}

// of is a shelf with an order.
func of(o *orders.Delivery) shelf {
	return shelf{orders: []*orders.Delivery{o}, calls: new([]string)}
}

// has fails the test where a page lacks a text, or has one that begins with a
// hyphen.
func has(t *testing.T, body string, want ...string) {
	t.Helper()
	for _, text := range want {
		not, no := strings.CutPrefix(text, "-")
		if strings.Contains(body, not) == no {
			t.Errorf("%q, not wanted: %t, in\n%s", not, no, body)
		}
	}
}

func TestAnOrdersPageFitsTheDevice(t *testing.T) {
	for _, tc := range []struct {
		name, agent string
		passes      int
		want        []string
	}{
		{"iPhone", iPhone, 2, []string{page + `.pkpasses"`, "Add all to Apple Wallet", `/p/` + token + `1"`, `/p/` + token + `2.pkpass"`, "2 of 2", "-<img"}},
		{"iPhone with one pass", iPhone, 1, []string{"-.pkpasses", "-1 of 1", `/p/` + token + `1.pkpass"`}},
		{"iPhone with many", iPhone, 21, []string{"Add 1 to 10 to Apple Wallet", `.pkpasses?n=2"`, "Add 11 to 20", `.pkpasses?n=3"`, "Add 21 to Apple Wallet", "-?n=4"}},
		{"Mac", "Macintosh; Intel Mac OS X", 2, []string{page + `.pkpasses"`, "data:image/png;base64,"}},
		{"Android", pixel, 2, []string{"-Apple Wallet", "-.pkpass", `/p/` + token + `2"`, "-<img"}},
		{"Windows", "Windows NT 10.0", 2, []string{"-Apple Wallet", "-.pkpass", `/p/` + token + `2"`, "data:image/png;base64,"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := get(t, of(order(tc.passes)), http.MethodGet, page, "User-Agent", tc.agent)
			if w.Code != http.StatusOK {
				t.Errorf("got %d", w.Code)
			}
			has(t, w.Body.String(), tc.want...)
			has(t, w.Body.String(), "Row 1", `value="Guest 1"`, `name="input.holder"`, "until Saturday, 5 December 2026, 19:00 CET", "-ada@example.com", "-<script")
		})
	}
}

func TestAVoidPassOfAnOrderHasNoButton(t *testing.T) {
	o := order(3)
	o.Passes[1].Voided, o.Passes[1].Inputs = true, nil
	body := get(t, of(o), http.MethodGet, page, "User-Agent", iPhone).Body.String()
	has(t, body, "no longer valid", "-"+token+"2.pkpass", token+"3.pkpass", "Add all", "-Changes were possible")
}

func TestButtonsCountAsThePageDoes(t *testing.T) {
	o := order(13)
	o.Passes[0].Voided, o.Passes[5].Voided = true, true
	has(t, get(t, of(o), http.MethodGet, page, "User-Agent", iPhone).Body.String(), "Add 2 to 12 to Apple Wallet", "Add 13 to Apple Wallet")
}

func TestAfterTheDeadlineThereIsNoForm(t *testing.T) {
	o := order(1)
	o.Passes[0].Inputs = nil
	w := get(t, of(o), http.MethodGet, page)
	has(t, w.Body.String(), "-<form", "Changes were possible until Saturday, 5 December 2026, 19:00 CET")
	has(t, w.Header().Get("Content-Security-Policy"), "form-action 'none'")
}

func TestEveryTypeOfInputHasItsField(t *testing.T) {
	for _, tc := range []struct{ kind, value, want string }{
		{"text", `"><b>`, `type="text" name="input.x" value="&#34;&gt;&lt;b&gt;"`},
		{"person", "Ada", `type="text" name="input.x" value="Ada"`},
		{"number", "7", `type="number" step="any" name="input.x" value="7"`},
		{"email", "a@b.example", `type="email" name="input.x" value="a@b.example"`},
		{"date", "2026-12-05", `type="date" name="input.x" value="2026-12-05"`},
		{"time", "2026-12-05T18:30:00Z", `type="datetime-local" name="input.x" value="2026-12-05T19:30"`},
		{"choice", "fish", `<option selected value="fish">fish</option>`},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			o, in := order(1), input("x", tc.kind, tc.value)
			in.Options = []string{"meat", "fish"}
			o.Passes[0].Inputs = []orders.Input{in}
			has(t, get(t, of(o), http.MethodGet, page).Body.String(), tc.want, "The x</label>")
		})
	}
	t.Run("a time that stays is handed on as it was", func(t *testing.T) {
		o := order(1)
		o.Passes[0].Inputs = []orders.Input{input("x", "time", "2026-12-05T18:30:00Z")}
		s := of(o)
		post(t, s, page, "serial=serial-1&input.x=2026-12-05T19:30")
		if got := strings.Join(*s.calls, ""); got != "serial-1 map[x:2026-12-05T18:30:00Z]" {
			t.Error(got)
		}
	})
}

func TestRename(t *testing.T) {
	s := of(order(2))
	w := post(t, s, page, "serial=serial-2&input.holder=Ada+Lovelace&input.seat=Row+1&holder=x")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "?saved=serial-2#serial-2" {
		t.Errorf("got %d to %s", w.Code, w.Header().Get("Location"))
	}
	if got := strings.Join(*s.calls, ", "); got != "serial-2 map[holder:Ada Lovelace]" {
		t.Errorf("asked for %s", got)
	}
	body := get(t, s, http.MethodGet, page+"?saved=serial-2").Body.String()
	if before, after, ok := strings.Cut(body, `id="serial-2"`); !ok || strings.Contains(before, "Saved") || !strings.Contains(after, "Saved") {
		t.Errorf("the page does not say what was saved: %s", body)
	}
}

func TestNamesAreOneLine(t *testing.T) {
	s := of(order(1))
	post(t, s, page, "serial=serial-1&input.holder=A%00d%0D%0Aa%1B+%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80")
	if got := strings.Join(*s.calls, ", "); got != "serial-1 map[holder:Ada 👩\u200d🚀]" {
		t.Errorf("asked for %q", got)
	}
}

func TestARefusedRenameKeepsWhatWasTyped(t *testing.T) {
	for _, name := range []string{`<script>alert(1)</script>`, `"O'Hara" & <b>`, "مريم \u202e txt", "👩‍🚀 Ada", strings.Repeat("x", 5000)} {
		s := of(order(2))
		s.refused = orders.Refused{Text: "The holder is too long"}
		w := post(t, s, page, url.Values{"serial": {"serial-1"}, "input.holder": {name}}.Encode())
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("got %d", w.Code)
		}
		escaped := strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "&", "&amp;").Replace(name)
		has(t, w.Body.String(), `value="`+escaped+`"`, "The holder is too long.", `value="Guest 2"`, "-<script", "-<b>", "-Saved")
	}
}

func TestRenamingAPassOfAnotherOrderIsRefused(t *testing.T) {
	s := of(order(2))
	s.refused = orders.Refused{Text: "this ticket is not in your order"}
	w := post(t, s, page, "serial=serial-3&input.holder=Eve")
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("got %d", w.Code)
	}
	has(t, w.Body.String(), "This ticket is not in your order.", "-Eve")
}

func TestFormsThatCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct {
		path, form string
		want       int
	}{
		"over 64 KiB":   {page, "serial=serial-1&input.holder=" + strings.Repeat("x", 64<<10), http.StatusRequestEntityTooLarge},
		"broken":        {page, "serial=%zz", http.StatusBadRequest},
		"unknown token": {"/o/" + strings.Repeat("z", 32), "serial=serial-1", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s := of(order(1))
			if w := post(t, s, tc.path, tc.form); w.Code != tc.want || len(*s.calls) > 0 {
				t.Errorf("got %d, asked for %s", w.Code, *s.calls)
			}
		})
	}
}

func TestBundle(t *testing.T) {
	s := of(order(12))
	for n, want := range map[string]int{"": 10, "?n=1": 10, "?n=2": 2} {
		w := get(t, s, http.MethodGet, page+".pkpasses"+n)
		z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
		if err != nil || len(z.File) != want || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Errorf("%s: got %d, %v, %v", n, w.Code, err, w.Header())
		}
	}
	for _, n := range []string{"0", "3", "-1", "x", "99999999999999999999"} {
		if w := get(t, s, http.MethodGet, page+".pkpasses?n="+n); w.Code != http.StatusNotFound {
			t.Errorf("n=%s: got %d", n, w.Code)
		}
	}
}

func TestBundleHeaders(t *testing.T) {
	s := of(order(1))
	full := get(t, s, http.MethodGet, page+".pkpasses")
	for name, want := range map[string]string{
		"Content-Type": "application/vnd.apple.pkpasses", "Content-Disposition": `attachment; filename="passes-1.pkpasses"`,
		"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
	} {
		if got := full.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	head := get(t, s, http.MethodHead, page+".pkpasses")
	if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("Content-Length") != fmt.Sprint(full.Body.Len()) {
		t.Errorf("HEAD: %d, %d bytes, %v", head.Code, head.Body.Len(), head.Header())
	}
}

func TestABundleOfVoidPassesIsNotThere(t *testing.T) {
	o := order(1)
	o.Passes[0].Voided = true
	if w := get(t, of(o), http.MethodGet, page+".pkpasses"); w.Code != http.StatusNotFound {
		t.Errorf("got %d", w.Code)
	}
}

func TestOrdersThatAreNotThere(t *testing.T) {
	for _, path := range []string{"/o/" + strings.Repeat("z", 32), "/o/" + strings.Repeat("z", 32) + ".pkpasses", "/o/short", "/o/%00" + token} {
		if w := get(t, of(order(1)), http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	for _, path := range []string{page, page + ".pkpasses", "/stripe/success?session_id=" + session} {
		s := of(order(1))
		s.err = errors.New("certificate expired")
		if w := get(t, s, http.MethodGet, path); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "certificate") {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}

func TestOrderPagesAreKeptPrivate(t *testing.T) {
	for _, path := range []string{page, "/stripe/success?session_id=" + session} {
		s := of(order(2))
		s.may = true
		h := get(t, s, http.MethodGet, path).Header()
		for name, want := range map[string]string{"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		has(t, h.Get("Content-Security-Policy"), "default-src 'none'", "form-action 'self'")
		if w := get(t, s, http.MethodHead, path); w.Code != http.StatusOK || w.Body.Len() > 0 {
			t.Errorf("%s: HEAD has %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
}
