package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

// statusDays is how far status looks back in Stripe's list of events.
const statusDays = 3

// arriving is how young an event may be without having arrived.
const arriving = time.Minute

type stripeStatusCmd struct {
	JSON bool `name:"json" help:"For programs."`
}

// stripeStatus is what stripe status --json prints.
type stripeStatus struct {
	OK    bool         `json:"ok"`
	URL   string       `json:"url"`
	Modes []modeStatus `json:"modes"`
	// Store counts events and deliveries here, by state.
	Store map[string]int `json:"store"`
	// Problems are what a person must do something about.
	Problems []string `json:"problems"`
	// Notes are what is worth knowing.
	Notes []string `json:"notes"`
	// unreachable says how events come to an address that Stripe cannot reach.
	unreachable string
	zone        *time.Location
}

// modeStatus is that of live or of test mode.
type modeStatus struct {
	Mode      string            `json:"mode"`
	Endpoints []stripe.Endpoint `json:"endpoints"`
	// Lacks are the permissions that the key has not, in Stripe's words.
	Lacks map[string]string `json:"lacks"`
	// Recent is how many events Stripe has of the last days, at most 100, and
	// Absent how many of them are not here.
	Recent int `json:"recent"`
	Absent int `json:"absent"`
	// Last are the newest of them.
	Last []lastEvent `json:"last"`
	// Undelivered are those that an endpoint has not taken.
	Undelivered []stripe.ListedEvent `json:"undelivered"`
	// unasked is true where Stripe gave no answer.
	unasked bool
}

// showLast is how many of the newest events are shown.
const showLast = 5

// lastEvent is one of the newest events at Stripe.
type lastEvent struct {
	ID   string    `json:"id"`
	Type string    `json:"type"`
	Time time.Time `json:"time"`
	// State is what became of it here; empty where it is not here.
	State string `json:"state"`
}

// Run asks Stripe and the store; bad news is where anything is wrong.
func (s stripeStatusCmd) Run(ctx context.Context, c console) error {
	out, err := s.status(ctx, c)
	if err != nil {
		return err
	}
	if s.JSON {
		err = c.json(out)
	} else {
		out.print(c)
	}
	if err == nil && !out.OK {
		err = errSilent
	}
	return err
}

// status looks at Stripe alone where serve has not run yet.
func (s stripeStatusCmd) status(ctx context.Context, c console) (stripeStatus, error) {
	cfg, err := c.loadStripe()
	if err != nil {
		return stripeStatus{}, err
	}
	if sc := app.StoreConfig(cfg, nil); sc.URL == "" && !exists(sc.Path) {
		out := onlineStatus(ctx, cfg, time.Now(), nil)
		out.Notes = append(out.Notes, "passhook serve has not run yet, so nothing says which events have arrived")
		return out, nil
	}
	b, err := c.openStripe(ctx, cfg)
	if err != nil {
		return stripeStatus{}, err
	}
	defer b.store.Close()
	return b.status(ctx, time.Now()), nil
}

// status looks at everything. What cannot be asked is a problem, and the rest is
// looked at all the same.
func (b *stripeBeside) status(ctx context.Context, now time.Time) stripeStatus {
	out := onlineStatus(ctx, b.config, now, b.stateOf)
	if err := b.count(ctx, out.Store); err != nil {
		out.problem("the store cannot be read: %v", err)
	}
	for _, state := range []string{"events failed", "deliveries dead"} {
		if n := out.Store[state]; n > 0 {
			what, _, _ := strings.Cut(state, " ")
			out.problem("%d %s; passhook %s --state %s lists them", n, state, what, strings.TrimPrefix(state, what+" "))
		}
	}
	out.OK = len(out.Problems) == 0
	return out
}

// countUpTo is how far rows are counted.
const countUpTo = 1000

// count counts what waits and what needs a person.
func (b *stripeBeside) count(ctx context.Context, into map[string]int) error {
	for _, state := range []string{store.StatePending, store.StateFailed} {
		events, err := b.store.FindEvents(ctx, store.Filter{State: state, Limit: countUpTo})
		if err != nil {
			return err
		}
		into["events "+state] = len(events)
	}
	for _, state := range []string{store.StatePending, store.StateDead} {
		deliveries, err := b.store.FindDeliveries(ctx, store.Filter{State: state, Limit: countUpTo})
		if err != nil {
			return err
		}
		into["deliveries "+state] = len(deliveries)
	}
	return nil
}

// onlineStatus is what Stripe says. stateOf is nil where there is no store.
func onlineStatus(ctx context.Context, cfg *config.Config, now time.Time, stateOf func(context.Context, string) (string, error)) stripeStatus {
	out := stripeStatus{URL: webhookURL(cfg), Modes: []modeStatus{}, Store: map[string]int{}, Problems: []string{}, Notes: []string{}, zone: cfg.Location}
	if err := reachable(cfg); err != nil {
		out.unreachable = err.Error()
	}
	client := stripe.NewClient(*cfg.Stripe)
	for _, reader := range client.Readers() {
		m := modeStatus{Mode: stripe.ModeOf(reader.Live), Endpoints: []stripe.Endpoint{}, Last: []lastEvent{}, Undelivered: []stripe.ListedEvent{}}
		var err error
		if m.Lacks, err = client.Lacks(ctx, reader.Live); err != nil {
			out.problem("%s mode: %v", m.Mode, err)
			m.unasked = true
			out.Modes = append(out.Modes, m)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(m.Lacks)) {
			out.problem("%s mode: the key lacks %s; Stripe says: %s", m.Mode, name, m.Lacks[name])
		}
		out.endpoints(ctx, client, reader.Live, &m)
		if _, lacks := m.Lacks["Events"]; !lacks {
			if err := out.events(ctx, reader, now, stateOf, &m); err != nil {
				out.problem("%s mode: %v", m.Mode, err)
			}
		}
		out.Modes = append(out.Modes, m)
	}
	out.OK = len(out.Problems) == 0
	return out
}

func (s *stripeStatus) problem(format string, args ...any) {
	s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
}

// endpoints looks at those that post here. A key needs no permission for it;
// then nothing can be said of them.
func (s *stripeStatus) endpoints(ctx context.Context, client *stripe.Client, live bool, m *modeStatus) {
	found, err := client.Endpoints(ctx, live, s.URL)
	words, refused := stripe.Refused(err)
	switch {
	case refused:
		s.Notes = append(s.Notes, fmt.Sprintf("%s mode: the webhook endpoints cannot be looked at, which passhook can do without; Stripe says: %s", m.Mode, words))
		return
	case err != nil:
		s.problem("%s mode: %v", m.Mode, err)
		return
	case len(found) == 0 && s.unreachable != "":
		s.Notes = append(s.Notes, fmt.Sprintf("%s mode: %s", m.Mode, s.unreachable))
	case len(found) == 0:
		s.problem("%s mode: no webhook endpoint posts to %s; passhook stripe setup makes it", m.Mode, s.URL)
	case len(found) > 1:
		s.problem("%s mode: %d endpoints post to %s, so each event is sent as often; delete all but one in Stripe's dashboard", m.Mode, len(found), s.URL)
	}
	for _, e := range found {
		if e.Status != "enabled" {
			s.problem("%s mode: the endpoint %s is %s; passhook stripe setup enables it", m.Mode, e.ID, e.Status)
		}
		if missing := e.Missing(); len(missing) > 0 {
			s.problem("%s mode: the endpoint %s does not get %s; passhook stripe setup adds them", m.Mode, e.ID, strings.Join(missing, ", "))
		}
		if more := e.Superfluous(); len(more) > 0 {
			s.Notes = append(s.Notes, fmt.Sprintf("%s mode: the endpoint %s also gets %s, for which passhook has no need; rules may", m.Mode, e.ID, strings.Join(more, ", ")))
		}
	}
	if found != nil {
		m.Endpoints = found
	}
}

// events compares Stripe's list with the store.
func (s *stripeStatus) events(ctx context.Context, reader stripe.Reader, now time.Time, stateOf func(context.Context, string) (string, error), m *modeStatus) error {
	since := now.AddDate(0, 0, -statusDays)
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
		if state == "" && now.Sub(e.Time()) > arriving {
			m.Absent++
		}
		if i < showLast {
			m.Last = append(m.Last, lastEvent{e.ID, e.Type, e.Time(), state})
		}
	}
	if m.Absent > 0 {
		s.problem("%s mode: %d of the last %d events are not here; a running server fetches those since its first start within minutes, and passhook stripe reconcile --since %dd all", m.Mode, m.Absent, m.Recent, statusDays)
	}
	if n := len(undelivered); n > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%s mode: %d events of the last %d days were not delivered to some endpoint, the newest %s %s", m.Mode, n, statusDays, undelivered[0].Type, undelivered[0].ID))
	}
	return nil
}

func (s stripeStatus) print(c console) {
	for _, m := range s.Modes {
		fmt.Fprintf(c.Out, "%s mode\n", m.Mode)
		for _, e := range m.Endpoints {
			version := e.APIVersion
			if version == "" {
				version = "the account's"
			}
			fmt.Fprintf(c.Out, "  endpoint %s: %s, %d events, API version %s\n", e.ID, e.Status, len(e.Events), version)
		}
		if m.unasked {
			continue
		}
		fmt.Fprintf(c.Out, "  events of the last %d days: %d at Stripe, %d of them not here, %d not delivered\n", statusDays, m.Recent, m.Absent, len(m.Undelivered))
		for _, e := range m.Last {
			fmt.Fprintf(c.Out, "    %s  %s  %s: %s\n", e.Time.In(s.zone).Format(time.DateTime), e.ID, e.Type, cmp.Or(e.State, "not here"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Store)) {
		fmt.Fprintf(c.Out, "%s: %d\n", name, s.Store[name])
	}
	for _, n := range s.Notes {
		fmt.Fprintln(c.Err, "note:", n)
	}
	for _, p := range s.Problems {
		fmt.Fprintln(c.Err, p)
	}
	if s.OK {
		fmt.Fprintln(c.Out, "ok")
	}
}
