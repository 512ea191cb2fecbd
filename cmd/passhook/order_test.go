package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const orderSession = "/stripe/success?session_id=cs_test_twoticketsforada"

// buyerMay is the example's template.yaml, in which the buyer names the holders
// until a time.
func buyerMay(until string) string {
	return `title: ${{ ticket }}
inputs:
  holder: {label: Holder, required: true, example: Ada Lovelace}
  ticket: {default: Concert at Hall One}
  number: {}
  price: {}
  starts: {type: time, default: "2099-12-05T20:00:00+01:00"}
buyer:
  inputs: [holder]
  until: ` + until + "\n"
}

// visitor is a browser.
type visitor struct {
	t   *testing.T
	url string
}

func (v visitor) get(path string) (code int, body string) {
	v.t.Helper()
	return v.read(http.Get(v.url + path)) //nolint:gosec // our own server
}

// post sends a form and goes where it is sent.
func (v visitor) post(path string, form url.Values) (code int, body string) {
	v.t.Helper()
	return v.read(http.PostForm(v.url+path, form)) //nolint:gosec // our own server
}

func (v visitor) read(resp *http.Response, err error) (int, string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// holders are those of packages, by where they are downloaded.
func (v visitor) holders(links []string) map[string]string {
	v.t.Helper()
	out := map[string]string{}
	for _, link := range links {
		code, body := v.get(link + ".pkpass")
		if code != http.StatusOK {
			v.t.Fatalf("got %d", code)
		}
		out[link] = holderOf(v.t, []byte(body))
	}
	return out
}

func holderOf(t *testing.T, pkg []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("pass.json")
	if err != nil {
		t.Fatal(err)
	}
	var pass struct {
		EventTicket struct {
			AuxiliaryFields []struct{ Key, Value string }
		}
	}
	if err := json.NewDecoder(f).Decode(&pass); err != nil {
		t.Fatal(err)
	}
	for _, field := range pass.EventTicket.AuxiliaryFields {
		if field.Key == "holder" {
			return field.Value
		}
	}
	return ""
}

// linksIn are the paths of a kind of page in a page or a mail, each once.
func linksIn(body, kind string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`https://tickets\.example\.com(/`+kind+`/[A-Za-z0-9_-]+)`).FindAllStringSubmatch(body, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

func ordered(t *testing.T, until string) (w *world, p *process, v visitor) {
	t.Helper()
	w = newWorld(t, "")
	w.write(t, "templates/concert.pass/template.yaml", buyerMay(until))
	p = w.serve(t, 0)
	return w, p, visitor{t, p.url}
}

func (w *world) buysTwo(t *testing.T, p *process) {
	t.Helper()
	if _, err := w.send(t.Context(), p.url, w.checkout("twoticketsforada", 2)); err != nil {
		t.Fatal(err)
	}
	if err := w.smtp.Wait(deadline(t), 1); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
}

func TestTheBuyerNamesTheTickets(t *testing.T) {
	w, p, v := ordered(t, "${{ starts }}")
	if code, body := v.get(orderSession); code != http.StatusOK || !strings.Contains(body, "are being made") || !strings.Contains(body, `http-equiv="refresh"`) {
		t.Errorf("before the order: %d %s", code, body)
	}
	w.buysTwo(t, p)
	mail, err := w.smtp.Messages()[0].Parse()
	if err != nil {
		t.Fatal(err)
	}
	_, body := v.get(orderSession)
	pages, tickets := linksIn(body, "o"), linksIn(body, "p")
	if len(pages) != 1 || len(tickets) != 2 || !slices.Equal(linksIn(mail.Text, "o"), pages) {
		t.Fatalf("the success page has %d orders and %d passes", len(pages), len(tickets))
	}
	page := pages[0]
	_, body = v.get(page)
	serials := regexp.MustCompile(`name="serial" value="([^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(serials) != 2 || !slices.Equal(linksIn(body, "p"), tickets) {
		t.Fatalf("the order's page has %d forms: %s", len(serials), body)
	}
	const name = `"Zoë" <b>O'Hara</b> & مريم 👩‍🚀`
	code, body := v.post(page, url.Values{"serial": {serials[1][1]}, "input.holder": {name}})
	if code != http.StatusOK || !strings.Contains(body, "Saved") || !strings.Contains(body, `value="&#34;Zoë&#34; &lt;b&gt;O&#39;Hara`) || strings.Contains(body, "<b>") {
		t.Errorf("%d %s", code, body)
	}
	want := map[string]string{tickets[0]: "Ada Lovelace", tickets[1]: name}
	same := func(what string) {
		t.Helper()
		if got := v.holders(tickets); got[tickets[0]] != want[tickets[0]] || got[tickets[1]] != want[tickets[1]] {
			t.Errorf("%s: the holders are %v", what, got)
		}
	}
	same("renamed")
	for what, form := range map[string]url.Values{
		"too long":         {"serial": {serials[0][1]}, "input.holder": {strings.Repeat("x", 5000)}},
		"empty":            {"serial": {serials[0][1]}, "input.holder": {" "}},
		"of another order": {"serial": {strings.Repeat("a", 32)}, "input.holder": {"Eve"}},
	} {
		if code, body := v.post(page, form); code != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s: %d", what, code)
		}
		same(what)
	}
	if code, _ := v.get("/o/" + strings.Repeat("z", 43)); code != http.StatusNotFound {
		t.Errorf("an unknown page: %d", code)
	}
	t.Run("the bundle holds both", func(t *testing.T) {
		_, body := v.get(page + ".pkpasses")
		z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
		if err != nil || len(z.File) != 2 {
			t.Fatal(err)
		}
		f, err := z.File[1].Open()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || holderOf(t, b) != name {
			t.Errorf("%v, %s", err, holderOf(t, b))
		}
	})
	t.Run("after the deadline nothing changes", func(t *testing.T) {
		p.kill()
		w.write(t, "templates/concert.pass/template.yaml", buyerMay("2020-01-01T00:00:00Z"))
		v.url = w.serve(t, 0).url
		code, body := v.post(page, url.Values{"serial": {serials[0][1]}, "input.holder": {"Eve"}})
		if code != http.StatusUnprocessableEntity || !strings.Contains(body, "can no longer be changed") || strings.Contains(body, "Eve") {
			t.Errorf("%d %s", code, body)
		}
		same("late")
	})
	if token := page[len("/o/"):]; strings.Contains(p.log.String(), token) || strings.Contains(p.log.String(), tickets[0][len("/p/"):]) {
		t.Error("the log has a token")
	}
}

func TestTheBuyerCorrectsTheAddress(t *testing.T) {
	w, p, v := ordered(t, "")
	w.buysTwo(t, p)
	eventually(t, 5*time.Second, "the page says that the mail was sent", func() bool {
		_, body := v.get(orderSession)
		return strings.Contains(body, "were sent to <strong>twoticketsforada@example.com</strong>")
	})
	if code, body := v.post(orderSession, url.Values{"order": {"0"}, "address": {"nobody"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="nobody"`) {
		t.Errorf("%d %s", code, body)
	}
	code, body := v.post(orderSession, url.Values{"order": {"0"}, "address": {"ada@example.org"}})
	if code != http.StatusOK || !strings.Contains(body, "The address is corrected") || !strings.Contains(body, "<strong>ada@example.org</strong>") {
		t.Errorf("%d %s", code, body)
	}
	if err := w.smtp.Wait(deadline(t), 2); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	mails := w.smtp.Messages()
	first, err := mails[0].Parse()
	if err != nil {
		t.Fatal(err)
	}
	second, err := mails[1].Parse()
	if err != nil || len(second.Attachments) != 2 || mails[1].To[0] != "ada@example.org" {
		t.Fatalf("%d attachments to %s, %v", len(second.Attachments), mails[1].To, err)
	}
	if !slices.Equal(linksIn(first.Text, "o"), linksIn(second.Text, "o")) {
		t.Error("the mails lead to different pages")
	}
}
