package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/hooks"
)

// compiled is a hook that is in order.
func compiled(t *testing.T, name string, c hooks.Config) *hooks.Hook {
	t.Helper()
	hook, found := hooks.Compile(name, c, expressions.Settings{})
	must(t, found.Err())
	return hook
}

// thin is an event of Eventbrite's that says where its object is.
func thin(t *testing.T, hook *hooks.Hook, action, address string) integrations.Event {
	t.Helper()
	body := fmt.Sprintf(`{"api_url":%q,"config":{"action":%q,"webhook_id":"7"}}`, address, action)
	events, _, err := hook.Events(http.Header{"X-Eventbrite-Delivery": {"7"}}, []byte(body), time.Now())
	must(t, err)
	return events[0]
}

func TestWhatAnEventIsAboutIsFetched(t *testing.T) {
	hook := compiled(t, "fair", hooks.Config{Preset: "eventbrite", Secrets: []string{token}, Token: []string{"old", "new"}})
	var asked []string
	hook.Fetching(func(_ context.Context, address string, h http.Header) ([]byte, error) {
		asked = append(asked, address+" "+h.Get("Authorization"))
		if h.Get("Authorization") == "Bearer old" {
			return nil, integrations.Blocked(errors.New("401"))
		}
		return []byte(`{"id":"18","resource_uri":"https://www.eventbriteapi.com/v3/orders/18/","order_id":"9","email":"ada@example.com"}`), nil
	})
	e := thin(t, hook, "order.placed", "https://www.eventbriteapi.com/v3/orders/18/")
	if e.Type != "hooks.fair.order.placed" || e.ExternalID != "order.placed https://www.eventbriteapi.com/v3/orders/18/" {
		t.Errorf("got %+v", e)
	}
	out, err := hook.Complete(t.Context(), e)
	must(t, err)
	if got := strings.Join(asked, ", "); got != "https://www.eventbriteapi.com/v3/orders/18/?expand=attendees Bearer old, https://www.eventbriteapi.com/v3/orders/18/?expand=attendees Bearer new" {
		t.Errorf("asked %s", got)
	}
	if !strings.Contains(string(out.Data), "ada@example.com") || strings.Contains(string(e.Data), "ada@example.com") || strings.Join(out.Refs, " ") != "https://www.eventbriteapi.com/v3/orders/18/ 9" {
		t.Errorf("got %s, refs %q", out.Data, out.Refs)
	}
	// What has no id of its own is another event each time.
	if a, b := thin(t, hook, "attendee.updated", "https://www.eventbriteapi.com/v3/x/"), thin(t, hook, "attendee.updated", "https://www.eventbriteapi.com/v3/x/"); a.ExternalID == b.ExternalID {
		t.Errorf("both are %s", a.ExternalID)
	}
}

// An event cannot choose who is told the token.
func TestOnlyTheSendersHostIsAsked(t *testing.T) {
	hook := compiled(t, "fair", hooks.Config{Preset: "eventbrite", Secrets: []string{token}, Token: []string{"one"}})
	hook.Fetching(func(_ context.Context, address string, _ http.Header) ([]byte, error) {
		t.Errorf("%s is asked", address)
		return nil, errors.New("no")
	})
	for _, address := range []string{
		"http://www.eventbriteapi.com/v3/x", "https://eventbriteapi.com/", "https://www.eventbriteapi.com.example.com/", "https://www.eventbriteapi.com:8443/", "https://me@www.eventbriteapi.com/",
		"https://www.eventbriteapi.com@example.com/", "https://127.0.0.1/", "file:///etc/passwd", "//www.eventbriteapi.com/", "www.eventbriteapi.com", "https://www.eventbriteapi.com\\@example.com/", "https://WWW.example.com/",
	} {
		if _, err := hook.Complete(t.Context(), thin(t, hook, "attendee.updated", address)); !integrations.IsNever(err) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheModeIsThatOfTheConfigNow(t *testing.T) {
	c := hooks.Config{Verify: &hooks.Verify{Bearer: []string{token}}, Live: "${{ data.live }}"}
	e := integrations.Event{Source: "hooks.x", Data: json.RawMessage(`{}`)}
	out, err := compiled(t, "x", c).Complete(t.Context(), e)
	must(t, err)
	if out.Ignore == "" {
		t.Error("a test is worked on")
	}
	c.TestRecipient = "me@example.com"
	out, err = compiled(t, "x", c).Complete(t.Context(), e)
	must(t, err)
	if out.Ignore != "" || out.Redirect.Address != "me@example.com" {
		t.Errorf("got %+v", out)
	}
}

// A rule's names are checked against the preset's samples, and what a hook may
// send is known.
func TestTypesAreKnown(t *testing.T) {
	for _, tc := range []struct {
		config hooks.Config
		want   string
	}{
		{hooks.Config{Verify: &hooks.Verify{None: true}}, "hooks.x.received"},
		{hooks.Config{Verify: &hooks.Verify{None: true}, Type: "${{ data.event }}"}, "hooks.x.*"},
		{hooks.Config{Preset: "typeform", Secrets: []string{"s"}}, "hooks.x.form_response"},
	} {
		hook, _ := hooks.Compile("x", tc.config, expressions.Settings{})
		types, err := hook.Types()
		must(t, err)
		if _, ok := types[tc.want]; !ok || len(types) != 1 {
			t.Errorf("got %v, want %s", types, tc.want)
		}
	}
}

func TestDecodeReadsAFile(t *testing.T) {
	hook := compiled(t, "shop", hooks.Config{Preset: "shopify", Secrets: []string{"s"}})
	e, err := hook.Decode([]byte(`{"id":820,"test":false}`))
	must(t, err)
	if e.Source != "hooks.shop" || strings.Join(e.Refs, "") != "820" || e.ExternalID == "" {
		t.Errorf("got %+v", e)
	}
	for _, body := range []string{"", "[]", `[{"id":1}]`, `{"id":1}{}`} {
		if _, err := hook.Decode([]byte(body)); err == nil {
			t.Errorf("%s is an event", body)
		}
	}
}

// What is not done in time has an address at which to ask again.
func TestWhoWaitedLongEnoughIsToldWhereToAsk(t *testing.T) {
	c, p, found, err := app.Load(project(t, luma, concertRule, "127.0.0.1:9"), config.Options{})
	must(t, err)
	must(t, found.Err())
	a, err := app.New(t.Context(), c, p, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer a.Close()
	h, err := hooks.NewHandler(app.Hooks(c), integrations.NewIntake(nil, time.Now, a.Log), orders.New(a.Engine, ""), time.Now, a.Log)
	must(t, err)
	router := mux.NewRouter() // nobody works
	router.HandleFunc(hooks.Path, h.ServeHTTP)
	router.HandleFunc(hooks.StatusPath, h.Status)
	ask := func(method, path, body string) (int, map[string]any) {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		var fields map[string]any
		must(t, json.Unmarshal(w.Body.Bytes(), &fields))
		return w.Code, fields
	}
	code, said := ask(http.MethodPost, "/hooks/luma?wait=1", `{"id":"1"}`)
	address, _ := said["status_url"].(string)
	if code != http.StatusAccepted || said["state"] != "pending" || address == "" {
		t.Fatalf("got %d %v", code, said)
	}
	code, said = ask(http.MethodGet, strings.TrimPrefix(address, publicURL), "")
	if code != http.StatusOK || said["state"] != "pending" || said["serial_number"] != nil {
		t.Errorf("got %d %v", code, said)
	}
	// Nor does a server that stops let anybody wait.
	h.Stop()
	start := time.Now()
	code, said = ask(http.MethodPost, "/hooks/luma?wait=25", `{"id":"1"}`)
	if code != http.StatusAccepted || said["state"] != "pending" || time.Since(start) > 10*time.Second {
		t.Errorf("got %d %v after %s", code, said, time.Since(start))
	}
}
