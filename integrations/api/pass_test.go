package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/store/storetest"
)

func TestAPassIsUpdatedAsAWhole(t *testing.T) {
	s := serve(t, options{})
	first := map[string]any{"title": "Gold", "label": "MEMBER", "value": "Ada Lovelace", "expirationDays": 30, "color": "#7a9e8f"}
	serial := s.create(t, websiteKey, first)
	before := s.call(t, websiteKey, http.MethodGet, "/api/passes/"+serial, nil).JSON(t)
	for i, tc := range []struct {
		name      string
		body      any
		path      string
		unchanged bool
	}{
		{"the same", first, "/api/passes/", true},
		{"the same with its keys in another order", `{"color": "#7a9e8f", "expirationDays": 30, "value": "Ada Lovelace", "label": "MEMBER", "title": "Gold"}`, "/api/pkpass/", true},
		{"another value", map[string]any{"title": "Gold", "label": "MEMBER", "value": "Grace Hopper"}, "/api/pkpass/", false},
		{"that again", map[string]any{"title": "Gold", "label": "MEMBER", "value": "Grace Hopper"}, "/api/passes/", true},
		{"another style", map[string]any{"title": "Platinum", "style": "storeCard"}, "/api/passes/", false},
	} {
		a := s.call(t, websiteKey, http.MethodPut, tc.path+serial, tc.body)
		v := a.JSON(t)
		if a.Code != http.StatusOK || v["unchanged"] != tc.unchanged || v["serialNumber"] != serial || v["notifiedDevices"] != 0.0 || v["lastUpdated"].(float64) < before["lastUpdated"].(float64) {
			t.Errorf("%d %s: %d %s", i, tc.name, a.Code, a.Body)
		}
		if tc.unchanged && i < 2 && v["lastUpdated"] != before["lastUpdated"] {
			t.Errorf("%s: it was updated at %v", tc.name, v["lastUpdated"])
		}
	}
	pass := s.opened(t, s.call(t, websiteKey, http.MethodGet, "/api/passes/"+serial+"?format=binary", nil).Body)
	if _, has := pass["expirationDate"]; has || pass["storeCard"] == nil || pass["generic"] != nil || strings.Contains(fmt.Sprint(pass), "Hopper") {
		t.Errorf("%v", pass)
	}
}

func TestAnUpdateThatDoesNotFitChangesNothing(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	ticket := s.create(t, websiteKey, map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Ada Lovelace"}})
	for _, tc := range []struct{ serial, body, want string }{
		{serial, `{"inputs": {"title": "Gold"}}`, "the pass has no template, and so no inputs; name its fields, such as title"},
		{serial, `{"title": ""}`, "At least one of title, primaryFields, or logoText is required"},
		{serial, `{"template": "concert", "inputs": {"holder": "Ada Lovelace"}}`, "the pass is of template passhook-api, which an update cannot change"},
		{serial, `{"title": "x", "barcodeFormat": "Code128", "barcodeValue": "日本"}`, "pass.json: barcodes[0].message"},
		{ticket, `{"title": "x"}`, "template and title cannot be combined; what a template takes stands in inputs"},
		{ticket, `{"inputs": {"seat": "A1"}}`, "template concert: holder is required and is null or missing"},
		{ticket, `{"inputs": {"holder": "x", "sit": "A1"}}`, "template concert: sit is no input of template concert"},
	} {
		before := s.call(t, websiteKey, http.MethodGet, "/api/passes/"+tc.serial, nil).Body
		a := s.call(t, websiteKey, http.MethodPut, "/api/passes/"+tc.serial, tc.body)
		if a.Code != http.StatusBadRequest || !strings.HasPrefix(a.Error(), tc.want) {
			t.Errorf("%s: %d %s", tc.body, a.Code, a.Body)
		}
		if after := s.call(t, websiteKey, http.MethodGet, "/api/passes/"+tc.serial, nil).Body; string(after) != string(before) {
			t.Errorf("%s changed %s to %s", tc.body, before, after)
		}
	}
}

func TestADeletedPassIsVoidUntilItIsTakenBack(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	path := "/api/passes/" + serial
	voided := func() bool {
		return s.opened(t, s.call(t, websiteKey, http.MethodGet, path+"?format=binary", nil).Body)["voided"] == true
	}
	for _, step := range []struct {
		method, path string
		already      any
		void         bool
	}{
		{http.MethodDelete, path, nil, true},
		{http.MethodDelete, path, true, true},
		{http.MethodPost, path + "/unvoid", nil, false},
		{http.MethodPost, path + "/unvoid", nil, false},
		{http.MethodPost, path + "/void", nil, true},
	} {
		a := s.call(t, websiteKey, step.method, step.path, nil)
		v := a.JSON(t)
		if a.Code != http.StatusOK || v["serialNumber"] != serial || v["alreadyDeleted"] != step.already || voided() != step.void {
			t.Errorf("%s %s: %d %s, void: %t", step.method, step.path, a.Code, a.Body, voided())
		}
	}
	// An update does not make it valid again.
	if a := s.call(t, websiteKey, http.MethodPut, path, map[string]any{"title": "Platinum"}); a.Code != http.StatusOK || !voided() {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestTheSameRequestAgainIsTheSamePass(t *testing.T) {
	s := serve(t, options{})
	body := map[string]any{"title": "Gold", "deliver": []any{map[string]any{"email": "ada@example.com"}}}
	first := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", body, "Idempotency-Key", "order-1")
	for _, tc := range []struct {
		name, key, id string
		body          any
		code          int
		same          bool
	}{
		{"again", websiteKey, "order-1", body, http.StatusOK, true},
		{"another body", websiteKey, "order-1", map[string]any{"title": "Silver"}, http.StatusConflict, false},
		{"another id", websiteKey, "order-2", body, http.StatusOK, false},
		{"another key's", readerKey, "order-1", body, http.StatusForbidden, false},
		{"no id", websiteKey, "", body, http.StatusOK, false},
		{"an id that is too long", websiteKey, strings.Repeat("x", 256), body, http.StatusBadRequest, false},
	} {
		a := s.call(t, tc.key, http.MethodPost, "/api/pkpass", tc.body, "Idempotency-Key", tc.id)
		same := a.Header.Get("X-Serial-Number") == first.Header.Get("X-Serial-Number")
		if a.Code != tc.code || same != tc.same || same != (a.Header.Get("Idempotent-Replayed") == "true") {
			t.Errorf("%s: %d %v %.200s", tc.name, a.Code, a.Header, a.Body)
		}
		if same && string(a.Body) != string(first.Body) {
			t.Errorf("%s: it is another package", tc.name)
		}
	}
}

func TestManyOfTheSameRequestAtOnceAreOnePass(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { oneOfMany(t, options{}) })
	t.Run("PostgreSQL", func(t *testing.T) { oneOfMany(t, options{database: storetest.Postgres(t)}) })
}

func oneOfMany(t *testing.T, o options) {
	s := serve(t, o)
	var serials sync.Map
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", map[string]any{"title": "Gold"}, "Idempotency-Key", "order-1")
			if a.Code != http.StatusOK {
				t.Errorf("%d %s", a.Code, a.Body)
			}
			serials.Store(a.Header.Get("X-Serial-Number"), true)
		})
	}
	all.Wait()
	n := 0
	serials.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d passes", n)
	}
}

func TestAPassIsRedeemedOnce(t *testing.T) {
	s := serve(t, options{yaml: strings.Replace(section, "allow: [redeem]", "allow: [redeem, issue, update]", 1)})
	serial := s.create(t, doorKey, map[string]any{"title": "Gold"})
	path := "/api/passes/" + serial + "/redeem"
	var redeemed, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			switch a := s.call(t, doorKey, http.MethodPost, path, nil, "Idempotency-Key", fmt.Sprint("scan-", i)); a.Code {
			case http.StatusOK:
				redeemed.Add(1)
				if again := s.call(t, doorKey, http.MethodPost, path, nil, "Idempotency-Key", fmt.Sprint("scan-", i)); again.Code != http.StatusOK || string(again.Body) != string(a.Body) {
					t.Errorf("the same scan again: %d %s", again.Code, again.Body)
				}
			case http.StatusConflict:
				refused.Add(1)
			default:
				t.Errorf("%d %s", a.Code, a.Body)
			}
		})
	}
	all.Wait()
	if redeemed.Load() != 1 || refused.Load() != 31 {
		t.Errorf("%d redeemed it, %d were refused", redeemed.Load(), refused.Load())
	}
	void := s.create(t, doorKey, map[string]any{"title": "Gold"})
	s.call(t, doorKey, http.MethodDelete, "/api/passes/"+void, nil)
	if a := s.call(t, doorKey, http.MethodPost, "/api/passes/"+void+"/redeem", nil); a.Code != http.StatusGone || a.Error() != "This pass is void" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestSeveralPassesAreOneBundle(t *testing.T) {
	s := serve(t, options{})
	body := map[string]any{"passes": []any{map[string]any{"title": "Ada"}, map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Grace Hopper"}}, map[string]any{"title": "Mary"}}}
	a := s.call(t, websiteKey, http.MethodPost, "/api/pkpass", body, "Idempotency-Key", "family")
	serials := strings.Split(a.Header.Get("X-Serial-Number"), ", ")
	if a.Code != http.StatusOK || a.Header.Get("Content-Type") != "application/vnd.apple.pkpasses" || a.Header.Get("Content-Disposition") != `attachment; filename="ada.pkpasses"` || len(serials) != 3 {
		t.Fatalf("%d %v %.200s", a.Code, a.Header, a.Body)
	}
	var answer struct {
		Passes []struct{ SerialNumber string }
	}
	must(t, json.Unmarshal(s.call(t, websiteKey, http.MethodPost, "/api/passes", body, "Idempotency-Key", "family").Body, &answer))
	for i, p := range answer.Passes {
		if p.SerialNumber != serials[i] {
			t.Errorf("pass %d is %s, want %s", i+1, p.SerialNumber, serials[i])
		}
	}
	for body, want := range map[string]string{
		`{"passes": []}`: "passes must have at least one item",
		`{"passes": [{"title": "a"}, {"title": 1, "value": true}]}`:                 "passes[1].value must be a string",
		`{"passes": [` + strings.Repeat(`{"title": "a"},`, 10) + `{"title": "a"}]}`: "passes must have 10 items or less",
	} {
		if a := s.call(t, websiteKey, http.MethodPost, "/api/passes", body); a.Code != http.StatusBadRequest || a.Error() != want {
			t.Errorf("%s: %d %s", body, a.Code, a.Body)
		}
	}
}

func TestOpensslVerifiesWhatTheAPISigns(t *testing.T) {
	s := serve(t, options{})
	dir := t.TempDir()
	unzip(t, dir, s.call(t, websiteKey, http.MethodPost, "/api/pkpass", map[string]any{"title": "Gold"}).Body)
	passtest.OpenSSL(t, dir, "smime", "-verify", "-in", "signature", "-inform", "DER", "-content", "manifest.json", "-CAfile", s.Dir+"/root.pem", "-purpose", "any")
}
