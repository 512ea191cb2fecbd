package orders_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/wallet"
)

const sessionID = "cs_live_a1B2c3D4e5F6"

// successPage is the page of the session over HTTP, of an order that was paid
// long enough ago.
func (b *bench) successPage(t *testing.T) (get func() string, post func(url.Values) (int, string)) {
	t.Helper()
	h, err := wallet.New(b.Orders, nil, slog.New(slog.DiscardHandler))
	must(t, err)
	r := mux.NewRouter()
	r.HandleFunc("/stripe/success", h.Success("shop").Page).Methods(http.MethodGet)
	r.HandleFunc("/stripe/success", h.Success("shop").Change).Methods(http.MethodPost)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	address := server.URL + "/stripe/success?session_id=" + sessionID
	read := func(resp *http.Response, err error) (int, string) {
		t.Helper()
		must(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, string(body)
	}
	return func() string {
			t.Helper()
			_, body := read(http.Get(address)) //nolint:gosec // our own server
			return body
		}, func(form url.Values) (int, string) {
			t.Helper()
			return read(http.PostForm(address, form)) //nolint:gosec // our own server
		}
}

var secrets = regexp.MustCompile(`/[po]/[a-z0-9]{32}|ada@|grace@`)

// For an hour the page shows the passes and corrects the address. It is an hour
// from the checkout, whenever somebody looks.
func TestWhoKnowsASessionSeesItsPassesForAnHour(t *testing.T) {
	b := newBench(t)
	get, post := b.successPage(t)
	if body := get(); !strings.Contains(body, "are being made") {
		t.Errorf("before the order: %s", body)
	}
	b.sold(t, sessionID)
	b.settled(t)
	b.later(59 * time.Minute)
	if body := get(); len(secrets.FindAllString(body, -1)) < 3 || !strings.Contains(body, `name="address"`) {
		t.Errorf("within the hour: %s", body)
	}
	if code, body := post(url.Values{"order": {"0"}, "address": {"grace@example.com"}}); code != http.StatusOK || !strings.Contains(body, "grace@example.com") {
		t.Errorf("%d %s", code, body)
	}
	if got := b.mails.to(t, 3); got != "grace@example.com" {
		t.Errorf("the corrected mail went to %s", got)
	}
	b.later(time.Minute)
	body := get()
	if found := secrets.FindString(body); found != "" || !strings.Contains(body, "<strong>g…@e…</strong>") {
		t.Errorf("after the hour: %q in %s", found, body)
	}
	code, body := post(url.Values{"order": {"0"}, "address": {"eve@example.com"}})
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "can no longer be changed") || secrets.MatchString(body) {
		t.Errorf("%d %s", code, body)
	}
}

func TestLaterTheMailIsSentAgainToTheSameAddressOnceAnHour(t *testing.T) {
	b := newBench(t)
	get, post := b.successPage(t)
	b.sold(t, sessionID)
	b.settled(t)
	b.later(24 * time.Hour)
	again := url.Values{"order": {"0"}}
	for n := range 4 {
		if body := get(); !strings.Contains(body, "Send the mail again") {
			t.Fatalf("after %d: %s", n, body)
		}
		code, body := post(again)
		if n == 3 {
			if code != http.StatusUnprocessableEntity || !strings.Contains(body, "several times already") {
				t.Errorf("the fourth time: %d %s", code, body)
			}
			break
		}
		if code != http.StatusOK || !strings.Contains(body, "The mail is sent again") || secrets.MatchString(body) {
			t.Errorf("%d %s", code, body)
		}
		if got := b.mails.to(t, 3+n); got != "ada@example.com" {
			t.Errorf("it went to %s", got)
		}
		b.settled(t)
		b.later(59 * time.Minute)
		if code, body := post(again); code != http.StatusUnprocessableEntity || !strings.Contains(body, "less than an hour ago") {
			t.Errorf("within the hour: %d %s", code, body)
		}
		b.later(time.Minute)
	}
}

func TestAMailThatWaitsIsNotSentAgain(t *testing.T) {
	b := newBench(t)
	b.mails.down.Store(true)
	b.sold(t, sessionID)
	b.later(2 * time.Hour)
	d := b.bought(t, sessionID)
	if err := b.Repeat(t.Context(), d); b.MayRepeat(d) || !errors.As(err, new(orders.Refused)) {
		t.Errorf("got %v", err)
	}
}

// A second order about the same checkout, as of a backfill, does not take over
// the page to which the first mail leads.
func TestAPageShowsWhatCameLaterToo(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	b.settled(t)
	first := b.bought(t, "1001")
	b.later(time.Hour)
	must(t, b.Repeat(t.Context(), first))
	b.happens(t, "more", "1001", nil)
	d, ok, err := b.DeliveryByLink(t.Context(), token(t, first.Link))
	must(t, err)
	if !ok || len(d.Passes) != 2 || d.Passes[0].Title != "concert" || d.Passes[1].Title != "coupon" || d.Link != first.Link {
		t.Errorf("found: %t, %d passes", ok, len(d.Passes))
	}
}
