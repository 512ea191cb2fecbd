package standins

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// kinds are the lists of Stripe's API that are served beside Checkout Sessions,
// with the object that each is made of.
var kinds = map[string]string{
	"charges": "charge", "customers": "customer", "disputes": "dispute", "events": "event", "invoice_payments": "invoice_payment",
	"invoices": "invoice", "payment_intents": "payment_intent", "payment_links": "payment_link", "prices": "price", "products": "product",
	"refunds": "refund", "subscriptions": "subscription", "webhook_endpoints": "webhook_endpoint",
}

// writable are those that may be created and changed.
var writable = map[string]bool{"webhook_endpoints": true, "payment_links": true}

// Add adds objects, or replaces those with their id: a subscription, a charge.
// Which list they are in follows from their "object". An object with livemode
// is seen by keys of that mode only.
func (s *Stripe) Add(objects ...map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range objects {
		s.put(o)
	}
}

// AddEvent adds an event, as Event makes it, to the list of events.
func (s *Stripe) AddEvent(body []byte) error {
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		return err
	}
	s.Add(event)
	return nil
}

// put needs the lock. Lists are in the order in which their objects came.
func (s *Stripe) put(o map[string]any) {
	kind, _ := o["object"].(string)
	i := slices.IndexFunc(s.objects[kind], func(old map[string]any) bool { return old["id"] == o["id"] })
	if i < 0 {
		s.objects[kind] = append(s.objects[kind], o)
		return
	}
	s.objects[kind][i] = o
}

// Objects are the objects of a kind that are there, the oldest first:
// "webhook_endpoint".
func (s *Stripe) Objects(kind string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.objects[kind])
}

func (s *Stripe) serveObjects() {
	s.mux.HandleFunc("GET /v1/account", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"id": "acct_standin", "object": "account", "charges_enabled": true, "country": "DE", "default_currency": "eur", "email": "me@example.com",
			"settings": map[string]any{"dashboard": map[string]any{"display_name": "Hall One", "timezone": "Europe/Berlin"}}, "type": "standard",
		})
	})
	for list, kind := range kinds {
		s.mux.HandleFunc("GET /v1/"+list, func(w http.ResponseWriter, r *http.Request) { s.listObjects(w, r, kind) })
		s.mux.HandleFunc("GET /v1/"+list+"/{id}", func(w http.ResponseWriter, r *http.Request) { s.oneObject(w, r, kind) })
		if writable[list] {
			s.mux.HandleFunc("POST /v1/"+list, func(w http.ResponseWriter, r *http.Request) { s.write(w, r, kind) })
			s.mux.HandleFunc("POST /v1/"+list+"/{id}", func(w http.ResponseWriter, r *http.Request) { s.write(w, r, kind) })
		}
	}
}

func (s *Stripe) oneObject(w http.ResponseWriter, r *http.Request, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.objects[kind] {
		if o["id"] == r.PathValue("id") && visible(r, o) {
			reply(w, seen(o))
			return
		}
	}
	refuse(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such "+kind+": '"+r.PathValue("id")+"'")
}

func (s *Stripe) listObjects(w http.ResponseWriter, r *http.Request, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	for _, cursor := range []string{"starting_after", "ending_before"} {
		id := query.Get(cursor)
		if id != "" && !slices.ContainsFunc(s.objects[kind], func(o map[string]any) bool { return o["id"] == id }) {
			refuse(w, http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such "+kind+": '"+id+"'")
			return
		}
	}
	if len(query["types[]"]) > 20 {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "", "You may specify at most 20 types.")
		return
	}
	var newestFirst []map[string]any
	for _, o := range slices.Backward(s.objects[kind]) {
		if visible(r, o) {
			newestFirst = append(newestFirst, s.expanded(query, seen(o)))
		}
	}
	page(w, r, newestFirst, func(o map[string]any) bool { return matches(query, o) })
}

// seen is an object as its own account sees it: without the account.
func seen(o map[string]any) map[string]any {
	o = maps.Clone(o)
	delete(o, "account")
	return o
}

// expanded has the charge itself in place of its id, where that is asked for.
func (s *Stripe) expanded(query url.Values, o map[string]any) map[string]any {
	if slices.Contains(query["expand[]"], "data.charge") {
		for _, charge := range s.objects["charge"] {
			if charge["id"] == o["charge"] {
				o["charge"] = charge
			}
		}
	}
	return o
}

// visible is false for what belongs to another account, or to the other mode
// than the key.
func visible(r *http.Request, o map[string]any) bool {
	if text(o["account"]) != r.Header.Get("Stripe-Account") && o["object"] == "event" {
		return false
	}
	live, says := o["livemode"].(bool)
	mode := strings.Split(key(r), "_")
	return !says || len(mode) < 3 || live == (mode[1] == "live")
}

// matches reports whether an object passes a list's filters.
func matches(query url.Values, o map[string]any) bool {
	for name, want := range query {
		ok := true
		switch name {
		case "limit", "starting_after", "ending_before", "expand[]", "expand[0]", "payment[type]":
		case "types[]":
			ok = slices.Contains(want, text(o["type"]))
		case "payment[payment_intent]":
			payment, _ := o["payment"].(map[string]any)
			ok = text(payment["payment_intent"]) == want[0]
		case "created[gte]":
			ok = seconds(o["created"]) >= atoi(want[0])
		case "created[gt]":
			ok = seconds(o["created"]) > atoi(want[0])
		case "created[lt]":
			ok = seconds(o["created"]) < atoi(want[0])
		case "delivery_success":
			ok = (seconds(o["pending_webhooks"]) == 0) == (want[0] == "true")
		case "active":
			ok = o["active"] == (want[0] == "true")
		default:
			ok = text(o[name]) == want[0]
		}
		if !ok {
			return false
		}
	}
	return true
}

func reply(w http.ResponseWriter, o map[string]any) { _ = json.NewEncoder(w).Encode(o) }

func text(v any) string {
	s, _ := v.(string)
	return s
}

func atoi(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// seconds is a time of an object that was made in Go or read from JSON.
func seconds(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case int:
		return int64(n)
	case float64:
		return int64(n)
	}
	return 0
}
