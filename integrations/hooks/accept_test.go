package hooks_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/store"
)

func TestTheSameAgainIsAnsweredTheSame(t *testing.T) {
	s := newServer(t, luma, concertRule)
	first := s.post(t, "/hooks/luma", `{"id":"1","event":"paid","n":1}`, "Authorization", auth)
	expect(t, "the first", first, http.StatusAccepted)
	s.settled(t, first.text("id"))
	for _, body := range []string{`{"id":"1","event":"paid","n":1}`, " {\"n\": 1,\n\"event\": \"paid\", \"id\": \"1\"}"} {
		again := s.post(t, "/hooks/luma", body, "Authorization", auth)
		expect(t, "again", again, http.StatusAccepted)
		if again.body != first.body {
			t.Errorf("got %s, before %s", again.body, first.body)
		}
	}
	expect(t, "another content", s.post(t, "/hooks/luma", `{"id":"1","event":"paid","n":2}`, "Authorization", auth), http.StatusConflict)
	if n := len(s.passes(t)); n != 1 || len(s.events(t)) != 1 {
		t.Errorf("%d passes of %d events", n, len(s.events(t)))
	}
	waited := s.post(t, "/hooks/luma?wait", `{"id":"1","event":"paid","n":1}`, "Authorization", auth)
	expect(t, "waiting for what is done", waited, http.StatusOK)
	if waited.text("serial_number") == "" {
		t.Errorf("got %s", waited.body)
	}
}

// Ids of one hook have nothing to do with those of another.
func TestHooksDoNotShareIDs(t *testing.T) {
	s := newServer(t, luma, concertRule)
	one := s.post(t, "/hooks/luma?wait", `{"id":"1","order":"o"}`, "Authorization", auth)
	two := s.post(t, "/hooks/other?wait", `{"id":"1","order":"o","x":1}`, "Authorization", auth)
	expect(t, "one", one, http.StatusOK)
	expect(t, "two", two, http.StatusOK)
	if one.text("id") == two.text("id") || one.text("serial_number") == two.text("serial_number") || len(s.passes(t)) != 2 {
		t.Errorf("got %s and %s", one.body, two.body)
	}
	status := s.post(t, "/hooks/other", `{"id":"1","order":"o","x":1}`, "Authorization", auth).text("status_url")
	expect(t, "another hook's status", s.get(t, strings.Replace(status, "/other/", "/luma/", 1)), http.StatusNotFound)
	last := "a"
	if strings.HasSuffix(status, last) {
		last = "b"
	}
	expect(t, "a token that is none", s.get(t, status[:len(status)-1]+last), http.StatusNotFound)
	expect(t, "its own", s.get(t, status), http.StatusOK)
}

func TestWithoutIDTheHeadersCount(t *testing.T) {
	s := newServer(t, luma, concertRule)
	post := func(body string, headers ...string) reply {
		return s.post(t, "/hooks/bare", body, append([]string{"Authorization", auth}, headers...)...)
	}
	a, b := post(`{"a":1}`), post(`{"a":1}`)
	if a.code != 202 || b.code != 202 || a.text("id") == b.text("id") {
		t.Errorf("without an id: %s and %s", a.body, b.body)
	}
	for _, name := range []string{"Idempotency-Key", "webhook-id"} {
		a, b = post(`{"a":1}`, name, name+"-1"), post(`{"a":1}`, name, name+"-1")
		if a.code != 202 || a.body != b.body {
			t.Errorf("%s: %s and %s", name, a.body, b.body)
		}
		expect(t, name+" with another content", post(`{"a":2}`, name, name+"-1"), http.StatusConflict)
		expect(t, name+" twice", post(`{"a":2}`, name, "x", name, "y"), http.StatusBadRequest)
	}
	c := post(`{"a":3}`, "webhook-id", "w", "Idempotency-Key", "k")
	if e := s.settled(t, c.text("id")); e.ExternalID != "k" || e.Type != "hooks.bare.received" || time.Since(e.Time).Abs() > time.Minute {
		t.Errorf("got %+v", e)
	}
	expect(t, "an id that the config looks for", s.post(t, "/hooks/luma", `{"event":"x"}`, "Authorization", auth), http.StatusBadRequest)
	expect(t, "a header in its place", s.post(t, "/hooks/luma", `{"event":"x"}`, "Authorization", auth, "Idempotency-Key", "k2"), http.StatusAccepted)
}

func TestAListIsAsManyEvents(t *testing.T) {
	s := newServer(t, luma, concertRule)
	r := s.post(t, "/hooks/bare", `[{"name":"Ada"},{"name":"Grace"},{"name":"Mary"}]`, "Authorization", auth, "Idempotency-Key", "k")
	expect(t, "the list", r, http.StatusAccepted)
	if len(r.list("events")) != 3 {
		t.Fatalf("got %s", r.body)
	}
	for i, one := range r.list("events") {
		id, _ := one["id"].(string)
		if e := s.settled(t, id); e.ExternalID != fmt.Sprintf("k#%d", i+1) || e.Object != e.ExternalID || e.State != store.StateDone {
			t.Errorf("got %+v", e)
		}
	}
	again := s.post(t, "/hooks/bare", `[{"name":"Ada"},{"name":"Grace"},{"name":"Mary"}]`, "Authorization", auth, "Idempotency-Key", "k")
	if again.body != r.body {
		t.Errorf("again: got %s", again.body)
	}
	expect(t, "another content", s.post(t, "/hooks/bare", `[{"name":"Ada"},{"name":"Joan"}]`, "Authorization", auth, "Idempotency-Key", "k"), http.StatusConflict)
	before := len(s.events(t))
	for _, list := range []string{`[]`, `[{"name":"x"},1]`, `[{"name":"x"},null]`, `[{"name":"x"},[{}]]`, `[{"name":"x"},{"a":1,"a":2}]`, `[{"name":"x"}`, "[" + strings.Repeat("{},", 1000) + "{}]"} {
		expect(t, list[:min(len(list), 40)], s.post(t, "/hooks/bare", list, "Authorization", auth), http.StatusBadRequest)
	}
	expect(t, "one id twice", s.post(t, "/hooks/luma", `[{"id":"x"},{"id":"x","a":1}]`, "Authorization", auth), http.StatusBadRequest)
	if n := len(s.events(t)); n != before {
		t.Errorf("%d events are stored of refused lists", n-before)
	}
	own := s.post(t, "/hooks/luma?wait", `[{"id":"a"},{"id":"b"}]`, "Authorization", auth)
	expect(t, "with ids of their own", own, http.StatusOK)
	if list := own.list("events"); len(list) != 2 || list[1]["serial_number"] == nil || list[0]["serial_number"] == list[1]["serial_number"] {
		t.Errorf("got %s", own.body)
	}
	// Alone, an element is the same event.
	if alone := s.post(t, "/hooks/luma", `{"id":"a"}`, "Authorization", auth); alone.text("id") != own.list("events")[0]["id"] {
		t.Errorf("alone: got %s", alone.body)
	}
}

func TestForms(t *testing.T) {
	s := newServer(t, luma, concertRule)
	r := s.post(t, "/hooks/luma", "id=f-1&event=signed+up&customer__email=ada%40example.com&a.b=1&tag=x&tag=y", "Authorization", auth, "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	expect(t, "a form", r, http.StatusAccepted)
	e := s.settled(t, r.text("id"))
	if want := `{"a.b":"1","customer__email":"ada@example.com","event":"signed up","id":"f-1","tag":["x","y"]}`; string(e.Data) != want || e.Type != "hooks.luma.signed_up" {
		t.Errorf("got %s, %s", e.Type, e.Data)
	}
	again := s.post(t, "/hooks/luma", "tag=x&tag=y&a.b=1&customer__email=ada%40example.com&event=signed+up&id=f-1", "Authorization", auth, "Content-Type", "application/x-www-form-urlencoded")
	if again.body != r.body {
		t.Errorf("in another order: got %s", again.body)
	}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	must(t, m.WriteField("id", "f-2"))
	file, err := m.CreateFormFile("photo", "ada.jpg")
	must(t, err)
	_, err = file.Write(make([]byte, 100_000))
	must(t, err)
	must(t, m.WriteField("name", "Ada Lovelace"))
	must(t, m.Close())
	r = s.post(t, "/hooks/luma", b.String(), "Authorization", auth, "Content-Type", m.FormDataContentType())
	expect(t, "multipart", r, http.StatusAccepted)
	if e := s.settled(t, r.text("id")); string(e.Data) != `{"id":"f-2","name":"Ada Lovelace"}` {
		t.Errorf("got %s", e.Data)
	}
	before := len(s.events(t))
	for body, kind := range map[string]string{
		"id=%zz": "application/x-www-form-urlencoded", "id=%ff": "application/x-www-form-urlencoded", "id=%00": "application/x-www-form-urlencoded", "": "application/x-www-form-urlencoded",
		strings.Repeat("a=1&", 1001): "application/x-www-form-urlencoded", "x": "multipart/form-data", "--b\r\n": "multipart/form-data; boundary=b",
	} {
		expect(t, fmt.Sprintf("%.20q", body), s.post(t, "/hooks/luma", body, "Authorization", auth, "Content-Type", kind), http.StatusBadRequest)
	}
	if n := len(s.events(t)); n != before {
		t.Errorf("%d events are stored of refused forms", n-before)
	}
}

func TestFlattenedKeysAreReadAsTheyCome(t *testing.T) {
	s := newServer(t, luma, `
  - name: flat
    on: hooks.luma.*
    template: concert
    with: {holder: '${{ data.customer__name }}', ticket: '${{ data["show.title"] }}'}
`)
	expect(t, "the post", s.post(t, "/hooks/luma?wait", `{"id":"1","customer__name":"Ada","show.title":"Notes"}`, "Authorization", auth), http.StatusOK)
	if in := string(s.passes(t)[0].Inputs); !strings.Contains(in, `"Ada"`) || !strings.Contains(in, `"Notes"`) {
		t.Errorf("got %s", in)
	}
}

func TestHostileBodiesWriteNothing(t *testing.T) {
	s := newServer(t, luma, concertRule)
	deep := strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101)
	for name, body := range map[string]string{
		"empty": "", "text": "hello", "a number": "1", "text in JSON": `"x"`, "null": "null", "cut": `{"id":"1"`, "trailing": `{"id":"1"}{}`, "a key twice": `{"id":"1","id":"2"}`,
		"a key twice below": `{"id":"1","a":{"b":1,"b":2}}`, "deep": deep, "NUL": `{"id":"1","a":"\u0000"}`, "NUL in a key": `{"id":"1","\u0000":1}`, "a huge number": `{"id":"1","n":1e999}`,
		"no UTF-8": "{\"id\":\"1\",\"a\":\"\xff\"}", "half a surrogate": `{"id":"1","a":"\ud800"}`, "an id with a line break": `{"id":"a\nb"}`, "a long id": `{"id":"` + strings.Repeat("x", 256) + `"}`,
		"no time": `{"id":"1","at":"soon"}`, "a time out of reach": `{"id":"1","at":1e300}`, "before all time": `{"id":"1","at":-62135596801}`, "a time that is an object": `{"id":"1","at":{}}`,
		"neither live nor not": `{"id":"1","test":"maybe"}`, "a reserved ref": `{"id":"1","order":"key:1"}`, "a reference": `{"id":"1","order":"ref:1"}`, "a serial number": `{"id":"1","order":"serial:1"}`,
		"a long ref": `{"id":"1","order":"` + strings.Repeat("x", 256) + `"}`, "a ref with NUL": `{"id":"1","order":"\u0001"}`,
	} {
		r := s.post(t, "/hooks/luma", body, "Authorization", auth, "Content-Type", "application/json")
		if r.code != http.StatusBadRequest || r.text("error") == "" {
			t.Errorf("%s: got %d %s", name, r.code, r.body)
		}
	}
	r := s.post(t, "/hooks/luma", "<id>1</id>", "Authorization", auth, "Content-Type", "text/xml")
	expect(t, "XML", r, http.StatusUnsupportedMediaType)
	expect(t, "compressed", s.post(t, "/hooks/luma", `{"id":"1"}`, "Authorization", auth, "Content-Encoding", "gzip"), http.StatusUnsupportedMediaType)
	expect(t, "too large", s.post(t, "/hooks/luma", `{"id":"`+strings.Repeat("x", 1<<20)+`"}`, "Authorization", auth), http.StatusRequestEntityTooLarge)
	if n := len(s.events(t)); n != 0 {
		t.Errorf("%d events are stored", n)
	}
	expect(t, "JSON of an unknown type", s.post(t, "/hooks/luma", `{"id":"1"}`, "Authorization", auth, "Content-Type", "text/plain"), http.StatusAccepted)
}

func TestTypesAreMadeSafe(t *testing.T) {
	s := newServer(t, luma, concertRule)
	for i, tc := range []struct{ given, want string }{
		{`"orders/paid"`, "orders/paid"}, {`"Ünïcode 🎟"`, "_n_code__"}, {`""`, "received"}, {`null`, "received"}, {`7`, "7"}, {`"a.b-c_D"`, "a.b-c_D"}, {`"` + strings.Repeat("x", 500) + `"`, strings.Repeat("x", 100)},
	} {
		r := s.post(t, "/hooks/luma", fmt.Sprintf(`{"id":"%d","event":%s}`, i, tc.given), "Authorization", auth)
		expect(t, tc.given, r, http.StatusAccepted)
		if e := s.settled(t, r.text("id")); e.Type != "hooks.luma."+tc.want {
			t.Errorf("%s: got %s", tc.given, e.Type)
		}
	}
}

func TestNumbersOfIDsKeepTheirDigits(t *testing.T) {
	s := newServer(t, luma, concertRule)
	r := s.post(t, "/hooks/luma", `{"id":9007199254740993,"order":820982911946154508,"n":1.10,"big":123456789012345678901234567890}`, "Authorization", auth)
	expect(t, "the post", r, http.StatusAccepted)
	if e := s.settled(t, r.text("id")); e.ExternalID != "9007199254740993" || fmt.Sprint(e.Refs) != "[820982911946154508]" || !bytes.Contains(e.Data, []byte("123456789012345678901234567890")) {
		t.Errorf("got %s, %v, %s", e.ExternalID, e.Refs, e.Data)
	}
}

func TestTimesOfEveryKind(t *testing.T) {
	s := newServer(t, luma, concertRule)
	for i, at := range []string{`"2026-11-24T10:00:00Z"`, `"2026-11-24T11:00:00+01:00"`, `"2026-11-24T10:00:00.000Z"`, `1795514400`, `1795514400000`, `"1795514400"`, `1795514400.0`, `"2026-11-24T10:00:00"`, `"2026-11-24 10:00:00"`} {
		r := s.post(t, "/hooks/luma", fmt.Sprintf(`{"id":"%d","at":%s}`, i, at), "Authorization", auth)
		expect(t, at, r, http.StatusAccepted)
		if e := s.settled(t, r.text("id")); !e.Time.Equal(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: got %s", at, e.Time)
		}
	}
}

func TestCloudEvents(t *testing.T) {
	s := newServer(t, presetHook("cloudevents")+luma, concertRule)
	structured := `{"specversion":"1.0","id":"1","source":"/shop","type":"com.example.paid","subject":"o-1","time":"2026-11-24T10:00:00Z","ext":7,"data":{"name":"Ada"}}`
	binary := []string{"Authorization", auth, "Content-Type", "application/json", "ce-specversion", "1.0", "ce-id", "2", "ce-source", "/shop", "ce-type", "com.example.paid", "ce-subject", "o-1", "ce-time", "2026-11-24T10:00:00Z"}
	for _, hook := range []string{"cloudevents", "bare"} {
		for id, r := range map[string]reply{
			"/shop 1": s.post(t, "/hooks/"+hook, structured, "Authorization", auth, "Content-Type", "application/cloudevents+json; charset=utf-8"),
			"/shop 2": s.post(t, "/hooks/"+hook, `{"name":"Ada"}`, binary...),
		} {
			expect(t, hook+" "+id, r, http.StatusAccepted)
			e := s.settled(t, r.text("id"))
			if e.ExternalID != id || e.Type != "hooks."+hook+".com.example.paid" || string(e.Data) != `{"name":"Ada"}` || e.Time.Hour() != 10 || e.Headers["ce-subject"] != "o-1" {
				t.Errorf("%s: got %+v", hook, e)
			}
		}
	}
	batch := s.post(t, "/hooks/cloudevents", "["+strings.Replace(structured, `"1"`, `"3"`, 1)+"]", "Authorization", auth, "Content-Type", "application/cloudevents-batch+json")
	if batch.code != http.StatusAccepted || len(batch.list("events")) != 1 {
		t.Errorf("a batch: got %d %s", batch.code, batch.body)
	}
	for _, body := range []string{`{"id":"1"}`, `{"specversion":"1.0","id":"9","source":"/s","type":"t","data":"text"}`, `{"specversion":"1.0","id":"9","source":"/s","type":"t","data_base64":"%"}`} {
		expect(t, body, s.post(t, "/hooks/cloudevents", body, "Authorization", auth, "Content-Type", "application/cloudevents+json"), http.StatusBadRequest)
	}
	expect(t, "no CloudEvent", s.post(t, "/hooks/cloudevents", `{"a":1}`, "Authorization", auth), http.StatusBadRequest)
}

// A test reaches nobody but who the config names.
func TestTestEvents(t *testing.T) {
	s := newServer(t, luma+`
  tested: {verify: {bearer: `+token+`}, id: "${{ data.id }}", live: "${{ !data.test }}", test_recipient: me@example.com}
`, concertRule)
	r := s.post(t, "/hooks/luma?wait", `{"id":"1","test":true,"email":"ada@example.com"}`, "Authorization", auth)
	expect(t, "without a recipient", r, http.StatusOK)
	if e := s.settled(t, r.text("id")); e.Live || e.State != store.StateIgnored || !strings.Contains(e.Note, "hooks.luma") || !strings.Contains(e.Note, "test_recipient") || len(s.passes(t)) != 0 {
		t.Errorf("got %+v", e)
	}
	if r.text("state") != "ignored" || !strings.Contains(r.text("note"), "test_recipient") {
		t.Errorf("got %s", r.body)
	}
	r = s.post(t, "/hooks/tested?wait", `{"id":"1","test":true,"email":"ada@example.com"}`, "Authorization", auth)
	expect(t, "with a recipient", r, http.StatusOK)
	must(t, s.smtp.Wait(t.Context(), 1))
	if to := s.smtp.Messages()[0].To; len(to) != 1 || to[0] != "me@example.com" {
		t.Errorf("it went to %q", to)
	}
}

func TestMoreThanTheRateIsAskedToWait(t *testing.T) {
	s := newServer(t, `
  slow: {verify: {bearer: `+token+`}, rate: 2/m}
  fast: {verify: {bearer: `+token+`}}
`, concertRule)
	for range 3 {
		expect(t, "unverified", s.post(t, "/hooks/slow", `{}`), http.StatusUnauthorized)
	}
	for range 2 {
		expect(t, "within the rate", s.post(t, "/hooks/slow", `{}`, "Authorization", auth), http.StatusAccepted)
	}
	r := s.post(t, "/hooks/slow", `{}`, "Authorization", auth)
	expect(t, "above the rate", r, http.StatusTooManyRequests)
	if wait, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || wait < 10 || wait > 30 || len(s.events(t)) != 2 {
		t.Errorf("Retry-After is %d, %d events", wait, len(s.events(t)))
	}
	expect(t, "another hook", s.post(t, "/hooks/fast", `{}`, "Authorization", auth), http.StatusAccepted)
	s.later.Store(int64(31 * time.Second))
	expect(t, "later", s.post(t, "/hooks/slow", `{}`, "Authorization", auth), http.StatusAccepted)
}

func TestAFailedEventIsToldInPlainWords(t *testing.T) {
	s := newServer(t, luma, `
  - {name: concert, on: "hooks.luma.*", template: concert, with: {holder: "${{ data.name }}"}}
`)
	r := s.post(t, "/hooks/luma?wait", `{"id":"1"}`, "Authorization", auth)
	expect(t, "without a name", r, http.StatusUnprocessableEntity)
	if !strings.Contains(r.text("error"), "holder") || r.text("id") == "" || r.text("status_url") == "" {
		t.Errorf("got %s", r.body)
	}
	status := s.get(t, r.text("status_url"))
	if status.code != http.StatusOK || status.text("state") != "failed" || status.text("error") != r.text("error") {
		t.Errorf("the status: got %d %s", status.code, status.body)
	}
}

func TestSeveralPassesAreAllTold(t *testing.T) {
	s := newServer(t, luma, `
  - {name: concert, on: "hooks.luma.sold", template: concert, repeat: "data.n", with: {holder: Ada}}
  - {name: moved, on: "hooks.luma.moved", action: update, with: {holder: "${{ data.name }}"}}
`)
	sold := s.post(t, "/hooks/luma?wait", `{"id":"1","event":"sold","n":3,"order":"o-1"}`, "Authorization", auth)
	expect(t, "sold", sold, http.StatusOK)
	if list := sold.list("passes"); len(list) != 3 || list[0]["serial_number"] != sold.text("serial_number") || list[2]["file_url"] == nil {
		t.Fatalf("got %s", sold.body)
	}
	moved := s.post(t, "/hooks/luma?wait", `{"id":"2","event":"moved","name":"Grace","order":"o-1"}`, "Authorization", auth)
	expect(t, "moved", moved, http.StatusOK)
	if len(moved.list("passes")) != 3 || moved.text("serial_number") == "" {
		t.Errorf("got %s", moved.body)
	}
	none := s.post(t, "/hooks/luma?wait", `{"id":"3","event":"nothing"}`, "Authorization", auth)
	if none.code != http.StatusOK || none.text("state") != "ignored" || none.text("serial_number") != "" {
		t.Errorf("got %d %s", none.code, none.body)
	}
}

// A body that is never read costs nothing.
type untouched struct{ read atomic.Bool }

func (b *untouched) Read([]byte) (int, error) {
	b.read.Store(true)
	return 0, errors.New("broken")
}

func TestWhoIsNotTheSenderIsRefusedBeforeTheBody(t *testing.T) {
	s := newServer(t, luma+`
  login: {verify: {basic: {username: me, password: `+token+`}}}
  header: {verify: {header: X-My-Token, equals: [`+token+`, `+token2+`]}}
  path: {verify: {path: [`+token+`, `+token2+`]}}
  open: {verify: none}
  signed: {verify: {hmac: {header: X-Sum, secrets: short}}}
`, concertRule)
	for _, tc := range []struct {
		path    string
		headers []string
		want    int
	}{
		{"/hooks/luma", nil, 401}, {"/hooks/luma", []string{"Authorization", "Bearer x"}, 401}, {"/hooks/luma", []string{"Authorization", auth, "Authorization", auth}, 401},
		{"/hooks/luma/" + token, []string{"Authorization", auth}, 404}, {"/hooks/nobody", []string{"Authorization", auth}, 404}, {"/hooks/nobody/x", nil, 404},
		{"/hooks/login", []string{"Authorization", auth}, 401}, {"/hooks/header", []string{"X-My-Token", "x"}, 401}, {"/hooks/header", nil, 401},
		{"/hooks/path", nil, 401}, {"/hooks/path/x", nil, 401}, {"/hooks/path", []string{"secret", token, "Authorization", auth}, 401},
		{"/hooks/signed", nil, 401}, {"/hooks/signed", []string{"X-Sum", "short"}, 401},
	} {
		body := &untouched{}
		r := s.ask(t, http.MethodPost, s.url+tc.path, body, append(tc.headers, "Expect", "100-continue")...)
		if body.read.Load() {
			t.Errorf("%s %q: the body was read", tc.path, tc.headers)
		}
		if r.code != tc.want || r.text("error") == "" || strings.Contains(r.body, token) {
			t.Errorf("%s %q: got %d %s", tc.path, tc.headers, r.code, r.body)
		}
	}
	for i, tc := range []struct {
		path    string
		headers []string
	}{
		{"/hooks/luma", []string{"Authorization", auth}}, {"/hooks/luma", []string{"Authorization", "Bearer " + token2}}, // while tokens change
		{"/hooks/login", []string{"Authorization", "Basic bWU6MDEyMzQ1Njc4OWFiY2RlZg=="}}, {"/hooks/header", []string{"X-My-Token", token2}},
		{"/hooks/path/" + token, nil}, {"/hooks/path/" + token2, nil}, {"/hooks/open", nil},
	} {
		expect(t, fmt.Sprint(tc), s.post(t, tc.path, fmt.Sprintf(`{"id":"%d"}`, i), tc.headers...), http.StatusAccepted)
	}
	for _, e := range s.events(t) {
		b, err := json.Marshal(e.Event)
		must(t, err)
		if bytes.Contains(bytes.ToLower(b), []byte(`"x-my-token"`)) || strings.Contains(fmt.Sprint(e.Headers), token) {
			t.Errorf("a secret is stored: %s", b)
		}
	}
	if log := s.log.String(); strings.Contains(log, token) || strings.Contains(log, token2) {
		t.Error("a secret is in the log")
	}
}

// What an outside service said is the operator's.
func TestAFailureOfAServiceTellsNothingOfIt(t *testing.T) {
	s := newServer(t, presetHook("eventbrite"), everyRule)
	r := s.post(t, "/hooks/eventbrite/"+token+"?wait", `{"api_url":"https://10.0.0.1/v3/orders/1/","config":{"action":"order.placed"}}`)
	expect(t, "another host", r, http.StatusUnprocessableEntity)
	if strings.Contains(r.body, "eventbriteapi") || !strings.Contains(r.text("error"), "passhook events "+r.text("id")) {
		t.Errorf("got %s", r.body)
	}
	if e := s.settled(t, r.text("id")); !strings.Contains(e.Note, "https://www.eventbriteapi.com") {
		t.Errorf("the operator sees %q", e.Note)
	}
}

func TestWhatNobodySignedNamesItsAccount(t *testing.T) {
	s := newServer(t, presetHook("gumroad"), everyRule)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	expect(t, "another seller", s.post(t, "/hooks/gumroad/"+token, "sale_id=1&seller_id=other", form...), http.StatusUnauthorized)
	expect(t, "no seller", s.post(t, "/hooks/gumroad/"+token, "sale_id=1", form...), http.StatusUnauthorized)
	if n := len(s.events(t)); n != 0 {
		t.Errorf("%d events are stored", n)
	}
	r := s.post(t, "/hooks/gumroad/"+token, "sale_id=1&test=true&seller_id=kLx0nVYvSgnCq2BPnnTzAg%3D%3D", form...)
	expect(t, "a test sale", r, http.StatusOK)
	if e := s.settled(t, r.text("id")); e.Live || e.Type != "hooks.gumroad.sale" {
		t.Errorf("got %+v", e)
	}
}

func TestJSONInAForm(t *testing.T) {
	hook := compiled(t, "code", hooks.Config{Preset: "github", Secrets: []string{"s"}})
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Github-Event": {"ping"}, "X-Github-Delivery": {"1"}}
	events, _, err := hook.Events(header, []byte("payload=%7B%22zen%22%3A%22Design%22%7D"), time.Now())
	must(t, err)
	if e := events[0]; e.Type != "hooks.code.ping" || string(e.Data) != `{"zen":"Design"}` {
		t.Errorf("got %+v", e)
	}
	if _, _, err := hook.Events(header, []byte("payload=%7B"), time.Now()); hooks.StatusOf(err) != http.StatusBadRequest {
		t.Errorf("got %v", err)
	}
}

func TestHeadersThatAreKept(t *testing.T) {
	hook := compiled(t, "x", hooks.Config{Verify: &hooks.Verify{Header: "X-Door", Equals: []string{token}}, ID: "${{ data.id }}"})
	header := http.Header{
		"X-Door": {token}, "Authorization": {"x"}, "Proxy-Authorization": {"x"}, "Cookie": {"x"}, "X-Api-Key": {"x"}, "X-Hub-Signature-256": {"x"}, "Stripe-Signature": {"x"}, "X-Gitlab-Token": {"x"},
		"X-Forwarded-For": {"192.0.2.1"}, "Forwarded": {"x"}, "Via": {"x"}, "Fly-Client-Ip": {"x"}, "Cf-Ray": {"x"}, "Accept-Encoding": {"gzip"}, "Connection": {"close"},
		"X-Campaign": {"winter"}, "X-Two": {"a", "b"}, "X-Broken": {"\xff"}, "User-Agent": {"sender/1"},
	}
	events, _, err := hook.Events(header, []byte(`{"id":"1"}`), time.Now())
	must(t, err)
	if got := fmt.Sprint(events[0].Headers); got != "map[user-agent:sender/1 x-campaign:winter x-two:a, b]" {
		t.Errorf("got %s", got)
	}
	for i := range 200 {
		header.Set(fmt.Sprintf("X-%d", i), strings.Repeat("y", i))
	}
	header.Set("X-Huge", strings.Repeat("y", 20_000))
	events, _, err = hook.Events(header, []byte(`{"id":"1"}`), time.Now())
	must(t, err)
	size := 0
	for name, value := range events[0].Headers {
		size += len(name) + len(value)
	}
	if n := len(events[0].Headers); n > 64 || n < 40 || size > 8<<10 || events[0].Headers["x-campaign"] != "winter" {
		t.Errorf("%d headers of %d bytes", n, size)
	}
}
