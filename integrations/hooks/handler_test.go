package hooks_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

const (
	token  = "0123456789abcdef"
	token2 = "fedcba9876543210"
	auth   = "Bearer " + token
)

const luma = `
  luma: {verify: {bearer: [` + token + `, ` + token2 + `]}, id: "${{ data.id }}", type: "${{ data.event }}", time: "${{ data.at }}", live: "${{ !data.test }}", refs: ["${{ data.order }}"]}
  other: {verify: {bearer: ` + token + `}, id: "${{ data.id }}"}
  bare: {verify: {bearer: ` + token + `}}
`

func TestAPostBecomesAPass(t *testing.T) {
	s := newServer(t, luma, concertRule)
	r := s.post(t, "/hooks/luma", `{"id":"evt-1","event":"paid","order":"o-1","at":"2026-11-24T10:00:00Z","name":"Ada Lovelace"}`, "Authorization", auth, "Content-Type", "application/json", "X-Campaign", "winter")
	expect(t, "the post", r, http.StatusAccepted)
	e := s.settled(t, r.text("id"))
	if e.Source != "hooks.luma" || e.Type != "hooks.luma.paid" || e.ExternalID != "evt-1" || e.Object != "evt-1" || !e.Live || fmt.Sprint(e.Refs) != "[o-1]" ||
		e.Time.Format("15:04") != "10:00" || e.Headers["x-campaign"] != "winter" || e.Headers["authorization"] != "" || e.State != store.StateDone {
		t.Errorf("got %+v", e)
	}
	if passes := s.passes(t); len(passes) != 1 || !strings.Contains(string(passes[0].Inputs), "Ada Lovelace") {
		t.Errorf("got %+v", passes)
	}
	must(t, s.smtp.Wait(t.Context(), 1))
	status := s.get(t, r.text("status_url"))
	expect(t, "the status", status, http.StatusOK)
	if status.text("state") != "done" || status.text("id") != e.ID || status.text("serial_number") == "" || !strings.HasSuffix(status.text("file_url"), ".pkpass") {
		t.Errorf("got %s", status.body)
	}
	if file := s.get(t, status.text("file_url")); file.code != http.StatusOK || file.header.Get("Content-Type") != "application/vnd.apple.pkpass" {
		t.Errorf("the file: got %d", file.code)
	}
}

func TestHooksOnPostgreSQL(t *testing.T) {
	s := newServer(t, luma, concertRule+"database: "+strconv.Quote(storetest.Postgres(t))+"\n")
	body := `{"id":"evt-1","event":"paid","order":"o-1","name":"Ada Ünïcode 🎟"}`
	first := s.post(t, "/hooks/luma?wait", body, "Authorization", auth, "X-Note", "Gr\xfc\xdfe")
	expect(t, "the post", first, http.StatusOK)
	expect(t, "again", s.post(t, "/hooks/luma?wait", body, "Authorization", auth), http.StatusOK)
	expect(t, "another content", s.post(t, "/hooks/luma", `{"id":"evt-1"}`, "Authorization", auth), http.StatusConflict)
	if first.text("serial_number") == "" || len(s.passes(t)) != 1 {
		t.Errorf("got %s", first.body)
	}
}

func TestWaitAnswersWithThePasses(t *testing.T) {
	s := newServer(t, luma, concertRule)
	for _, wait := range []string{"wait", "wait=true", "wait=10"} {
		r := s.post(t, "/hooks/luma?"+wait, `{"id":"`+wait+`"}`, "Authorization", auth)
		expect(t, wait, r, http.StatusOK)
		for _, name := range []string{"id", "serial_number", "file_url", "page_url", "title", "order_url"} {
			if r.text(name) == "" {
				t.Errorf("%s: %s is missing in %s", wait, name, r.body)
			}
		}
		if r.text("state") != "done" {
			t.Errorf("got %s", r.body)
		}
	}
	for _, wait := range []string{"wait=26", "wait=-1", "wait=soon"} {
		expect(t, wait, s.post(t, "/hooks/luma?"+wait, `{"id":"`+wait+`"}`, "Authorization", auth), http.StatusBadRequest)
	}
	for _, wait := range []string{"wait=false", "wait=0"} {
		expect(t, wait, s.post(t, "/hooks/luma?"+wait, `{"id":"`+wait+`"}`, "Authorization", auth), http.StatusAccepted)
	}
}

// The shop's own number of an item makes its passes unique, wherever it stands.
func TestItemsHaveNumbersAsIDs(t *testing.T) {
	s := newServer(t, luma, `
  - {name: sold, on: "hooks.luma.*", for_each: data.items, repeat: item.n, template: concert, with: {holder: Ada}}
`)
	expect(t, "the post", s.post(t, "/hooks/luma?wait", `{"id":"1","items":[{"id":866550311766439020,"n":2},{"id":"text","n":1},{"n":1},{"id":1.5,"n":1}]}`, "Authorization", auth), http.StatusOK)
	got := map[string]int{}
	for _, p := range s.passes(t) {
		got[p.Item]++
	}
	if fmt.Sprint(got) != "map[#3:1 #4:1 866550311766439020:2 text:1]" {
		t.Errorf("got %v", got)
	}
}
