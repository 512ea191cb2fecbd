package console_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/console"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
)

const token = "0123456789abcdef0123456789"

// desk has one decision, which it finds by token.
type desk struct {
	decision         orders.Decision
	lookErr, saveErr error
	// saved are the serial numbers of the last decision; nil: none was taken.
	saved []string
}

func (d *desk) DecisionByLink(_ context.Context, given string) (*orders.Decision, bool, error) {
	return &d.decision, given == token, d.lookErr
}

func (d *desk) Decide(_ context.Context, _ *orders.Decision, void []string) error {
	d.saved = append([]string{}, void...)
	return d.saveErr
}

// newDesk is a refund of a part of a sale of two passes. The second is void,
// for reasons.
func newDesk(reasons ...string) *desk {
	pass := func(serial string, void ...string) orders.DecisionPass {
		p := orders.DecisionPass{Pass: new(bot.Pass), Void: void}
		p.Serial, p.Title = serial, "Seat <"+serial+">"
		return p
	}
	return &desk{decision: orders.Decision{
		Text:   "49.50 EUR of 99.00 EUR were refunded: https://dashboard.example/payments/pi_1",
		Passes: []orders.DecisionPass{pass("A1"), pass("A2", reasons...)},
	}}
}

func (d *desk) ask(t *testing.T, method, target, form string) (code int, header http.Header, body string) {
	t.Helper()
	h, err := console.New(d, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	routes := mux.NewRouter()
	routes.HandleFunc(bot.DecisionPath+pages.Token, h.Decision).Methods(http.MethodGet, http.MethodHead)
	routes.HandleFunc(bot.DecisionPath+pages.Token, h.Decide).Methods(http.MethodPost)
	r := httptest.NewRequestWithContext(t.Context(), method, "/console/decisions/"+target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	routes.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

func (d *desk) page(t *testing.T) string {
	t.Helper()
	code, _, body := d.ask(t, http.MethodGet, token, "")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	return body
}

func TestTheSentenceAndItsLinkStandApart(t *testing.T) {
	body := newDesk().page(t)
	for _, want := range []string{
		`<p class="lead">49.50 EUR of 99.00 EUR were refunded.</p>`,
		`href="https://dashboard.example/payments/pi_1"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestASentenceWithoutALinkIsWhole(t *testing.T) {
	d := newDesk()
	d.decision.Text = "Stripe asks: look at it"
	if body := d.page(t); !strings.Contains(body, `<p class="lead">Stripe asks: look at it.</p>`) || strings.Contains(body, "Look at it in Stripe") {
		t.Error(body)
	}
}

func TestOnlyOtherReasonsVoidAPassInAnyCase(t *testing.T) {
	for _, tc := range []struct {
		reasons []string
		ticked  bool
		others  string
	}{
		{nil, false, ""},
		{[]string{integrations.ReasonOperator}, true, ""},
		{[]string{"dispute"}, false, "Void in any case: dispute<"},
		{[]string{"dispute", integrations.ReasonOperator, "subscription"}, true, "Void in any case: dispute, subscription<"},
	} {
		t.Run(strings.Join(tc.reasons, " "), func(t *testing.T) {
			body := newDesk(tc.reasons...).page(t)
			if !strings.Contains(body, `value="A1">`) || strings.Contains(body, `value="A2" checked>`) != tc.ticked {
				t.Error("ticks are wrong in", body)
			}
			if strings.Contains(body, "in any case") != (tc.others != "") || !strings.Contains(body, tc.others) {
				t.Errorf("want %q in %s", tc.others, body)
			}
		})
	}
}

func TestWhatIsTickedIsSaved(t *testing.T) {
	for form, want := range map[string][]string{"void=A1&void=A2": {"A1", "A2"}, "": {}} {
		d := newDesk()
		code, header, _ := d.ask(t, http.MethodPost, token+"?void=A3", form)
		if code != http.StatusSeeOther || header.Get("Location") != "?saved" || d.saved == nil || !slices.Equal(d.saved, want) {
			t.Errorf("%q: %d to %q, saved %q", form, code, header.Get("Location"), d.saved)
		}
	}
}

func TestOnlyASavedDecisionSaysSo(t *testing.T) {
	d := newDesk()
	_, _, body := d.ask(t, http.MethodGet, token+"?saved", "")
	if !strings.Contains(body, "Saved.") || strings.Contains(d.page(t), "Saved.") {
		t.Error(body)
	}
}

func TestLookingDecidesNothing(t *testing.T) {
	d := newDesk()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if code, _, _ := d.ask(t, method, token+"?void=A1", ""); code != http.StatusOK || d.saved != nil {
			t.Errorf("%s: %d, saved %q", method, code, d.saved)
		}
	}
}

func TestWhoHasNoLinkDecidesNothing(t *testing.T) {
	d := newDesk()
	for _, other := range []string{"9" + token[1:], "short"} {
		if code, _, body := d.ask(t, http.MethodPost, other, "void=A1"); code != http.StatusNotFound || strings.Contains(body, "refunded") || d.saved != nil {
			t.Errorf("%s: %d %s, saved %q", other, code, body, d.saved)
		}
	}
}

func TestAFormThatIsTooLargeDecidesNothing(t *testing.T) {
	d := newDesk()
	if code, _, _ := d.ask(t, http.MethodPost, token, "void="+strings.Repeat("A", 65<<10)); code != http.StatusRequestEntityTooLarge || d.saved != nil {
		t.Errorf("%d, saved %q", code, d.saved)
	}
}

func TestAStoreThatFailsIsAskedAgainLater(t *testing.T) {
	err := errors.New("the database is away")
	for name, set := range map[string]func(*desk){
		"looking": func(d *desk) { d.lookErr = err },
		"saving":  func(d *desk) { d.saveErr = err },
	} {
		d := newDesk()
		set(d)
		code, header, body := d.ask(t, http.MethodPost, token, "void=A1")
		if code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || strings.Contains(body, "database") {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}
