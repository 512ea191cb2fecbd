package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/store"
)

type eventsCmd struct {
	List   eventsListCmd   `cmd:"" default:"withargs" help:"List events, newest first, or show one."`
	Replay eventsReplayCmd `cmd:"" help:"Work on an event again, after its cause of failure is fixed."`
}

type eventsListCmd struct {
	Query string `arg:"" optional:"" help:"An id, Stripe's id, a ref or a mail address."`
	State string `help:"Only events in this state." enum:",pending,done,ignored,unmatched,failed" default:""`
	Limit int    `help:"At most so many." default:"50"`
	JSON  bool   `name:"json" help:"For programs."`
}

// Run lists what fits; with an event's own id it shows that event.
func (l eventsListCmd) Run(ctx context.Context, c terminal) error {
	cfg, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := s.FindEvents(ctx, store.Filter{Query: l.Query, State: l.State, Limit: l.Limit})
	switch {
	case err != nil:
		return err
	case l.Query != "" && len(found) == 0:
		return fmt.Errorf("no event fits %s", l.Query)
	case l.JSON:
		return c.eventsJSON(ctx, s, found)
	case l.Query != "" && len(found) == 1:
		return c.showEvent(ctx, s, cfg, found[0])
	}
	rows := [][]string{{"ID", "RECEIVED", "TYPE", "STATE", "NOTE"}}
	for _, e := range found {
		note := e.Note
		if e.Attention != "" {
			note = strings.TrimPrefix(note+"; look at: "+e.Attention, "; ")
		}
		rows = append(rows, []string{e.ID, formatTime(e.Received, cfg), e.Type, e.State, oneLine(note)})
	}
	return c.table(rows)
}

// eventJSON is an event as --json prints it.
type eventJSON struct {
	ID         string         `json:"id"`
	Source     string         `json:"source"`
	Types      []string       `json:"types"`
	ExternalID string         `json:"external_id"`
	Object     string         `json:"object"`
	Live       bool           `json:"live"`
	Time       time.Time      `json:"time"`
	Received   time.Time      `json:"received"`
	State      string         `json:"state"`
	Note       string         `json:"note"`
	Attention  string         `json:"attention,omitempty"`
	Attempts   int            `json:"attempts"`
	Passes     []passJSON     `json:"passes"`
	Deliveries []deliveryJSON `json:"deliveries"`
}

// passJSON is a pass as --json prints it; links are secrets and stay out.
type passJSON struct {
	SerialNumber string   `json:"serial_number"`
	Rule         string   `json:"rule"`
	Template     string   `json:"template"`
	Item         string   `json:"item"`
	Unit         int      `json:"unit"`
	Void         []string `json:"void"`
}

func jsonPass(p store.Pass) passJSON {
	return passJSON{p.Serial, p.Rule, p.Template, p.Item, p.Unit, append([]string{}, p.Void...)}
}

func (c terminal) eventsJSON(ctx context.Context, s *store.Store, found []store.Event) error {
	out := make([]eventJSON, 0, len(found))
	for _, e := range found {
		passes, deliveries, err := s.IssuedBy(ctx, e.ID)
		if err != nil {
			return err
		}
		j := eventJSON{
			ID: e.ID, Source: e.Source, Types: e.Names(), ExternalID: e.ExternalID, Object: e.Object, Live: e.Live, Time: e.Time,
			Received: e.Received, State: e.State, Note: e.Note, Attention: e.Attention, Attempts: e.Attempts, Passes: []passJSON{}, Deliveries: []deliveryJSON{},
		}
		for _, p := range passes {
			j.Passes = append(j.Passes, jsonPass(p))
		}
		for _, d := range deliveries {
			j.Deliveries = append(j.Deliveries, jsonDelivery(d))
		}
		out = append(out, j)
	}
	return c.json(out)
}

func (c terminal) showEvent(ctx context.Context, s *store.Store, cfg *config.Config, e store.Event) error {
	passes, deliveries, err := s.IssuedBy(ctx, e.ID)
	if err != nil {
		return err
	}
	rows := [][]string{
		{"event", e.ID}, {"from", e.Source + " " + e.ExternalID}, {"type", strings.Join(e.Names(), ", ")}, {"about", e.Object},
		{"live", strconv.FormatBool(e.Live)}, {"received", formatTime(e.Received, cfg)}, {"state", e.State},
		{"attempts", strconv.Itoa(e.Attempts)}, {"note", oneLine(e.Note)},
	}
	if e.Attention != "" {
		rows = append(rows, []string{"look at", oneLine(e.Attention)})
	}
	if e.State == store.StatePending && e.Attempts > 0 {
		rows = append(rows, []string{"next try", formatTime(e.Due, cfg)})
	}
	for _, p := range passes {
		rows = append(rows, []string{"pass", fmt.Sprintf("%s  rule %s, template %s, item %s, unit %d, void: %s", p.Serial, p.Rule, p.Template, p.Item, p.Unit, orNone(p.Void))})
	}
	for _, d := range deliveries {
		rows = append(rows, []string{"delivery", fmt.Sprintf("%s  %s to %s: %s %s", d.ID, d.Channel, d.Recipient, d.State, oneLine(d.Note))})
	}
	messages, err := s.OutgoingOf(ctx, e.ID, 50)
	if err != nil {
		return err
	}
	for _, m := range messages {
		rows = append(rows, []string{"told", fmt.Sprintf("%s  %s of %s: %s %s", m.ID, m.Endpoint, m.Type, m.State, oneLine(m.Note))})
	}
	return c.table(rows)
}

// oneLine keeps a note in its table cell.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

type eventsReplayCmd struct {
	ID string `arg:"" help:"The event's id, ours or Stripe's."`
}

// Run puts the event into the queue again. Passes that exist stay as they are.
func (r eventsReplayCmd) Run(ctx context.Context, c terminal) error {
	_, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := s.FindEvents(ctx, store.Filter{Query: r.ID, Limit: 2})
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return fmt.Errorf("no event fits %s; passhook events lists them", r.ID)
	case len(found) > 1:
		return fmt.Errorf("several events fit %s; name one by its own id", r.ID)
	}
	if err := s.Replay(ctx, found[0].ID); err != nil {
		return err
	}
	fmt.Fprintf(c.Err, "event %s is queued; the running server works on it now, or passhook serve when it starts\n", found[0].ID)
	return nil
}
