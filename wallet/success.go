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

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/pages"
)

// Success is the page where Stripe's Checkout sends the buyer, about orders of
// one source. While an order is fresh, who knows the session's id may see its
// passes: only Stripe and the buyer do. Later the page says no more than that
// they were mailed.
type Success struct {
	*Handler
	source string
}

// Success makes that page about orders of a source.
func (h *Handler) Success(source string) *Success { return &Success{h, source} }

// sessionID is what Stripe's Checkout Sessions are called.
var sessionID = regexp.MustCompile(`^cs_(test|live)_[A-Za-z0-9]{10,250}$`)

// successOrder is one order on pages/success.html.
type successOrder struct {
	// Index counts from 0; it names the order in the form.
	Index int
	// To is the address as this visitor may see it; empty where the recipient is no
	// mail address.
	To, State string
	// Fresh orders have Link, Tickets and Bundles, and their address may be
	// corrected.
	Fresh    bool
	Link     string
	Editable bool // where Link leads
	Tickets  []ticket
	Bundles  []bundleLink
	// MayRepeat is true where the mail may be sent again.
	MayRepeat bool
	// Corrected and Repeated are true after that; Address and Problem are what
	// was typed and refused.
	Corrected, Repeated bool
	Address, Problem    string
}

// find answers 404, 503 and the page to wait on itself; then there are no
// orders.
func (s *Success) find(w http.ResponseWriter, r *http.Request) (session string, found []*orders.Delivery) {
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

// Page shows the orders of a session, or waits for them.
func (s *Success) Page(w http.ResponseWriter, r *http.Request) {
	if _, found := s.find(w, r); len(found) > 0 {
		q := r.URL.Query()
		s.showOrders(w, r, found, change{corrected: q.Get("corrected"), repeated: q.Get("repeated")})
	}
}

// change is what was made, or refused, of the order with that index.
type change struct {
	corrected, repeated, refused string
	address, problem             string
}

// Change sends an order to another address, or to the same again. As for RenameHolders,
// the address of the page is the secret.
func (s *Success) Change(w http.ResponseWriter, r *http.Request) {
	session, found := s.find(w, r)
	if len(found) == 0 || !s.Form(w, r) {
		return
	}
	index := r.PostForm.Get("order")
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(found) {
		s.NotFound(w, r)
		return
	}
	c, done := change{refused: index}, "repeated"
	if r.PostForm.Has("address") {
		c.address, done = r.PostForm.Get("address"), "corrected"
		err = s.passes.Correct(r.Context(), found[i], c.address)
	} else {
		err = s.passes.Repeat(r.Context(), found[i])
	}
	var refused orders.Refused
	switch {
	case errors.As(err, &refused):
		c.problem = sentence(refused.Text)
		s.showOrders(w, r, found, c)
	case err != nil:
		s.unavailable(w, r, err)
	default:
		pages.SeeOther(w, fmt.Sprintf("?session_id=%s&%s=%d#order-%d", session, done, i, i))
	}
}

func (s *Success) showOrders(w http.ResponseWriter, r *http.Request, found []*orders.Delivery, c change) {
	d := deviceOf(r.UserAgent())
	out := make([]successOrder, len(found))
	for i, o := range found {
		v := successOrder{Index: i, State: o.State, Fresh: s.passes.Fresh(o)}
		isMail := strings.Contains(o.Recipient, "@")
		if isMail {
			v.To, v.MayRepeat = masked(o.Recipient), !v.Fresh && s.passes.MayRepeat(o)
		}
		if v.Fresh {
			v.show(o, isMail, bundleLinks(o, d), s.tickets(o, d, attempt{}))
		}
		index := strconv.Itoa(i)
		v.Corrected, v.Repeated = c.corrected == index, c.repeated == index
		if c.refused == index {
			v.Address, v.Problem = c.address, c.problem
		}
		out[i] = v
	}
	code := http.StatusOK
	if c.problem != "" {
		code = http.StatusUnprocessableEntity
	}
	s.Show(w, r, code, "success.html", out)
}

// show fills in what a fresh order shows.
func (v *successOrder) show(o *orders.Delivery, isMail bool, bundles []bundleLink, tickets []ticket) {
	v.Link, v.Bundles, v.Tickets = o.Link, bundles, tickets
	if isMail {
		v.To = o.Recipient
	}
	for i := range v.Tickets {
		v.Editable = v.Editable || len(v.Tickets[i].Inputs) > 0
		v.Tickets[i].Inputs, v.Tickets[i].Until = nil, "" // they are on the order's own page
	}
}

// masked hides most of a mail address: a…@e….
func masked(address string) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	_, n := utf8.DecodeRuneInString(address)
	_, m := utf8.DecodeRuneInString(domain)
	return address[:n] + "…@" + domain[:m] + "…"
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
func (s *Success) wait(w http.ResponseWriter, r *http.Request, session string) {
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
