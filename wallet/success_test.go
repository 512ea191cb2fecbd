package wallet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/passhook/passhook/bot/orders"
)

const success = "/stripe/success?session_id="

func TestSessionIDsThatAreNone(t *testing.T) {
	for _, id := range []string{"", "cs_test_short", "cs_x_a1B2c3D4e5F6", "pi_a1B2c3D4e5F6a1B2", "cs_test_a1B2c3D4e5F6%0a", "cs_test_" + strings.Repeat("a", 251), "{CHECKOUT_SESSION_ID}"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if w := get(t, of(order(1)), method, success+id); w.Code != http.StatusNotFound {
				t.Errorf("%s %s: got %d", method, id, w.Code)
			}
		}
	}
}

func TestThePageWaitsForThePasses(t *testing.T) {
	for _, tc := range []struct {
		try  string
		want []string
	}{
		{"", []string{`<meta http-equiv="refresh" content="2; url=?session_id=` + session + `&amp;try=1">`, "are being made", "few days"}},
		{"&try=9", []string{`content="2;`, `try=10"`}},
		{"&try=10", []string{`content="10;`, `try=11"`, "come by mail"}},
		{"&try=40", []string{"-http-equiv=\"refresh\"", "come by mail", "Look again"}},
		{"&try=-1", []string{`try=1"`}},
		{"&try=%22%3E%3Ci%3E", []string{`try=1"`, "-<i>"}},
	} {
		t.Run("try"+tc.try, func(t *testing.T) {
			w := get(t, shelf{}, http.MethodGet, success+session+tc.try)
			if w.Code != http.StatusOK {
				t.Errorf("got %d", w.Code)
			}
			has(t, w.Body.String(), append(tc.want, "Thank you for your order")...)
		})
	}
}

func TestThePageOfASuccess(t *testing.T) {
	s := of(order(2))
	s.may = true
	w := get(t, s, http.MethodGet, success+session, "User-Agent", iPhone)
	has(t, w.Body.String(), "were sent to <strong>ada@example.com</strong>", token+"2.pkpass", "Add all to Apple Wallet",
		`href="https://tickets.example.com`+page+`"`, "Enter or change the names", `name="address"`, "-http-equiv=\"refresh\"", "-input.holder")
	for state, want := range map[string]string{"pending": "on their way to", "dead": "could not be delivered", "bounced": "could not be delivered"} {
		s.orders[0].State = state
		has(t, get(t, s, http.MethodGet, success+session).Body.String(), want, "ada@example.com")
	}
}

// The id of the session lies in logs and exports by then.
func TestLaterThePageSaysOnlyThatPassesWereMailed(t *testing.T) {
	for address, want := range map[string]string{"ada@example.com": "a…@e…", "émile@éxample.com": "é…@é…", `"a@b"@example.com`: "&#34;…@e…"} {
		o := order(2)
		o.Recipient = address
		body := get(t, of(o), http.MethodGet, success+session, "User-Agent", iPhone).Body.String()
		has(t, body, "were sent to <strong>"+want+"</strong>", "Send the mail again", "-example.com", "-/p/", "-/o/", "-Row 1", "-serial-1", `-name="address"`, "-names")
		o.State = "pending"
		has(t, get(t, of(o), http.MethodGet, success+session).Body.String(), "on their way to <strong>"+want, "-<form")
		o.State = "dead"
		has(t, get(t, of(o), http.MethodGet, success+session).Body.String(), "could not be delivered. Please ask the seller", "Send the mail again")
	}
}

func TestWhatIsNoMailAddressIsNotShown(t *testing.T) {
	o := order(1)
	o.Recipient = "U012ABCDEF"
	s := of(o)
	has(t, get(t, s, http.MethodGet, success+session).Body.String(), "were delivered", "-U012ABCDEF", "-<form")
	s.may = true
	has(t, get(t, s, http.MethodGet, success+session).Body.String(), "are ready", "-U012ABCDEF", "-<form", token+"1")
}

func TestTheMailIsSentAgain(t *testing.T) {
	s := of(order(1))
	w := post(t, s, success+session, "order=0")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "?session_id="+session+"&repeated=0#order-0" || strings.Join(*s.calls, ", ") != "ada@example.com again" {
		t.Errorf("got %d to %s, asked for %s", w.Code, w.Header().Get("Location"), *s.calls)
	}
	has(t, get(t, s, http.MethodGet, success+session+"&repeated=0").Body.String(), "The mail is sent again.", "-is corrected")
	s.refused = orders.Refused{Text: "not so soon"}
	w = post(t, s, success+session, "order=0")
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("got %d", w.Code)
	}
	has(t, w.Body.String(), "Not so soon.", "-is sent again", "-<input id")
}

func TestCorrect(t *testing.T) {
	s := of(order(1))
	other := order(1)
	other.Recipient = "bob@example.com"
	s.orders, s.may = append(s.orders, other), true
	w := post(t, s, success+session, "order=1&address=Bob%40example.com")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "?session_id="+session+"&corrected=1#order-1" {
		t.Errorf("got %d to %s", w.Code, w.Header().Get("Location"))
	}
	if got := strings.Join(*s.calls, ", "); got != "bob@example.com Bob@example.com" {
		t.Errorf("asked for %s", got)
	}
	for query, want := range map[string]int{"": 0, "&corrected=1": 1, "&corrected=x": 0, "&corrected=2": 0} {
		if got := strings.Count(get(t, s, http.MethodGet, success+session+query).Body.String(), "The address is corrected"); got != want {
			t.Errorf("%q: the page says %d times that an address is corrected", query, got)
		}
	}
	for _, form := range []string{"order=2&address=x", "order=-1", "order=x", ""} {
		if w := post(t, s, success+session, form); w.Code != http.StatusNotFound || len(*s.calls) != 1 {
			t.Errorf("%s: got %d", form, w.Code)
		}
	}
}

func TestARefusedCorrectionKeepsWhatWasTyped(t *testing.T) {
	s := of(order(1))
	s.may, s.refused = true, orders.Refused{Text: "this is not a mail address"}
	w := post(t, s, success+session, "order=0&address=%22%3Cb%3E")
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("got %d", w.Code)
	}
	has(t, w.Body.String(), "This is not a mail address.", `value="&#34;&lt;b&gt;"`, "<details open>", "-<b>", "-is corrected")
}
