package stripe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// StatusDays is how far Status looks back in Stripe's list of events.
const StatusDays = 3

// arrivalTime is how young an event may be without having arrived.
const arrivalTime = time.Minute

// showLast is how many of the newest events are shown.
const showLast = 5

// StateOf is what became of an event, by Stripe's id; empty where it is not
// here.
type StateOf func(ctx context.Context, externalID string) (string, error)

// Status is whether endpoint, keys and events are as they should be.
type Status struct {
	OK    bool         `json:"ok"`
	URL   string       `json:"url"`
	Modes []ModeStatus `json:"modes"`
	// Problems are what a person must do something about.
	Problems []string `json:"problems"`
	// Notes are what is worth knowing.
	Notes []string `json:"notes"`
}

// ModeStatus is that of live or of test mode.
type ModeStatus struct {
	Mode      string     `json:"mode"`
	Endpoints []Endpoint `json:"endpoints"`
	// Lacks are the permissions that the key has not, in Stripe's words.
	Lacks map[string]string `json:"lacks"`
	// Recent is how many events Stripe has of the last days, at most 100, and
	// Absent how many of them are not here.
	Recent int `json:"recent"`
	Absent int `json:"absent"`
	// Last are the newest of them.
	Last []LastEvent `json:"last"`
	// Undelivered are those that an endpoint has not taken.
	Undelivered []ListedEvent `json:"undelivered"`
	// NoAnswer is true where Stripe gave no answer.
	NoAnswer bool `json:"-"`
}

// LastEvent is one of the newest events at Stripe.
type LastEvent struct {
	ID   string    `json:"id"`
	Type string    `json:"type"`
	Time time.Time `json:"time"`
	// State is what became of it here; empty where it is not here.
	State string `json:"state"`
}

// Reachable says what to do where Stripe cannot post to a public address.
func Reachable(public string) error {
	u, err := url.Parse(public)
	if public == "" {
		return errors.New("url is missing; Stripe posts events to it")
	}
	if err == nil && u.Scheme != "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return nil
	}
	return fmt.Errorf("Stripe cannot reach %s; on your own machine, let its CLI bring the events: stripe listen --forward-to %s", public, public+WebhookPath) //nolint:staticcheck // a name
}

// Status asks Stripe about everything. public is passhook's address; stateOf is
// nil where there is no store. What cannot be asked is a problem, and the rest
// is looked at all the same.
func (c *Client) Status(ctx context.Context, public string, now time.Time, stateOf StateOf) Status {
	out := Status{OK: true, URL: public + WebhookPath, Modes: []ModeStatus{}, Problems: []string{}, Notes: []string{}}
	for _, reader := range c.Readers() {
		m := ModeStatus{Mode: ModeOf(reader.Live), Endpoints: []Endpoint{}, Last: []LastEvent{}, Undelivered: []ListedEvent{}}
		var err error
		if m.Lacks, err = c.Lacks(ctx, reader.Live); err != nil {
			out.Problem("%s mode: %v", m.Mode, err)
			m.NoAnswer = true
			out.Modes = append(out.Modes, m)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(m.Lacks)) {
			out.Problem("%s mode: the key lacks %s; Stripe says: %s", m.Mode, name, m.Lacks[name])
		}
		out.endpoints(ctx, c, public, &m)
		if _, lacks := m.Lacks["Events"]; !lacks {
			if err := out.events(ctx, reader, now, stateOf, &m); err != nil {
				out.Problem("%s mode: %v", m.Mode, err)
			}
		}
		out.Modes = append(out.Modes, m)
	}
	return out
}

// Problem adds one.
func (s *Status) Problem(format string, args ...any) {
	s.OK = false
	s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
}

func (s *Status) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// endpoints looks at those that post here. A key needs no permission for it;
// then nothing can be said of them.
func (s *Status) endpoints(ctx context.Context, c *Client, public string, m *ModeStatus) {
	found, err := c.Endpoints(ctx, m.Mode == ModeLive, s.URL)
	unreachable := Reachable(public)
	words, refused := Refused(err)
	switch {
	case refused:
		s.note("%s mode: the webhook endpoints cannot be looked at, which passhook can do without; Stripe says: %s", m.Mode, words)
		return
	case err != nil:
		s.Problem("%s mode: %v", m.Mode, err)
		return
	case len(found) == 0 && unreachable != nil:
		s.note("%s mode: %v", m.Mode, unreachable)
	case len(found) == 0:
		s.Problem("%s mode: no webhook endpoint posts to %s; passhook stripe setup makes it", m.Mode, s.URL)
	case len(found) > 1:
		s.Problem("%s mode: %d endpoints post to %s, so each event is sent as often; delete all but one in Stripe's dashboard", m.Mode, len(found), s.URL)
	}
	for _, e := range found {
		if e.Status != "enabled" {
			s.Problem("%s mode: the endpoint %s is %s; passhook stripe setup enables it", m.Mode, e.ID, e.Status)
		}
		if missing := e.Missing(); len(missing) > 0 {
			s.Problem("%s mode: the endpoint %s does not get %s; passhook stripe setup adds them", m.Mode, e.ID, strings.Join(missing, ", "))
		}
		if more := e.Superfluous(); len(more) > 0 {
			s.note("%s mode: the endpoint %s also gets %s, for which passhook has no need; rules may", m.Mode, e.ID, strings.Join(more, ", "))
		}
	}
	if found != nil {
		m.Endpoints = found
	}
}

// events compares Stripe's list with the store.
func (s *Status) events(ctx context.Context, reader Reader, now time.Time, stateOf StateOf, m *ModeStatus) error {
	since := now.AddDate(0, 0, -StatusDays)
	last, err := reader.LastEvents(ctx, since)
	if err != nil {
		return err
	}
	m.Recent = len(last)
	undelivered, err := reader.Undelivered(ctx, since)
	if err != nil {
		return err
	}
	m.Undelivered = append(m.Undelivered, undelivered...)
	if stateOf == nil {
		return nil
	}
	for i, e := range last {
		state, err := stateOf(ctx, e.ID)
		if err != nil {
			return err
		}
		if state == "" && now.Sub(e.Time()) > arrivalTime {
			m.Absent++
		}
		if i < showLast {
			m.Last = append(m.Last, LastEvent{e.ID, e.Type, e.Time(), state})
		}
	}
	if m.Absent > 0 {
		s.Problem("%s mode: %d of the last %d events are not here; a running server fetches those since its first start within minutes, and passhook stripe reconcile --since %dd all", m.Mode, m.Absent, m.Recent, StatusDays)
	}
	if n := len(undelivered); n > 0 {
		s.note("%s mode: %d events of the last %d days were not delivered to some endpoint, the newest %s %s", m.Mode, n, StatusDays, undelivered[0].Type, undelivered[0].ID)
	}
	return nil
}
