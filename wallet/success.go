package wallet

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/pages"
)

// SuccessRoutes adds the page where Stripe's Checkout sends the buyer, about
// orders of that source. Who knows the session's id may see it: only Stripe
// and the buyer do.
func (h *Handler) SuccessRoutes(r *mux.Router, source string) {
	s := success{h, source}
	r.HandleFunc("/stripe/success", s.page).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/stripe/success", s.correct).Methods(http.MethodPost)
}

type success struct {
	*Handler
	source string
}

// sessionID is what Stripe's Checkout Sessions are called.
var sessionID = regexp.MustCompile(`^cs_(test|live)_[A-Za-z0-9]{10,250}$`)

// successOrder is one order on pages/success.html.
type successOrder struct {
	*orders.Delivery
	// Index counts from 0; it names the order in the form.
	Index int
	// To is the address as this visitor may see it; empty where it is none.
	To         string
	Tickets    []ticket
	Bundles    []bundleLink
	MayCorrect bool
	// Corrected is true after a correction, Address and Problem are what was
	// typed and refused.
	Corrected        bool
	Address, Problem string
}

// Editable is true where the order's page has a form.
func (o successOrder) Editable() bool {
	for _, p := range o.Passes {
		if len(p.Inputs) > 0 {
			return true
		}
	}
	return false
}

// find answers 404, 503 and the page to wait on itself; then there are no
// orders.
func (s success) find(w http.ResponseWriter, r *http.Request) (session string, found []*orders.Delivery) {
	session = r.URL.Query().Get("session_id")
	if !sessionID.MatchString(session) {
		s.NotFound(w, r)
		return "", nil
	}
	found, err := s.passes.DeliveriesAbout(r.Context(), s.source, session)
	switch {
	case err != nil:
		s.unavailable(w, r, err)
	case len(found) == 0:
		s.wait(w, r, session)
	default:
		return session, found
	}
	return session, nil
}

func (s success) page(w http.ResponseWriter, r *http.Request) {
	if _, found := s.find(w, r); len(found) > 0 {
		corrected, err := strconv.Atoi(r.URL.Query().Get("corrected"))
		if err != nil {
			corrected = -1
		}
		s.showOrders(w, r, found, correction{index: corrected})
	}
}

// correction is one that was refused, or was made.
type correction struct {
	index            int
	address, problem string
}

// correct sends an order to another address. As for rename, the address of the
// page is the secret.
func (s success) correct(w http.ResponseWriter, r *http.Request) {
	session, found := s.find(w, r)
	if len(found) == 0 || !s.Form(w, r) {
		return
	}
	i, err := strconv.Atoi(r.PostForm.Get("order"))
	if err != nil || i < 0 || i >= len(found) {
		s.NotFound(w, r)
		return
	}
	c := correction{index: i, address: r.PostForm.Get("address")}
	err = s.passes.Correct(r.Context(), s.source, session, found[i], c.address)
	var refused orders.Refused
	switch {
	case errors.As(err, &refused):
		c.problem = sentence(refused.Text)
		s.showOrders(w, r, found, c)
	case err != nil:
		s.unavailable(w, r, err)
	default:
		pages.SeeOther(w, fmt.Sprintf("?session_id=%s&corrected=%d#order-%d", session, i, i))
	}
}

func (s success) showOrders(w http.ResponseWriter, r *http.Request, found []*orders.Delivery, c correction) {
	d := deviceOf(r.UserAgent())
	out := make([]successOrder, len(found))
	for i, o := range found {
		v := successOrder{Delivery: o, Index: i, Tickets: s.tickets(o, d, attempt{}), Bundles: bundleLinks(o, d)}
		if strings.Contains(o.Recipient, "@") {
			v.MayCorrect = s.passes.MayCorrect(o)
			if v.To = o.Recipient; !v.MayCorrect {
				v.To = masked(o.Recipient)
			}
		}
		for j := range v.Tickets {
			v.Tickets[j].Inputs, v.Tickets[j].Until = nil, "" // they are on the order's own page
		}
		if i == c.index {
			v.Address, v.Problem, v.Corrected = c.address, c.problem, c.problem == ""
		}
		out[i] = v
	}
	code := http.StatusOK
	if c.problem != "" {
		code = http.StatusUnprocessableEntity
	}
	s.Show(w, r, code, "success.html", out)
}

// masked hides most of a mail address: a…@example.com. Links are shared, and
// browsers keep a history.
func masked(address string) string {
	_, n := utf8.DecodeRuneInString(address)
	return address[:n] + "…" + address[strings.LastIndexByte(address, '@'):]
}

// How often the page that waits looks again: often at first, since passes take
// a second; then less; then not by itself.
const (
	quickTries = 10
	allTries   = 40
)

// waiting is what pages/waiting.html shows.
type waiting struct {
	// Again makes the page reload; empty: it does not.
	Again template.HTMLAttr
	Long  bool
	Link  string
}

// wait says the same of every session without passes, also of those that do
// not exist.
func (s success) wait(w http.ResponseWriter, r *http.Request, session string) {
	try, err := strconv.Atoi(r.URL.Query().Get("try"))
	if err != nil || try < 0 || try > allTries {
		try = 0
	}
	seconds := 2
	if try >= quickTries {
		seconds = 10
	}
	v := waiting{Long: try >= quickTries, Link: "?session_id=" + session}
	if try < allTries {
		v.Again = template.HTMLAttr(fmt.Sprintf(`content="%d; url=?session_id=%s&amp;try=%d"`, seconds, session, try+1)) //nolint:gosec // numbers, and an id that was checked
	}
	s.Show(w, r, http.StatusOK, "waiting.html", v)
}
