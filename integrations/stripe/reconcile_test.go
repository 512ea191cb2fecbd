package stripe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// look is a reconciler with its surroundings, at a time of the test's own.
type look struct {
	*stripe.Reconciler
	config stripe.Config
	api    *standins.Stripe
	store  *store.Store
	now    time.Time
	log    *bytes.Buffer
	fresh  []integrations.Event
	// asked is how often the list of events was asked for.
	asked int
}

var lookNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newLook(t *testing.T, c stripe.Config) *look {
	t.Helper()
	l := &look{api: standins.NewStripe(), now: lookNow, log: &bytes.Buffer{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/events") {
			l.asked++
		}
		l.api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.APIURL = server.URL
	log := slog.New(slog.NewTextHandler(l.log, nil))
	var err error
	l.store, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "passhook.db"), Now: func() time.Time { return l.now }, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.store.Close() })
	accept := func(ctx context.Context, e integrations.Event) (string, bool, error) {
		id, fresh, err := l.store.Accept(ctx, e)
		if fresh {
			l.fresh = append(l.fresh, e)
		}
		return id, fresh, err
	}
	l.config = c
	l.Reconciler = stripe.NewReconciler(c, l.store, accept, time.UTC, func() time.Time { return l.now }, log)
	return l
}

func (l *look) happens(t *testing.T, id string, at time.Time, live bool) {
	t.Helper()
	err := l.api.AddEvent(standins.Event(standins.EventOptions{ID: id, Type: "charge.refunded", Created: at, Live: live}, map[string]any{"id": "ch_" + id, "object": "charge"}))
	if err != nil {
		t.Fatal(err)
	}
}

// again looks once and gives how many events were new, and how often their list
// was asked for.
func (l *look) again(t *testing.T) (fresh, requests int) {
	t.Helper()
	had, asked := len(l.fresh), l.asked
	if err := l.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	return len(l.fresh) - had, l.asked - asked
}

// from sets what the store remembers as the first start.
func (l *look) from(t *testing.T, since time.Time) {
	t.Helper()
	if err := l.store.SetMark(t.Context(), "stripe since", since.Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
}

func TestReconcilingGoesOnWhereItWas(t *testing.T) {
	since := lookNow.Add(-48 * time.Hour)
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, since)
	for i := range 250 {
		l.happens(t, fmt.Sprintf("evt_%d", i), since.Add(time.Duration(i)*time.Minute), false)
	}
	if fresh, _ := l.again(t); fresh != 250 {
		t.Errorf("the first look brought %d", fresh)
	}
	if fresh, requests := l.again(t); fresh != 0 || requests != 1 {
		t.Errorf("the second look brought %d in %d requests", fresh, requests)
	}
	l.happens(t, "evt_new", lookNow.Add(-time.Minute), false)
	l.happens(t, "evt_late", lookNow.Add(-2*time.Minute), false)
	if fresh, requests := l.again(t); fresh != 2 || requests != 1 {
		t.Errorf("two more: %d in %d requests", fresh, requests)
	}
	l.now = l.now.Add(5 * time.Minute)
	l.happens(t, "evt_later", lookNow.Add(-3*time.Minute), false) // listed behind those that were read
	if fresh, _ := l.again(t); fresh != 1 {
		t.Errorf("one that Stripe listed late: %d", fresh)
	}
	l.happens(t, "evt_past", since.Add(-time.Hour), false)
	if fresh, _ := l.again(t); fresh != 0 {
		t.Errorf("one before since: %d", fresh)
	}
	l.from(t, since.Add(-2*time.Hour))
	if fresh, _ := l.again(t); fresh != 1 {
		t.Errorf("an earlier since: %d", fresh)
	}
}

// A reading that breaks off goes on behind the last hundred.
func TestReconcilingKeepsItsPlaceWhenItBreaksOff(t *testing.T) {
	since := lookNow.Add(-48 * time.Hour)
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, since)
	for i := range 450 {
		l.happens(t, fmt.Sprintf("evt_%d", i), since.Add(time.Duration(i)*time.Minute), false)
	}
	l.api.Fail(func(r *http.Request) *standins.Fault {
		if r.URL.Query().Get("ending_before") == "evt_200" {
			return &standins.Fault{Status: http.StatusTooManyRequests, Message: "Too many requests"}
		}
		return nil
	})
	if fresh, _ := l.again(t); fresh != 201 {
		t.Errorf("before it broke off: %d", fresh)
	}
	l.api.Fail(nil)
	if fresh, requests := l.again(t); fresh != 249 || requests > 4 {
		t.Errorf("afterwards: %d in %d requests", fresh, requests)
	}
}

func TestReconcilingTellsAnErrorOnce(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.api.Fail(func(*http.Request) *standins.Fault {
		return &standins.Fault{Status: http.StatusForbidden, Message: "Having the 'rak_event_read' permission would allow this request to continue."}
	})
	for range 3 {
		l.again(t)
	}
	l.api.Fail(nil)
	for range 3 {
		l.again(t)
	}
	log := l.log.String()
	if strings.Count(log, "rak_event_read") != 1 || strings.Count(log, "are fetched again") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

// The door is the webhook's: an event of each mode is treated as the config says.
func TestReconcilingKeepsModesApart(t *testing.T) {
	for _, tc := range []struct {
		config stripe.Config
		want   string
	}{
		{stripe.Config{APIKeys: []string{"rk_live_1"}}, "evt_live to  "},
		{stripe.Config{APIKeys: []string{"rk_test_1"}}, "evt_test to  "},
		{stripe.Config{APIKeys: []string{"rk_test_1", "rk_live_1"}, TestRecipient: "me@example.com"}, "evt_live to  evt_test to me@example.com "},
		{stripe.Config{APIKeys: []string{"rk_test_1", "rk_live_1"}, Mode: stripe.ModeLive}, "evt_live to  "},
	} {
		l := newLook(t, tc.config)
		l.happens(t, "evt_live", lookNow, true)
		l.happens(t, "evt_test", lookNow, false)
		l.again(t)
		got := ""
		for _, e := range l.fresh {
			got += e.ExternalID + " to " + e.Redirect.Address + " "
		}
		if got != tc.want {
			t.Errorf("%+v: got %q, want %q", tc.config, got, tc.want)
		}
	}
}

// away is a store that does not answer as long as it is told so.
type away struct {
	*store.Store
	down bool
	// marks is how often anything was remembered.
	marks int
}

func (a *away) SetMark(ctx context.Context, name, value string) error {
	a.marks++
	return a.Store.SetMark(ctx, name, value)
}

func (a *away) Mark(ctx context.Context, name string) (string, error) {
	if a.down {
		return "", errors.New("the database is away")
	}
	return a.Store.Mark(ctx, name)
}

// A store that is away at the start is no reason to give up; and the first start
// is when it was first there.
func TestReconcilingBeginsWhenTheStoreIsThere(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	memory := &away{Store: l.store, down: true}
	r := stripe.NewReconciler(l.config, memory, l.store.Accept, time.UTC, func() time.Time { return l.now }, slog.New(slog.DiscardHandler))
	if err := r.Look(t.Context()); err == nil || l.api.Requests() > 0 {
		t.Errorf("%v after %d requests", err, l.api.Requests())
	}
	memory.down = false
	l.now = l.now.Add(5 * time.Minute)
	l.happens(t, "evt_before", l.now.Add(-time.Minute), false)
	l.happens(t, "evt_1", l.now.Add(time.Second), false)
	if err := r.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	events, err := l.store.FindEvents(t.Context(), store.Filter{})
	if err != nil || len(events) != 1 || events[0].ExternalID != "evt_1" {
		t.Errorf("stored %v, %v", events, err)
	}
}

// Where the look after Stripe's word of a failure fails, the next one looks at
// everything.
func TestAFailedLookAtEverythingIsDoneAgain(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-10*24*time.Hour))
	l.brought(t)
	l.sold("1", lookNow.Add(-5*24*time.Hour), nil)
	if _, _, err := l.Accept(t.Context(), integrations.Event{Source: stripe.SourceName, ExternalID: "evt_1", Type: "stripe.v2.core.health.event_generation_failure.resolved", Ignore: "x"}); err != nil {
		t.Fatal(err)
	}
	l.api.Fail(func(*http.Request) *standins.Fault { return &standins.Fault{Status: http.StatusTooManyRequests} })
	l.brought(t)
	l.api.Fail(nil)
	if got := l.brought(t); !strings.HasPrefix(got, "reconciled:cs_test_1:paid") {
		t.Errorf("the next look brought %q", got)
	}
}

// A long reading that a crash ends is not begun anew.
func TestReconcilingRemembersItsPlaceWhileItReads(t *testing.T) {
	l := newLook(t, stripe.Config{APIKeys: []string{"rk_test_1"}})
	l.from(t, lookNow.Add(-48*time.Hour))
	for i := range 350 {
		l.happens(t, fmt.Sprintf("evt_%d", i), lookNow.Add(-40*time.Hour), false)
	}
	memory := &away{Store: l.store}
	r := stripe.NewReconciler(l.config, memory, l.store.Accept, time.UTC, func() time.Time { return l.now }, slog.New(slog.DiscardHandler))
	if err := r.Look(t.Context()); err != nil || memory.marks != 4+4 { // each hundred, the end, and four lists of objects
		t.Errorf("%d marks, %v", memory.marks, err)
	}
}
