package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

func TestWhoHasNoKeyGetsNothing(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	for _, path := range []string{"GET /api/passes", "POST /api/passes", "POST /api/pkpass", "GET /api/auth/usage", "GET /api/passes/" + serial, "PUT /api/passes/" + serial, "DELETE /api/pkpass/" + serial,
		"POST /api/passes/" + serial + "/redeem", "POST /api/passes/" + serial + "/void", "POST /api/passes/" + serial + "/resend", "GET /api/passes/" + serial + "/google"} {
		method, path, _ := strings.Cut(path, " ")
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer x", "Bearer " + websiteKey + "x", "Bearer " + strings.ToUpper(websiteKey), "Basic " + websiteKey, websiteKey} {
			a := s.call(t, "", method, path, map[string]any{"title": "Gold"}, "Authorization", authorization)
			if a.Code != http.StatusUnauthorized || a.Error() == "" || a.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s %s with %q: %d %s", method, path, authorization, a.Code, a.Body)
			}
		}
	}
	if p, err := s.Store.PassBySerial(t.Context(), serial); err != nil || len(p.Void) > 0 || !p.Redeemed.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAKeyDoesWhatItMayDo(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	for _, tc := range []struct {
		key, method, path string
		body              any
		want              int
	}{
		{readerKey, http.MethodPost, "/api/passes", map[string]any{"title": "Gold"}, http.StatusForbidden},
		{readerKey, http.MethodPut, "/api/passes/" + serial, map[string]any{"title": "Gold"}, http.StatusForbidden},
		{readerKey, http.MethodDelete, "/api/passes/" + serial, nil, http.StatusForbidden},
		{readerKey, http.MethodPost, "/api/passes/" + serial + "/redeem", nil, http.StatusForbidden},
		{readerKey, http.MethodGet, "/api/passes", nil, http.StatusOK},
		{readerKey, http.MethodGet, "/api/auth/usage", nil, http.StatusOK},
		{doorKey, http.MethodGet, "/api/passes", nil, http.StatusForbidden},
		{doorKey, http.MethodGet, "/api/auth/usage", nil, http.StatusOK},
		{shopKey, http.MethodPost, "/api/passes", map[string]any{"title": "Gold"}, http.StatusForbidden},
		{shopKey, http.MethodPost, "/api/passes", map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Ada Lovelace"}}, http.StatusOK},
		{websiteKey, http.MethodPost, "/api/passes", map[string]any{"template": "opera", "inputs": map[string]any{}}, http.StatusBadRequest},
		{websiteKey, http.MethodPost, "/api/passes/" + serial, nil, http.StatusMethodNotAllowed},
		{websiteKey, http.MethodGet, "/api/nothing", nil, http.StatusNotFound},
	} {
		if a := s.call(t, tc.key, tc.method, tc.path, tc.body); a.Code != tc.want || tc.want >= 400 && a.Error() == "" {
			t.Errorf("%s %s: %d %s, want %d", tc.method, tc.path, a.Code, a.Body, tc.want)
		}
	}
}

// sold issues a pass that is of another source.
func (s *server) sold(t testing.TB, source string, live bool) string {
	t.Helper()
	ev, err := store.Unstored(integrations.Event{Source: source, Type: source + ".sold", ExternalID: "1001", Object: "1001", Live: live, Time: time.Now(), Refs: []string{"1001"}, Data: []byte("{}")})
	must(t, err)
	key := source + fmt.Sprint(live)
	out, err := s.Store.Issue(context.Background(), store.Issue{
		Event: ev, State: store.StateDone, Order: store.Order{EventID: ev.ID, Source: source, Object: "1001", Live: live, Created: time.Now()},
		Passes: []store.Pass{{Serial: "serial-of-" + strings.ReplaceAll(key, ".", "-"), Key: key, EventID: ev.ID, Template: "concert", Unit: 1, Inputs: []byte(`{"holder": "Ada Lovelace"}`), LinkHash: key, Refs: []string{"1001"}, Created: time.Now(), Updated: time.Now()}},
	})
	must(t, err)
	return out.Passes[0].Serial
}

func TestAKeyReachesItsOwnPassesOnly(t *testing.T) {
	s := serve(t, options{})
	body := map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Ada Lovelace"}}
	own := s.call(t, shopKey, http.MethodPost, "/api/passes", body, "Idempotency-Key", "1001").JSON(t)["serialNumber"]
	others := []string{
		fmt.Sprint(s.call(t, websiteKey, http.MethodPost, "/api/passes", body, "Idempotency-Key", "1001").JSON(t)["serialNumber"]),
		s.sold(t, "stripe", true), s.sold(t, "hooks.shop", true), s.sold(t, "api.shop2", false),
	}
	for _, serial := range others {
		if serial == own {
			t.Fatalf("two keys have pass %s", own)
		}
		before, err := s.Store.PassBySerial(t.Context(), serial)
		must(t, err)
		for _, path := range []string{"GET ", "GET ?format=binary", "PUT ", "DELETE ", "POST /void", "POST /unvoid", "POST /redeem", "POST /resend", "GET /google"} {
			method, rest, _ := strings.Cut(path, " ")
			for _, base := range []string{"/api/passes/", "/api/pkpass/"} {
				if a := s.call(t, shopKey, method, base+serial+rest, map[string]any{"inputs": map[string]any{"holder": "Mallory"}}); a.Code != http.StatusForbidden || a.Error() != "This pass belongs to another key" {
					t.Errorf("%s %s: %d %s", method, base+serial+rest, a.Code, a.Body)
				}
			}
		}
		after, err := s.Store.PassBySerial(t.Context(), serial)
		must(t, err)
		if fmt.Sprintf("%+v", before) != fmt.Sprintf("%+v", after) {
			t.Errorf("%+v became %+v", before, after)
		}
		for _, q := range []string{"", serial, "1001", before.EventID, before.OrderID} {
			if a := s.call(t, shopKey, http.MethodGet, "/api/passes?q="+q, nil); strings.Contains(string(a.Body), serial) {
				t.Errorf("a search for %q finds %s", q, a.Body)
			}
		}
	}
	for _, serial := range []string{"nobody", strings.Repeat("x", 128)} {
		if a := s.call(t, shopKey, http.MethodGet, "/api/passes/"+serial, nil); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", serial, a.Code, a.Body)
		}
	}
}

func TestAKeyThatAsksTooOftenWaits(t *testing.T) {
	s := serve(t, options{})
	for i := range 3 {
		a := s.call(t, slowKey, http.MethodGet, "/api/auth/usage", nil)
		if limited := i == 2; (a.Code == http.StatusTooManyRequests) != limited || limited && (a.Header.Get("Retry-After") == "" || a.JSON(t)["resetDate"] == nil || a.JSON(t)["message"] != "This key may be used 2/h; ask again later") {
			t.Errorf("call %d: %d %v %s", i+1, a.Code, a.Header, a.Body)
		}
	}
	if a := s.call(t, websiteKey, http.MethodGet, "/api/auth/usage", nil); a.Code != http.StatusOK {
		t.Errorf("another key: %d %s", a.Code, a.Body)
	}
}

func TestUsageCountsWhatWasIssuedAndChanged(t *testing.T) {
	s := serve(t, options{})
	serial := s.create(t, websiteKey, map[string]any{"title": "Gold"})
	s.create(t, websiteKey, map[string]any{"title": "Gold"})
	s.call(t, websiteKey, http.MethodPost, "/api/passes", map[string]any{"title": ""})
	for _, title := range []string{"Gold", "Platinum", "Platinum"} {
		s.call(t, websiteKey, http.MethodPut, "/api/passes/"+serial, map[string]any{"title": title})
	}
	a := s.call(t, websiteKey, http.MethodGet, "/api/auth/usage", nil).JSON(t)
	now := time.Now().UTC()
	if a["count"] != 3.0 || a["remaining"].(float64) != a["limit"].(float64)-3 || a["resetDate"] != time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339) || a["plan"] != "byok" {
		t.Errorf("%v", a)
	}
	if b := s.call(t, shopKey, http.MethodGet, "/api/auth/usage", nil).JSON(t); b["count"] != 0.0 {
		t.Errorf("another key: %v", b)
	}
}

func TestAListHasEveryPassOnce(t *testing.T) {
	s := serve(t, options{})
	want := map[string]bool{}
	for range 7 {
		want[s.create(t, websiteKey, map[string]any{"title": "Gold"})] = true
	}
	s.call(t, websiteKey, http.MethodPost, "/api/passes", map[string]any{"template": "concert", "inputs": map[string]any{"holder": "Ada Lovelace"}, "deliver": []any{map[string]any{"email": "ada@example.com"}}})
	path, seen, pages := "/api/passes?limit=3", map[string]bool{}, 0
	for path != "" {
		a := s.call(t, websiteKey, http.MethodGet, path, nil)
		v := a.JSON(t)
		list, _ := v["passes"].([]any)
		if pages++; a.Code != http.StatusOK || len(list) > 3 || pages > 3 {
			t.Fatalf("page %d: %d %s", pages, a.Code, a.Body)
		}
		for _, p := range list {
			m, _ := p.(map[string]any)
			seen[fmt.Sprint(m["serialNumber"])] = true
		}
		if path = ""; v["nextCursor"] != nil {
			path = "/api/passes?limit=3&cursor=" + fmt.Sprint(v["nextCursor"])
		}
	}
	for serial := range want {
		if !seen[serial] {
			t.Errorf("%s is on no page", serial)
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d passes", len(seen))
	}
	s.call(t, websiteKey, http.MethodPost, "/api/passes", map[string]any{"title": "Gold"}, "Idempotency-Key", "order-7")
	for _, q := range []string{"Ada@example.com", "order-7"} {
		if found, _ := s.call(t, websiteKey, http.MethodGet, "/api/passes?q="+q, nil).JSON(t)["passes"].([]any); len(found) != 1 {
			t.Errorf("%d passes fit %s", len(found), q)
		}
	}
	for path, want := range map[string]string{"?limit=0": "limit must be between 1 and 200", "?limit=x": "limit must be between 1 and 200", "?cursor=x": "cursor is not one that this server has given"} {
		if a := s.call(t, websiteKey, http.MethodGet, "/api/passes"+path, nil); a.Code != http.StatusBadRequest || a.Error() != want {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}

func TestPagesOfTheConfigsOriginsMayCall(t *testing.T) {
	s := serve(t, options{})
	for from, want := range map[string]string{"https://shop.example.com": "https://shop.example.com", "https://evil.example.com": "", "": "", "null": ""} {
		for _, nothing := range []apptest.Answer{s.call(t, websiteKey, http.MethodGet, "/api/nothing", nil, "Origin", from), s.call(t, websiteKey, http.MethodDelete, "/api/passes", nil, "Origin", from)} {
			if nothing.Code < 400 || nothing.Header.Get("Access-Control-Allow-Origin") != want {
				t.Errorf("from %q: %d %v", from, nothing.Code, nothing.Header)
			}
		}
		a := s.call(t, "", http.MethodOptions, "/api/passes", nil, "Origin", from, "Access-Control-Request-Method", "POST")
		b := s.call(t, websiteKey, http.MethodPost, "/api/passes", map[string]any{"title": "Gold"}, "Origin", from)
		if a.Code != http.StatusNoContent || a.Header.Get("Access-Control-Allow-Origin") != want || b.Header.Get("Access-Control-Allow-Origin") != want ||
			(want != "") != strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
			t.Errorf("from %q: %d %v, %v", from, a.Code, a.Header, b.Header)
		}
	}
}
