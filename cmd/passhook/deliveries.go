package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/store"
)

type deliveriesCmd struct {
	List   deliveriesListCmd   `cmd:"" default:"withargs" help:"List deliveries, newest first, or show one."`
	Resend deliveriesResendCmd `cmd:"" help:"Send the passes of a delivery again."`
}

type deliveriesListCmd struct {
	Query string `arg:"" optional:"" help:"An id, a mail address or a ref."`
	State string `help:"Only deliveries in this state." enum:",pending,sent,bounced,dead" default:""`
	Limit int    `help:"At most so many." default:"50"`
	JSON  bool   `name:"json" help:"For programs."`
}

// deliveryJSON is a delivery as --json prints it.
type deliveryJSON struct {
	ID        string     `json:"id"`
	Order     string     `json:"order"`
	Channel   string     `json:"channel"`
	Recipient string     `json:"recipient"`
	State     string     `json:"state"`
	Note      string     `json:"note"`
	Attempts  int        `json:"attempts"`
	Created   time.Time  `json:"created"`
	Sent      *time.Time `json:"sent"`
	ResendOf  string     `json:"resend_of,omitempty"`
	Passes    []string   `json:"passes"`
}

func jsonDelivery(d store.Delivery) deliveryJSON {
	out := deliveryJSON{
		ID: d.ID, Order: d.OrderID, Channel: d.Channel, Recipient: d.Recipient, State: d.State, Note: d.Note,
		Attempts: d.Attempts, Created: d.Created, ResendOf: d.ResendOf, Passes: d.Passes,
	}
	if !d.Sent.IsZero() {
		out.Sent = &d.Sent
	}
	return out
}

// Run lists what fits; what fits alone is shown with all it has.
func (l deliveriesListCmd) Run(ctx context.Context, c terminal) error {
	cfg, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := s.FindDeliveries(ctx, store.Filter{Query: l.Query, State: l.State, Limit: l.Limit})
	switch {
	case err != nil:
		return err
	case l.Query != "" && len(found) == 0:
		return fmt.Errorf("no delivery fits %s", l.Query)
	case l.JSON:
		out := make([]deliveryJSON, 0, len(found))
		for _, d := range found {
			out = append(out, jsonDelivery(d))
		}
		return c.json(out)
	case l.Query != "" && len(found) == 1:
		d := found[0]
		return c.table([][]string{
			{"delivery", d.ID}, {"order", d.OrderID}, {"channel", d.Channel}, {"recipient", d.Recipient}, {"state", d.State},
			{"attempts", strconv.Itoa(d.Attempts)}, {"created", formatTime(d.Created, cfg)}, {"sent", formatTime(d.Sent, cfg)},
			{"note", oneLine(d.Note)}, {"resend of", d.ResendOf}, {"passes", strings.Join(d.Passes, " ")},
		})
	}
	rows := [][]string{{"ID", "CREATED", "CHANNEL", "RECIPIENT", "PASSES", "STATE", "NOTE"}}
	for _, d := range found {
		rows = append(rows, []string{d.ID, formatTime(d.Created, cfg), d.Channel, d.Recipient, strconv.Itoa(len(d.Passes)), d.State, oneLine(d.Note)})
	}
	return c.table(rows)
}

type deliveriesResendCmd struct {
	ID    string `arg:"" optional:"" help:"The delivery's id."`
	To    string `help:"Another address than the first time." placeholder:"ADDRESS"`
	State string `help:"dead: all that are dead and were not sent again since." placeholder:"STATE" enum:",dead" default:""`
	Since string `help:"With --state: only those decided since then." placeholder:"30d, 36h or 2026-11-01"`
}

// Run makes a new delivery of the same passes; its mail has its own Message-ID,
// because mail programs hide a message they have seen.
func (r deliveriesResendCmd) Run(ctx context.Context, c terminal) error {
	switch {
	case (r.ID == "") == (r.State == ""):
		return wrongUse("name a delivery, or all that are dead with --state dead")
	case r.State != "" && r.To != "":
		return wrongUse("--to goes with one delivery")
	case r.Since != "" && r.State == "":
		return wrongUse("--since goes with --state")
	}
	if err := nobody(r.To); r.To != "" && err != nil {
		return wrongUse(fmt.Sprintf("--to %s %v", r.To, err))
	}
	cfg, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if r.State != "" {
		return r.dead(ctx, c, cfg, s)
	}
	old, err := s.Delivery(ctx, r.ID)
	if check := app.Recipients(); err == nil && r.To != "" && check[old.Channel] != nil {
		if wrong := check[old.Channel](r.To); wrong != nil {
			return wrongUse(fmt.Sprintf("--to %s %v", r.To, wrong))
		}
	}
	id := ""
	if err == nil {
		id, err = s.Resend(ctx, r.ID, r.To, 0)
	}
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no delivery %s; passhook deliveries lists them", r.ID)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Out, id)
	fmt.Fprintln(c.Err, "queued as a new delivery; the running server sends it now, or passhook serve when it starts")
	return nil
}

// nobody says why a recipient is one of no channel; nil: it is one of some.
func nobody(to string) error {
	var first error
	checks := app.Recipients()
	for _, channel := range slices.Sorted(maps.Keys(checks)) {
		err := checks[channel](to)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// dead sends all again that are dead, as after a bad night of the mail server's.
func (r deliveriesResendCmd) dead(ctx context.Context, c terminal, cfg *config.Config, s *store.Store) error {
	since := time.Time{}
	if r.Since != "" {
		var err error
		if since, err = parseSince(r.Since, time.Now(), cfg.Location); err != nil {
			return err
		}
	}
	queued, err := s.ResendDead(ctx, since)
	fmt.Fprintln(c.Out, queued)
	if err != nil {
		return fmt.Errorf("%w; what is queued stays so, run it again for the rest", err)
	}
	fmt.Fprintln(c.Err, "queued as new deliveries; the running server sends them now, or passhook serve when it starts")
	return nil
}
