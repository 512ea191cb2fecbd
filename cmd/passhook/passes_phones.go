package main

import (
	"context"
	"fmt"
	"time"

	"github.com/passhook/passhook/bot/phones"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/store"
)

const (
	// shownPhones and shownLines are how many of them a pass is shown with.
	shownPhones, shownLines = 20, 10
	// behindAfter is how long a phone may take to fetch what it was woken for.
	behindAfter = 10 * time.Minute
)

// phones shows who has a pass, in which version, and what they said.
func (c terminal) phones(ctx context.Context, cfg *config.Config, s *store.Store, serial string) error {
	all, err := s.PhonesOf(ctx, serial, shownPhones)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		fmt.Fprintln(c.Out)
		if err := c.table(phoneRows(all, cfg)); err != nil {
			return err
		}
	}
	lines, err := s.PhoneLogs(ctx, serial, shownLines)
	if err != nil || len(lines) == 0 {
		return err
	}
	fmt.Fprintln(c.Out, "\nPhones said:")
	for _, l := range lines {
		fmt.Fprintf(c.Out, "%s  %s\n", formatTime(l.At, cfg), l.Text)
		if e, ok := phones.Explain(l.Text); ok {
			fmt.Fprintf(c.Out, "    %s. What to do: %s.\n", e.Cause, e.Fix)
		}
	}
	return nil
}

// phoneRows are passes on phones.
func phoneRows(all []store.Registration, cfg *config.Config) [][]string {
	rows := [][]string{{"PHONE", "PASS", "INSTALLED", "HAS", "SHOULD HAVE SINCE", "WOKEN", "NOTE"}}
	for _, r := range all {
		has, since, woken := "the newest", "", "yes"
		if r.Fetched < r.Tag {
			has, since = "an older one", formatTime(time.UnixMilli(r.Tag), cfg)
			if r.Pushed < r.Tag {
				woken = "not yet"
			}
		}
		rows = append(rows, []string{short(r.Library), r.Serial, formatTime(r.Registered, cfg), has, since, woken, r.Note})
	}
	return rows
}

// short is the beginning of a phone's id, which is enough to tell phones apart.
func short(id string) string { return id[:min(len(id), 12)] }

// phoneJSON is a pass on a phone as passes --stale --json prints it.
type phoneJSON struct {
	Phone     string    `json:"phone"`
	Serial    string    `json:"serial_number"`
	Installed time.Time `json:"installed"`
	Since     time.Time `json:"behind_since"`
	Woken     bool      `json:"woken"`
	Note      string    `json:"note,omitempty"`
}

// stale lists who is behind, and since when.
func (l passesListCmd) stale(ctx context.Context, c terminal, cfg *config.Config, s *store.Store) error {
	all, err := s.Stale(ctx, time.Time{}, time.Now().Add(-behindAfter), l.Limit)
	switch {
	case err != nil:
		return err
	case l.JSON:
		out := []phoneJSON{}
		for _, r := range all {
			out = append(out, phoneJSON{short(r.Library), r.Serial, r.Registered, time.UnixMilli(r.Tag), r.Pushed >= r.Tag, r.Note})
		}
		return c.json(out)
	case len(all) == 0:
		fmt.Fprintln(c.Err, "every phone has fetched what changed")
		return nil
	}
	return c.table(phoneRows(all, cfg))
}
