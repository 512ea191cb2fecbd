package standins

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Stripe is a small faithful server of the parts of Stripe's API that passhook
// reads: Checkout Sessions and their line items, and the objects that Add takes.
// It is an http.Handler, safe for concurrent use.
// https://docs.stripe.com/api/checkout/sessions
type Stripe struct {
	mux      *http.ServeMux
	mu       sync.Mutex
	sessions map[string]map[string]any
	items    map[string][]map[string]any
	objects  map[string][]map[string]any // by their "object"
	fail     func(*http.Request) *Fault
	requests int
}

// Fault is what a scripted failure does instead of an answer.
type Fault struct {
	// Status is the answer's code; 0 hangs up.
	Status int
	// Code and Message are what Stripe says of it.
	Code, Message string
	// RetryAfter, when set, is that header.
	RetryAfter string
}

// NewStripe is an empty account.
func NewStripe() *Stripe {
	s := &Stripe{mux: http.NewServeMux(), sessions: map[string]map[string]any{}, items: map[string][]map[string]any{}, objects: map[string][]map[string]any{}}
	s.mux.HandleFunc("GET /v1/checkout/sessions", s.list)
	s.mux.HandleFunc("GET /v1/checkout/sessions/{id}", s.session)
	s.mux.HandleFunc("GET /v1/checkout/sessions/{id}/line_items", s.lineItems)
	s.serveObjects()
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL ("+r.Method+": "+r.URL.Path+").")
	})
	return s
}

// AddSession adds a Checkout Session, without line_items, and its line items
// with expanded products.
func (s *Stripe) AddSession(session map[string]any, items []map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := session["id"].(string)
	s.sessions[id], s.items[id] = session, items
}

// Fail has f asked before every answer; nil from it answers as usual.
func (s *Stripe) Fail(f func(*http.Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Requests is how many requests came so far.
func (s *Stripe) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// ServeHTTP answers as Stripe does; every request needs a secret or restricted
// key.
func (s *Stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	n, fail := s.requests, s.fail
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_"+strconv.Itoa(n))
	if v := r.Header.Get("Stripe-Version"); v != "" {
		w.Header().Set("Stripe-Version", v)
	}
	if fail != nil {
		if f := fail(r); f != nil {
			f.answer(w)
			return
		}
	}
	if key := key(r); !strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, "rk_") {
		refuse(w, http.StatusUnauthorized, "invalid_request_error", "", "Invalid API Key provided.")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// key is the API key of a request, sent either way.
func key(r *http.Request) string {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return bearer
	}
	key, _, _ := r.BasicAuth()
	return key
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler) // net/http hangs up
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	refuse(w, f.Status, "api_error", f.Code, f.Message)
}

// refuse is an error in Stripe's shape. https://docs.stripe.com/api/errors
func refuse(w http.ResponseWriter, status int, kind, code, message string) {
	body := map[string]any{"type": kind, "message": message}
	if code != "" {
		body["code"] = code
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": body})
}

// find answers 404 itself where there is no such session.
func (s *Stripe) find(w http.ResponseWriter, id string) (session map[string]any, items []map[string]any, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok = s.sessions[id]
	if !ok {
		refuse(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such checkout.session: "+id)
	}
	return session, s.items[id], ok
}

func (s *Stripe) session(w http.ResponseWriter, r *http.Request) {
	if session, _, ok := s.find(w, r.PathValue("id")); ok {
		_ = json.NewEncoder(w).Encode(session)
	}
}

func (s *Stripe) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var all []map[string]any
	for _, id := range slices.Sorted(maps.Keys(s.sessions)) {
		all = append(all, s.sessions[id])
	}
	s.mu.Unlock()
	page(w, r, all, func(o map[string]any) bool { return matches(r.URL.Query(), o) })
}

func (s *Stripe) lineItems(w http.ResponseWriter, r *http.Request) {
	_, items, ok := s.find(w, r.PathValue("id"))
	if !ok {
		return
	}
	if !slices.Contains(r.URL.Query()["expand[]"], "data.price.product") && !slices.Contains(r.URL.Query()["expand[0]"], "data.price.product") {
		items = bare(items)
	}
	page(w, r, items, everything)
}
