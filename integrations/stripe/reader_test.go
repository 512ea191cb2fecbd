package stripe_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// month is an API with n live events that passhook needs, evt_1 to evt_n, one a
// minute, another that it does not need after each, and a test event.
func month(t *testing.T, n int, keys ...string) (*standins.Stripe, []stripe.Reader) {
	t.Helper()
	api := standins.NewStripe()
	add := func(id, eventType string, minute int, live bool) {
		body := standins.Event(standins.EventOptions{ID: id, Type: eventType, Created: now.Add(time.Duration(minute) * time.Minute), Live: live}, map[string]any{"id": "x_" + id, "object": "charge"})
		if err := api.AddEvent(body); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		add(fmt.Sprintf("evt_%d", i+1), "charge.refunded", i+1, true)
		add(fmt.Sprintf("evt_other_%d", i+1), "customer.created", i+1, true)
	}
	add("evt_test", "charge.refunded", 1, false)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, stripe.NewClient(stripe.Config{APIKeys: keys, APIURL: server.URL}).Readers()
}

// read is the ids of the events that the reader gives, in order.
func read(t *testing.T, r stripe.Reader, since time.Time, after string) ([]string, error) {
	t.Helper()
	var got []string
	err := r.Events(t.Context(), since, after, func(raw []byte) error {
		e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_live_1", "rk_test_1"}}).Decode(raw)
		got = append(got, e.ExternalID)
		return err
	})
	return got, err
}

func wanted(from, to int) string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("evt_%d", i))
	}
	return strings.Join(out, " ")
}

func TestMissedEventsAreReadOldestFirst(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 250} {
		_, readers := month(t, n, "rk_live_1")
		got, err := read(t, readers[0], now, "")
		if err != nil || strings.Join(got, " ") != wanted(1, n) {
			t.Errorf("of %d events: %v, error %v", n, got, err)
		}
	}
}

func TestReadingGoesOnAfterAnEvent(t *testing.T) {
	for _, tc := range []struct {
		name, after string
		since       time.Duration
		want        string
	}{
		{"after one in the middle", "evt_120", 0, wanted(121, 250)},
		{"after the last", "evt_250", 0, ""},
		{"after one that Stripe has forgotten", "evt_gone", 0, wanted(1, 250)},
		{"from a time on", "", 101 * time.Minute, wanted(101, 250)},
		{"from a time on, after an event before it", "evt_5", 101 * time.Minute, wanted(101, 250)},
		{"from the future on", "", 1000 * time.Minute, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, readers := month(t, 250, "rk_live_1")
			got, err := read(t, readers[0], now.Add(tc.since), tc.after)
			if err != nil || strings.Join(got, " ") != tc.want {
				t.Errorf("got %v, error %v", got, err)
			}
		})
	}
}

func TestEachModeHasAReader(t *testing.T) {
	for _, tc := range []struct {
		keys []string
		want string
	}{
		{[]string{"rk_live_1"}, "true: evt_1; "},
		{[]string{"rk_test_1"}, "false: evt_test; "},
		{[]string{"rk_live_1", "rk_test_1"}, "true: evt_1; false: evt_test; "},
	} {
		_, readers := month(t, 1, tc.keys...)
		got := ""
		for _, r := range readers {
			ids, err := read(t, r, now, "")
			if err != nil {
				t.Fatal(err)
			}
			got += fmt.Sprintf("%t: %s; ", r.Live, strings.Join(ids, " "))
		}
		if got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.keys, got, tc.want)
		}
	}
}

func TestReadingEndsWithAnError(t *testing.T) {
	t.Run("of the receiver", func(t *testing.T) {
		_, readers := month(t, 250, "rk_live_1")
		full, calls := errors.New("disk full"), 0
		err := readers[0].Events(t.Context(), now, "", func([]byte) error {
			if calls++; calls == 103 {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || calls != 103 {
			t.Errorf("after %d events: %v", calls, err)
		}
	})
	t.Run("of the receiver, at the first", func(t *testing.T) {
		_, readers := month(t, 3, "rk_live_1")
		full, calls := errors.New("disk full"), 0
		err := readers[0].Events(t.Context(), now, "", func([]byte) error { calls++; return full })
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("after %d events: %v", calls, err)
		}
	})
	t.Run("of Stripe", func(t *testing.T) {
		api, readers := month(t, 250, "rk_live_1")
		api.Fail(func(r *http.Request) *standins.Fault {
			if r.URL.Query().Get("ending_before") == "evt_101" {
				return &standins.Fault{Status: 403, Message: "needs rak_event_read"}
			}
			return nil
		})
		got, err := read(t, readers[0], now, "")
		if err == nil || !strings.Contains(err.Error(), "rak_event_read") || integrations.IsNever(err) || strings.Join(got, " ") != wanted(1, 101) {
			t.Errorf("got %d events, error %v", len(got), err)
		}
	})
}
